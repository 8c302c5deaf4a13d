"""What the worker files after a session and a signature."""

import hashlib
import json
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from aiguille.consent import jobs as consent_jobs
from aiguille.consent.consent_pdf import document_data as consent_data
from aiguille.consent.queries import get_consent
from aiguille.follow_up import jobs as follow_up_jobs
from aiguille.follow_up.aftercare_pdf import document_data as aftercare_data
from aiguille.follow_up.queries import AftercareView, aftercare_of_session
from aiguille.journeys.documents import file_consent_document
from aiguille.kernel.codes import Procedure
from aiguille.patients.operations import open_document
from aiguille.patients.queries import list_documents
from aiguille.plumbing.documents import make_pdf
from aiguille.treatment_sessions import jobs as session_jobs
from aiguille.treatment_sessions.queries import get_session, used_units
from aiguille.treatment_sessions.report_pdf import document_data as report_data
from tests.after_session import end_session
from tests.session_day import ready_for_session

pytestmark = pytest.mark.django_db
JOBS: dict[str, Callable[..., object]] = {
    "aiguille.consent.jobs.render_consent": consent_jobs.render_consent,
    "aiguille.follow_up.jobs.render_aftercare": follow_up_jobs.render_aftercare,
    "aiguille.treatment_sessions.jobs.render_report": session_jobs.render_report,
}


def work() -> None:
    """Do what the worker would with the documents that wait."""
    for job in ProcrastinateJob.objects.filter(queue_name="documents").order_by("id"):
        JOBS[job.task_name](**job.args)


def advice_of(ended) -> AftercareView:
    found = aftercare_of_session(ended.session_id)
    assert found
    return found


@pytest.mark.parametrize("procedure", list(Procedure))
def test_a_session_files_its_report_and_its_advice_once(world, procedure):
    ended = end_session(world, procedure)
    file_consent_document(consent_id=ended.day.consent)
    work()
    first = {line.kind: line.id for line in list_documents(world.anna.patient_id)}
    assert set(first) == {"SESSION_REPORT", "AFTERCARE", "CONSENT"}
    bytes_of = {kind: opened(world, document) for kind, document in first.items()}
    work()
    assert {line.kind: line.id for line in list_documents(world.anna.patient_id)} == first
    for kind, document in first.items():
        assert bytes_of[kind].startswith(b"%PDF-")
        assert opened(world, document) == bytes_of[kind]


def test_the_report_says_who_when_with_what_and_where(world):
    ended = end_session(world, Procedure.NEEDLING)
    data = report_data(get_session(ended.session_id), language="fr")
    said = json.dumps(data, ensure_ascii=False)
    for used in used_units(ended.session_id):
        assert used.facts.lot_number in said
    assert "Bruno Delmas · RPPS 10003456786" in said
    assert "Anna Martin" in said
    assert "10:00" in said, "hours are those of the site's walls"
    assert len(data["log"]) > len(ended.day.protocol.steps)
    assert data["zones"]
    assert data["gestures"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_paper_is_made_in_both_languages_the_same_every_time(world, language):
    ended = end_session(world)
    papers = {
        "treatment_sessions/documents/report.typ": report_data(
            get_session(ended.session_id), language=language
        ),
        "follow_up/documents/aftercare.typ": aftercare_data(advice_of(ended), language=language),
    }
    for template, data in papers.items():
        digests = {
            hashlib.sha256(
                make_pdf(template=template, data=data, language=language, made_at=ended.at)
            ).hexdigest()
            for _ in range(2)
        }
        assert len(digests) == 1


def test_a_consent_paper_holds_the_text_the_ticks_and_the_proof(world):
    day = ready_for_session(world)
    consent = get_consent(day.consent)
    data = consent_data(consent)
    assert [s["title"] for s in data["sections"]] == [
        s["title"] for s in consent.text.content["sections"]
    ]
    assert all(section["ticked"] for section in data["sections"] if section["acknowledgement"])
    assert (data["typed"], data["drawn"]) == ("Anna Martin", "")
    assert data["digest"] == consent.content_digest
    assert data["text_digest"] == consent.text.digest


def test_advice_ends_on_the_hour_of_the_sites_walls(world):
    ended = end_session(world, Procedure.NEEDLING)
    data = aftercare_data(advice_of(ended), language="fr")
    until = {item["text"]: item["when"] for group in data["groups"] for item in group["items"]}
    hour = ended.at.astimezone(ZoneInfo("Europe/Paris")).strftime("%H:%M")
    assert until["Pas de maquillage."] == f"jusqu’au jeudi 5 mars à {hour}"
    assert until["Pas de bain de soleil ni de cabine UV."] == f"jusqu’au mercredi 18 mars à {hour}"


def opened(world, document) -> bytes:
    return open_document(document_id=document, actor=world.bruno.actor, at=world.at).content
