"""Reading, signing and taking back, through the pages."""

from uuid import UUID

import pytest
from django.test import Client
from django.utils.translation import override

from aiguille.consent.operations import publish_texts
from aiguille.consent.queries import current_consent, current_text, list_consents
from aiguille.kernel.actor import SYSTEM
from aiguille.portal.consent.forms import ConsentForm
from aiguille.worklist.queries import list_open
from tests.course import TREATMENT, open_course

pytestmark = pytest.mark.django_db
ADDRESS = f"/fr/space/consent/{TREATMENT}/"
DRAWING = "M10 20" + "".join(f"L{10 + step * 7}.5 {40 + step * 3}" for step in range(20))


@pytest.fixture
def course(world):
    """Anna's plan, and the texts published."""
    found = open_course(world)
    publish_texts(actor=SYSTEM, at=world.at)
    return found


@pytest.fixture
def anna(world):
    return world.space_client(world.anna)


def filled(page, **others: str) -> dict[str, str]:
    """Return what somebody sends who ticks everything, as the page's form asks."""
    form = page.context["form"]
    sent = {name: "on" for name in form.fields if name.startswith("read_")}
    sent |= {
        "text": str(form["text"].value()),
        "request_key": str(form["request_key"].value()),
        "mention": form.content["mention"],
        "signed_name": "Anna Martin",
        "drawn": "",
    }
    return sent | others


def test_a_patient_reads_each_section_signs_and_reads_it_again(world, course, anna):
    page = anna.get(ADDRESS)
    content = page.context["page"].text.content
    for section in content["sections"]:
        assert section["title"] in page.content.decode()
    answer = anna.post(ADDRESS, filled(page), follow=True)
    consent = current_consent(patient_id=world.anna.patient_id, treatment_id=course.treatment)
    assert consent
    assert consent.signature_kind == "TYPED"
    assert answer.redirect_chain[-1][0] == f"/fr/space/consent/signed/{consent.id}/"
    assert answer.context["shown"].state == "IN_FORCE"
    assert anna.get("/fr/space/consent/").status_code == 200
    again = anna.get(ADDRESS)
    assert "form" in again.context
    assert "read_nature" not in again.content.decode()


@pytest.mark.parametrize(
    ("language", "opening", "closing"), [("fr", "«\xa0", "\xa0»"), ("en", "“", "”")]
)
def test_the_sentence_to_copy_stands_in_the_quotation_marks_of_the_language(
    language, opening, closing
):
    with override(language):
        hint = str(
            ConsentForm(content={"sections": [], "mention": "I agree."})["mention"].help_text
        )
    assert hint == f"{opening}I agree.{closing}"


def test_a_drawn_signature_is_kept_and_shown(world, course, anna):
    answer = anna.post(
        ADDRESS, filled(anna.get(ADDRESS), drawn=DRAWING, signed_name=""), follow=True
    )
    consent = current_consent(patient_id=world.anna.patient_id, treatment_id=course.treatment)
    assert consent
    assert (consent.signature_kind, consent.signature) == ("DRAWN", DRAWING)
    assert f'd="{DRAWING}"' in answer.content.decode()


@pytest.mark.parametrize(
    ("others", "field"),
    [
        ({"read_nature": ""}, "read_nature"),
        ({"mention": ""}, "mention"),
        ({"mention": "Lu et approuvé"}, "mention"),
        ({"mention": "x" * 501}, "mention"),
        ({"signed_name": ""}, "signed_name"),
        ({"signed_name": "Marc Lefèvre"}, "signed_name"),
        ({"signed_name": "Anna"}, "signed_name"),
        ({"signed_name": "<b>Anna Martin</b>"}, "signed_name"),
        ({"signed_name": "", "drawn": "M1 1L2 2"}, "signed_name"),
        ({"signed_name": "", "drawn": "M1 1" + "L1 1" * 40}, "signed_name"),
        ({"signed_name": "", "drawn": DRAWING + "L900 10"}, "signed_name"),
        ({"signed_name": "", "drawn": f'"><script>{DRAWING}'}, "signed_name"),
        ({"signed_name": "", "drawn": "M1 1" + "L2 2" * 40_000}, "signed_name"),
        ({"request_key": "no key"}, "request_key"),
    ],
)
def test_what_is_not_whole_is_refused_beside_its_field_and_kept(world, course, anna, others, field):
    sent = filled(anna.get(ADDRESS), **others)
    answer = anna.post(ADDRESS, {name: value for name, value in sent.items() if value})
    form = answer.context["form"]
    assert answer.status_code == 422
    assert list(form.errors) == [field]
    assert list_consents(patient_id=world.anna.patient_id) == []
    shown = answer.content.decode()
    assert "<script>M10" not in shown
    assert "<b>Anna" not in shown
    if field != "mention":
        assert form.content["mention"] in shown
    if sent["signed_name"] and "<" not in sent["signed_name"]:
        assert f'value="{sent["signed_name"]}"' in shown


