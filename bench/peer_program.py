"""django-appointment on the clinic workload; run by the Python of its own environment.

Reads the workload from the file named, and prints as JSON how long it took, in milliseconds, to
list every start of every practitioner over the days asked, and how many starts those were. Its
database is SQLite in memory, which spares it the way to a server.
"""

import json
import sys
import time
from datetime import date, timedelta
from datetime import time as wall_time
from pathlib import Path

import django
from django.conf import settings

NAME = "django-appointment"


def main() -> None:
    """Fill, ask, print."""
    calendar = json.loads(Path(sys.argv[1]).read_text())
    days, repeats = int(sys.argv[2]), int(sys.argv[3])
    settings.configure(
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "appointment",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        LOGGING_CONFIG=None,
        SECRET_KEY="measured",
        USE_TZ=True,
        TIME_ZONE="Europe/Paris",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)  # it ships no migrations
    staff = _fill(calendar)
    first = date.fromisoformat(calendar["meta"]["start"])
    spent, starts = [], 0
    for _ in range(repeats):
        began = time.perf_counter()
        starts = _search(staff, [first + timedelta(days=number) for number in range(days)])
        spent.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"milliseconds": spent, "starts": starts}))


def _search(staff, days):
    """Return how many starts there are, asking for each day of each practitioner as its view does."""
    from appointment.services import get_available_slots_for_staff
    from appointment.utils.db_helpers import get_weekday_num_from_date

    return sum(
        len(get_available_slots_for_staff(day, member, get_weekday_num_from_date(day)))
        for day in days
        for member in staff
    )


def _fill(calendar):
    from appointment.models import (
        Appointment,
        AppointmentRequest,
        Service,
        StaffMember,
        WorkingHours,
    )
    from django.contrib.auth import get_user_model

    meta = calendar["meta"]
    service = Service.objects.create(name="consult-45", duration=timedelta(minutes=45), price=50)
    users = get_user_model()
    patient = users.objects.create(username="patient", email="patient@example.net")
    staff = {}
    opens, closes = (wall_time(minute // 60) for minute in (meta["open"], meta["close"]))
    for row in calendar["practitioners"]:
        user = users.objects.create(username=f"p{row['id']}", email=f"p{row['id']}@example.org")
        member = StaffMember.objects.create(
            user=user,
            slot_duration=meta["grid_min"],
            lead_time=opens,
            finish_time=closes,
            appointment_buffer_time=0,
            work_on_saturday=True,
        )
        member.services_offered.add(service)
        for weekday in row["weekdays"]:
            # One stretch a day: it knows no lunch. Its week begins on Sunday.
            WorkingHours.objects.create(
                staff_member=member, day_of_week=weekday + 1, start_time=opens, end_time=closes
            )
        staff[row["id"]] = member
    requests = [
        AppointmentRequest(
            date=date.fromisoformat(booking["date"]),
            start_time=_wall(booking["s"]),
            end_time=_wall(booking["e"]),
            service=service,
            staff_member=staff[booking["p"]],
            id_request=f"request-{booking['id']}",
        )
        for booking in calendar["bookings"]
    ]
    AppointmentRequest.objects.bulk_create(requests)
    Appointment.objects.bulk_create(
        [
            Appointment(client=patient, appointment_request=request, id_request=f"a-{number}")
            for number, request in enumerate(AppointmentRequest.objects.order_by("id"))
        ]
    )
    return list(StaffMember.objects.order_by("id"))


def _wall(minute):
    return wall_time(*divmod(minute, 60))


if __name__ == "__main__":
    main()
