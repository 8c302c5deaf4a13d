"""The questionnaire as a patient walks it, without a script."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from aiguille.kernel.codes import Procedure
from aiguille.kernel.ids import new_id
from aiguille.patients.operations import check_identity, save_draft_answers
from aiguille.patients.queries import get_draft, get_identity, latest_answers
from aiguille.rulebook import load_rulebook
from tests.course import no_to_all
from tests.world import AT, SpacePerson, World

BOOK = load_rulebook()


def page(*arguments: object) -> str:
    return in_french("questionnaire", *arguments)


def in_french(name: str, *arguments: object) -> str:
    with translation.override("fr"):  # an English page asked for before leaves its language on
        return reverse(f"portal:{name}", args=arguments)


@pytest.fixture
def anna(world: World) -> Client:
    return world.space_client(world.anna)


def born(day: int, month: int, year: int) -> dict[str, str]:
    return {
        "birth_date_day": str(day),
        "birth_date_month": str(month),
        "birth_date_year": str(year),
    }


class TestTheWholeWalk:
    @pytest.mark.parametrize("procedure", list(Procedure))
    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_asks_every_question_of_the_rule_book_and_hands_the_answers_in(
        self, world: World, anna: Client, procedure: Procedure, language: str
    ) -> None:
        address = page(procedure).replace("/fr/", f"/{language}/")
        address = anna.get(address)["Location"]
        asked = []
        for _ in range(60):
            if address.endswith("/review/"):
                break
            response = anna.get(address)
            question = BOOK.questions[address.rstrip("/").rpartition("/")[2]]
            asked.append(question.id)
            shown = response.content.decode()
            assert question.ask.in_language(language) in html_free(shown)
            typed = born(3, 4, 1988) if question.id == "S03" else {"answer": "no"}
            response = anna.post(address, typed)
            assert response.status_code == 302
            address = response["Location"]

        expected = [q.id for q in BOOK.questions_for(procedure)]
        assert asked == expected
        review = anna.get(address)
        assert review.status_code == 200
        done = {anna.post(address)["Location"] for _ in range(2)}
        assert len(done) == 1, "the second press leads where the first one did"
        assert anna.get(done.pop()).status_code == 200
        answers = latest_answers(world.anna.patient_id, procedure)
        assert answers is not None
        assert answers.version == 1
        assert anna.get(page(procedure))["Location"].endswith("/review/")


class TestAnAnswer:
    def test_is_kept_at_once_and_found_again(self, world: World, anna: Client) -> None:
        for question in ("S44", "S01"):
            anna.post(page("needling", question), {"answer": "unknown"})

        again = world.space_client(world.anna)
        given = again.get(page("needling", "S01")).context["form"].buttons()
        assert [one["value"] for one in given if one["is_given"]] == ["unknown"]
        assert again.get(page("needling"))["Location"].endswith("/S02/")

    def test_that_is_yes_asks_for_more_where_more_matters(self, world: World, anna: Client) -> None:
        response = anna.post(page("needling", "S08"), {"answer": "yes"})
        more = response["Location"]
        assert more.endswith("/S08/more/")
        assert anna.get(more).status_code == 200

        typed = {"zones": ["CHEEK"], "ended_day": "1", "ended_month": "2", "ended_year": "2026"}
        assert anna.post(more, typed).status_code == 302

        kept = get_draft(world.anna.patient_id, Procedure.NEEDLING).answers["S08"]
        assert kept == {"answer": "yes", "zones": ["CHEEK"], "ended": "2026-02-01"}
        anna.post(page("needling", "S08"), {"answer": "no"})
        kept = get_draft(world.anna.patient_id, Procedure.NEEDLING).answers["S08"]
        assert kept == {"answer": "no"}
        assert anna.get(more)["Location"] == page("needling", "S08")

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"zones": ["MOON"]}, "zones"),
            ({"zones": ["EYELID"]}, "zones"),
            ({"ended_day": "31", "ended_month": "2", "ended_year": "2026"}, "ended"),
            ({"ended_day": "x", "ended_month": "2", "ended_year": "2026"}, "ended"),
            ({"ended_day": "1", "ended_month": "", "ended_year": "2026"}, "ended"),
            ({"ended_day": "1", "ended_month": "2", "ended_year": "1019"}, "ended"),
            ({"ended_day": "1", "ended_month": "2", "ended_year": "2062"}, "ended"),
        ],
    )
    def test_with_wrong_details_is_explained_and_keeps_what_was_there(
        self, world: World, anna: Client, typed: dict[str, object], field: str
    ) -> None:
        more = anna.post(page("needling", "S08"), {"answer": "yes"})["Location"]

        response = anna.post(more, typed)

        assert response.status_code == 422
        assert field in response.context["form"].errors
        shown = response.content.decode()
        for name, value in typed.items():
            assert name == "zones" or f'name="{name}" value="{value}"' in shown or not value
        kept = get_draft(world.anna.patient_id, Procedure.NEEDLING).answers["S08"]
        assert kept == {"answer": "yes"}

    @pytest.mark.parametrize("typed", [{}, {"answer": ""}, {"answer": "maybe"}, {"answer": "<b>"}])
    def test_that_is_none_is_asked_again(
        self, world: World, anna: Client, typed: dict[str, str]
    ) -> None:
        response = anna.post(page("needling", "S01"), typed)

        assert response.status_code == 422
        assert not get_draft(world.anna.patient_id, Procedure.NEEDLING).is_started

    def test_changed_from_the_review_goes_back_there(self, world: World, anna: Client) -> None:
        walk_through(world.anna, Procedure.NEEDLING)

        plain = anna.post(page("needling", "S01") + "?from=review", {"answer": "yes"})
        more = anna.post(page("needling", "S08") + "?from=review", {"answer": "yes"})

        assert plain["Location"].endswith("/review/")
        assert more["Location"].endswith("/S08/more/?from=review")
        assert anna.post(more["Location"], {})["Location"].endswith("/review/")

    def test_changed_after_it_was_handed_in_can_be_forgotten(
        self, world: World, anna: Client
    ) -> None:
        review = in_french("questionnaire_review", "needling")
        walk_through(world.anna, Procedure.NEEDLING)
        assert b"forget" not in anna.get(review).content, "there is nothing to go back to yet"
        anna.post(review)
        anna.post(page("needling", "S01") + "?from=review", {"answer": "yes"})

        lines = [line for part in anna.get(review).context["parts"] for line in part.lines]
        assert [(line.said, line.before) for line in lines if line.before] == [("Oui", "Non")]
        assert anna.post(review, {"forget": "1"})["Location"] == in_french("home")

        kept = get_draft(world.anna.patient_id, Procedure.NEEDLING)
        assert not kept.is_started
        assert kept.answers["S01"] == {"answer": "no"}

    def test_that_was_given_is_marked_on_its_button(self, world: World, anna: Client) -> None:
        anna.post(page("needling", "S01"), {"answer": "no"})

        shown = html_free(anna.get(page("needling", "S01")).content.decode())

        assert "Non (votre réponse)" in shown
        assert "Oui (votre réponse)" not in shown


class TestTheBirthDate:
    def test_may_be_corrected_until_it_is_checked(self, world: World, anna: Client) -> None:
        anna.post(page("needling", "S03"), born(4, 4, 1988))
        assert str(get_identity(world.anna.patient_id).birth_date) == "1988-04-04"

        check_identity(
            patient_id=world.anna.patient_id, document="x", actor=world.diane.actor, at=world.at
        )
        anna.post(page("needling", "S03"), born(5, 5, 1990))
        assert str(get_identity(world.anna.patient_id).birth_date) == "1988-04-04"

    @pytest.mark.parametrize(
        "typed", [{}, born(31, 2, 1988), born(1, 1, 2999), born(1, 1, 1801), born(0, 0, 0)]
    )
    def test_that_is_none_is_explained(
        self, world: World, anna: Client, typed: dict[str, str]
    ) -> None:
        before = get_identity(world.anna.patient_id)

        assert anna.post(page("needling", "S03"), typed).status_code == 422
        assert get_identity(world.anna.patient_id) == before


class TestAddresses:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("laser",),
            ("needling", "S99"),
            ("needling", "S04"),
            ("mesotherapy", "S56"),
            ("needling", "x"),
        ],
    )
    def test_of_what_is_not_asked_do_not_exist(
        self, anna: Client, arguments: tuple[str, ...]
    ) -> None:
        assert anna.get(page(*arguments)).status_code == 404
        if len(arguments) == 2:
            assert anna.post(page(*arguments), {"answer": "no"}).status_code == 404

    def test_of_the_end_lead_to_what_is_missing(self, anna: Client) -> None:
        for name in ("questionnaire_review", "questionnaire_done"):
            response = anna.get(in_french(name, "needling"))
            assert response.status_code == 302
        posted = anna.post(in_french("questionnaire_review", "needling"))
        assert posted.status_code == 302

    def test_are_for_the_patient(self, world: World, anna: Client) -> None:
        for address in (page("needling"), page("needling", "S01")):
            assert Client().get(address).status_code == 302
            assert world.staff_client(world.bruno).get(address).status_code == 404

    def test_of_marc_keep_marcs_answers(self, world: World, anna: Client) -> None:
        world.space_client(world.marc).post(page("needling", "S01"), {"answer": "yes"})

        assert not get_draft(world.anna.patient_id, Procedure.NEEDLING).is_started
        assert new_id() != world.anna.patient_id


def walk_through(person: SpacePerson, procedure: Procedure, **answers: str) -> None:
    save_draft_answers(
        patient_id=person.patient_id,
        procedure=procedure,
        answers=no_to_all(procedure, **answers),
        actor=person.actor,
        at=AT,
    )


def html_free(text: str) -> str:
    return text.replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&")