def test_everything_missing_is_said_at_once(course, anna):
    sent = {k: v for k, v in filled(anna.get(ADDRESS)).items() if k in {"text", "request_key"}}
    errors = anna.post(ADDRESS, sent).context["form"].errors
    assert {"mention", "signed_name", "read_nature", "read_your-rights"} <= set(errors)


def test_one_form_sent_twice_signs_once_and_two_forms_sign_twice(world, course, anna):
    first, second = filled(anna.get(ADDRESS)), filled(anna.get(ADDRESS))
    one, again = anna.post(ADDRESS, first), anna.post(ADDRESS, first)
    assert one.headers["Location"] == again.headers["Location"]
    assert len(list_consents(patient_id=world.anna.patient_id)) == 1
    anna.post(ADDRESS, second)
    assert len(list_consents(patient_id=world.anna.patient_id)) == 2


def test_a_text_replaced_meanwhile_is_shown_and_nothing_is_signed(world, course, anna):
    sent = filled(anna.get(ADDRESS))
    replace_text(course.treatment, at=world.at)
    answer = anna.post(ADDRESS, sent)
    assert answer.status_code == 409
    assert answer.context["is_replaced"]
    assert answer.context["form"]["text"].value() != UUID(sent["text"])
    assert list_consents(patient_id=world.anna.patient_id) == []


def test_a_new_text_asks_for_a_new_signature(world, course, anna):
    anna.post(ADDRESS, filled(anna.get(ADDRESS)))
    replace_text(course.treatment, at=world.at)
    assert current_consent(patient_id=world.anna.patient_id, treatment_id=course.treatment) is None
    page = anna.get(ADDRESS)
    assert page.context["page"].standing is None
    assert anna.post(ADDRESS, filled(page)).status_code == 302


def test_nobody_reads_or_signs_what_was_not_proposed_to_them(world, course, anna):
    marc = world.space_client(world.marc)
    assert marc.get(ADDRESS).status_code == 404
    assert marc.post(ADDRESS, filled(anna.get(ADDRESS))).status_code == 404
    assert anna.get("/fr/space/consent/needling-ageing/").status_code == 404
    assert anna.get("/fr/space/consent/nothing-such/").status_code == 404
    for staff in (world.bruno, world.diane, world.carla):
        assert world.staff_client(staff).get(ADDRESS).status_code in (302, 404)
    assert Client().get(ADDRESS).status_code == 302


def test_a_consent_is_seen_and_withdrawn_by_its_own_patient_alone(world, course, anna):
    address = anna.post(ADDRESS, filled(anna.get(ADDRESS))).headers["Location"]
    marc = world.space_client(world.marc)
    for page in (address, f"{address}withdraw/"):
        assert marc.get(page).status_code == 404
        assert anna.get(page).status_code == 200
    assert marc.post(f"{address}withdraw/").status_code == 404


def test_withdrawing_is_explained_done_once_and_shown(world, course, anna):
    address = anna.post(ADDRESS, filled(anna.get(ADDRESS))).headers["Location"]
    too_long = anna.post(f"{address}withdraw/", {"reason": "x" * 2001})
    assert too_long.status_code == 422
    anna.post(f"{address}withdraw/", {"reason": "<i>Je préfère attendre</i>"})
    assert current_consent(patient_id=world.anna.patient_id, treatment_id=course.treatment) is None
    page = anna.get(address)
    assert "&lt;i&gt;Je préfère attendre" in page.content.decode()
    assert anna.post(f"{address}withdraw/").status_code == 302
    assert list_open(actor=world.bruno.actor, at=world.at) == []
    assert anna.post(ADDRESS, filled(anna.get(ADDRESS))).status_code == 302


def replace_text(treatment_id: UUID, *, at) -> None:
    """Publish another version of a text, as a changed fact would."""
    from aiguille.consent.models import ConsentText

    text = current_text(treatment_id, "fr")
    assert text
    ConsentText.objects.create(
        treatment_id=treatment_id,
        jurisdiction="FR",
        language="fr",
        version=text.version + 1,
        content={**text.content, "title": "Nouveau texte"},
        digest="0" * 64,
        published_at=at,
    )
