"""When the demo clinic is filled, and on which database it may be."""

from typing import TextIO

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections

from aiguille.plumbing import clock, schema
from aiguille.plumbing.models import SchemaStamp

_FILLING = "filling"


def fill(*, reset: bool, out: TextIO) -> None:
    """Fill the demo where it is not yet, or again from nothing, and print how to sign in.

    A fill that was killed is begun again.

    Raises:
        ImproperlyConfigured: the settings forbid a demo, or the database is somebody's own.
    """
    from aiguille.demo import clinic

    if not settings.DEMO:
        raise ImproperlyConfigured("AIGUILLE_DEMO is off: this installation has no demo")
    found = SchemaStamp.objects.filter(name=schema.DEMO_STAMP).values_list("digest", flat=True)
    state = found.first()
    if state is None and _holds_people():
        raise ImproperlyConfigured(
            "this database holds a clinic that is no demo; it stays as it is"
        )
    if reset or state != schema.DEMO_FILLED:
        schema.stamp(name=schema.DEMO_STAMP, digest=_FILLING)
        schema.empty_tables(connections["owner"])
        clock.forget()
        clinic.build(at=clock.now())
        schema.stamp(name=schema.DEMO_STAMP, digest=schema.DEMO_FILLED)
    print(clinic.sign_ins(), file=out)


def _holds_people() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM patients_patient)")
        return bool(cursor.fetchone()[0])
