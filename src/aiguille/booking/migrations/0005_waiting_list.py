import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import aiguille.kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0004_calendar_feeds"),
        ("care", "0002_draft_and_address"),
        ("catalogue", "0002_protocol_keeps_its_order"),
        ("clinics", "0003_printed_names"),
        ("patients", "0004_waiting_list"),
    ]

    operations = [
        migrations.CreateModel(
            name="Offer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=aiguille.kernel.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("time_zone", models.CharField(max_length=50)),
                ("deadline", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("OPEN", "Open"),
                            ("ACCEPTED", "Accepted"),
                            ("DECLINED", "Declined"),
                            ("EXPIRED", "Expired"),
                            ("WITHDRAWN", "Withdrawn"),
                        ],
                        default="OPEN",
                        max_length=10,
                    ),
                ),
                ("offered_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "booking_offer",
            },
        ),
        migrations.CreateModel(
            name="WaitingEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=aiguille.kernel.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "sites",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                (
                    "practitioners",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), default=list, size=None
                    ),
                ),
                ("from_minute", models.PositiveSmallIntegerField()),
                ("until_minute", models.PositiveSmallIntegerField()),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "Waiting"),
                            ("SERVED", "Served"),
                            ("LEFT", "Left"),
                            ("REMOVED", "Removed"),
                            ("OVER", "Over"),
                        ],
                        default="WAITING",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("request_key", models.UUIDField(null=True, unique=True)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "booking_waiting_entry",
            },
        ),
        migrations.AddField(
            model_name="hold",
            name="address_hash",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("address_hash", ""), _negated=True),
                fields=["address_hash", "expires_at"],
                name="hold_by_address",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="appointment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="booking.appointment",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="practitioner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="clinics.resource",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinics.site"
            ),
        ),
        migrations.AddField(
            model_name="waitingentry",
            name="instead_of",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="booking.appointment",
            ),
        ),
        migrations.AddField(
            model_name="waitingentry",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddField(
            model_name="waitingentry",
            name="plan",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="care.plan",
            ),
        ),
        migrations.AddField(
            model_name="waitingentry",
            name="service",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalogue.service",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="entry",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="offers",
                to="booking.waitingentry",
            ),
        ),
        migrations.AddIndex(
            model_name="waitingentry",
            index=models.Index(
                condition=models.Q(("state", "WAITING")),
                fields=["created_at", "id"],
                name="waiting_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("from_minute__lt", models.F("until_minute")), ("until_minute__lte", 1440)
                ),
                name="waiting_hours_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_day__lte", models.F("last_day"))),
                name="waiting_days_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "WAITING")),
                fields=("patient", "service"),
                name="waits_once_for_a_service",
            ),
        ),
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("state", "OPEN")), fields=["deadline"], name="offer_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(("deadline__lt", models.F("starts_at"))),
                name="offer_answered_before_its_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ACCEPTED"), _negated=True),
                    ("appointment__isnull", False),
                    _connector="OR",
                ),
                name="accepted_offer_is_an_appointment",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "OPEN")),
                fields=("patient",),
                name="one_open_offer_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.UniqueConstraint(
                fields=("entry", "site", "starts_at"), name="a_time_is_offered_once_to_a_person"
            ),
        ),
    ]
