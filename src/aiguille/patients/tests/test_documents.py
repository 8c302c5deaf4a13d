"""Documents: stored once, opened by whom they are for, never changed."""

from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from pytest_django import Settings

from aiguille.accounts.rights import NotAllowed
from aiguille.audit.queries import list_events_of_patient
from aiguille.kernel.ids import new_id
from aiguille.patients.operations import open_document, store_document
from aiguille.patients.queries import list_documents
from aiguille.plumbing.access import NotVisible
from tests.world import AT, World

SESSION = new_id()


@pytest.fixture(autouse=True)
def vault(settings: Settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path


def keep(world: World, *, shown: bool = True, language: str = "fr") -> UUID:
    return store_document(
        patient_id=world.anna.patient_id,
        kind="SESSION_REPORT",
        title="Compte rendu",
        language=language,
        subject_kind="session",
        subject_id=SESSION,
        content=b"%PDF-1.7 report",
        media_type="application/pdf",
        actor=world.bruno.actor,
        at=AT,
        is_shown_to_patient=shown,
    )


class TestADocument:
    def test_is_stored_once_per_subject_and_language(self, world: World) -> None:
        assert keep(world) == keep(world)
        assert keep(world, language="en") != keep(world)
        assert len(list_documents(world.anna.patient_id)) == 2

    @pytest.mark.parametrize("person", ["bruno", "anna"])
    def test_is_opened_by_the_patient_and_the_physician_and_that_is_noted(
        self, world: World, person: str
    ) -> None:
        document_id = keep(world)

        opened = open_document(document_id=document_id, actor=getattr(world, person).actor, at=AT)

        assert opened.content == b"%PDF-1.7 report"
        latest = list_events_of_patient(patient_id=world.anna.patient_id)[0]
        assert latest.action == "patients:document:read"

    @pytest.mark.parametrize(
        ("person", "error"),
        [("marc", NotVisible), ("carla", NotVisible), ("diane", NotAllowed)],
    )
    def test_is_closed_to_others(self, world: World, person: str, error: type[Exception]) -> None:
        document_id = keep(world)

        with pytest.raises(error):
            open_document(document_id=document_id, actor=getattr(world, person).actor, at=AT)

    def test_may_be_for_the_clinic_alone(self, world: World) -> None:
        document_id = keep(world, shown=False)

        assert list_documents(world.anna.patient_id, shown_to_patient=True) == []
        with pytest.raises(NotVisible):
            open_document(document_id=document_id, actor=world.anna.actor, at=AT)
        with pytest.raises(NotVisible):
            open_document(document_id=new_id(), actor=world.bruno.actor, at=AT)

    def test_is_never_changed(self, world: World) -> None:
        keep(world)

        for statement in (
            "UPDATE patients_document SET title = ''",
            "DELETE FROM patients_document",
        ):
            with pytest.raises(ProgrammingError), transaction.atomic():
                connection.cursor().execute(statement)
