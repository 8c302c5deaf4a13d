"""Each address lets in whom it is for: strangers are sent to sign in, others find nothing."""

import time
from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from aiguille.accounts.rights import Right, require
from aiguille.journeys import who
from aiguille.plumbing.access import Who, reachable_by
from tests.world import PASSWORD, Person, World


@reachable_by(Who.STAFF)
def staff_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(who.staff_of(request).display_name)


@reachable_by(Who.STAFF)
def physicians_page(request: HttpRequest) -> HttpResponse:
    require(who.staff_of(request), Right.GIVE_VERDICT)
    return HttpResponse("a verdict")


@reachable_by(Who.PATIENT)
def patient_page(request: HttpRequest) -> HttpResponse:
    actor, patient_id = who.patient_of(request)
    return HttpResponse(f"{actor.display_name} {patient_id}")


@reachable_by(Who.STAFF, Who.PATIENT)
def both_page(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("both")


@reachable_by(Who.DEMO)
def demo_page(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("demo")


@reachable_by(Who.EVERYBODY)
def open_page(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


def undeclared_page(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("a slip")


urlpatterns = [
    path("staff", staff_page),
    path("physicians", physicians_page),
    path("patient", patient_page),
    path("both", both_page),
    path("of-the-demo", demo_page),
    path("open", open_page),
    path("undeclared", undeclared_page),
    *import_module("aiguille.config.urls").urlpatterns,
]

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def stranger() -> Client:
    return Client()


class TestStrangers:
    def test_are_sent_to_sign_in(self, world: World, stranger: Client) -> None:
        for page in ("/staff", "/both"):
            response = stranger.get(page)
            assert response.status_code == 302
            assert response["Location"].endswith(f"/account/login/?next={page.replace('/', '%2F')}")
        assert stranger.get("/patient")["Location"].endswith("/space/link/")

    def test_do_not_get_a_page_into_a_fragment(self, world: World, stranger: Client) -> None:
        response = stranger.get("/staff", headers={"HX-Request": "true"})

        assert (response.status_code, response.content) == (200, b"")
        assert "/account/login/" in response["HX-Redirect"]

    def test_find_what_is_open_and_not_what_declares_nothing(
        self, world: World, stranger: Client, settings: Settings
    ) -> None:
        assert stranger.get("/open").content == b"open"
        assert stranger.get("/undeclared").status_code == 404
        assert stranger.get("/of-the-demo").content == b"demo"
        settings.DEMO = False
        assert stranger.get("/of-the-demo").status_code == 404


class TestStaff:
    def test_at_work_pass(self, world: World) -> None:
        client = world.staff_client(world.bruno)

        assert client.get("/staff").content == b"Bruno Delmas"
        assert client.get("/both").status_code == 200
        assert client.get("/physicians").status_code == 200

    def test_whose_role_ended_and_patients_find_nothing(self, world: World) -> None:
        for client in (world.staff_client(world.carla), world.space_client(world.anna)):
            assert client.get("/staff").status_code == 404

    def test_find_no_patients_pages(self, world: World) -> None:
        assert world.staff_client(world.bruno).get("/patient").status_code == 404

    def test_without_the_right_are_told_so(self, world: World) -> None:
        response = world.staff_client(world.diane).get("/physicians")

        assert response.status_code == 403

    def test_that_were_shut_out_are_out_at_once(self, world: World) -> None:
        client = world.staff_client(world.bruno)
        get_user_model().objects.filter(pk=world.bruno.user_id).update(is_active=False)

        assert client.get("/staff").status_code == 302


class TestPatients:
    def test_find_their_own_space(self, world: World) -> None:
        response = world.space_client(world.anna).get("/patient")

        assert response.content.decode() == f"Anna Martin {world.anna.patient_id}"

    def test_must_have_opened_the_record_in_this_session(self, world: World) -> None:
        client = world.space_client(world.anna)
        for opened in ([], [str(world.marc.patient_id)]):
            session = client.session
            session["space-opened"] = opened
            session.save()
            assert client.get("/patient")["Location"].endswith("/space/link/")

    def test_never_see_a_record_that_is_not_theirs(self, world: World) -> None:
        client = world.space_client(world.anna)
        session = client.session
        session["space-patient"] = str(world.marc.patient_id)
        session["space-opened"] = [str(world.marc.patient_id)]
        session.save()

        assert client.get("/patient").status_code == 302


class TestTheSecondFactor:
    @pytest.fixture(autouse=True)
    def asked(self, settings: Settings, world: World) -> None:
        settings.STAFF_SECOND_FACTOR = True
        settings.ACCOUNT_RATE_LIMITS = False

    def enrol(self, person: Person) -> str:
        user = get_user_model().objects.get(pk=person.user_id)
        secret: str = generate_totp_secret()
        TOTP.activate(user, secret)
        return secret

    def test_is_set_up_before_anything_else(self, world: World) -> None:
        response = world.staff_client(world.bruno).get("/staff")

        assert "/account/2fa/totp/activate/?next=%2Fstaff" in response["Location"]

    def test_is_asked_of_a_session_that_did_not_use_it(self, world: World) -> None:
        self.enrol(world.bruno)

        response = world.staff_client(world.bruno).get("/staff")

        assert "/account/2fa/reauthenticate/" in response["Location"]

    def test_opens_with_password_and_code(self, world: World) -> None:
        secret = self.enrol(world.bruno)
        client = Client()
        login = client.post(
            "/fr/account/login/", {"login": world.bruno.email, "password": PASSWORD}
        )
        assert login["Location"].endswith("/account/2fa/authenticate/")
        assert client.get("/staff").status_code == 302, "the password alone opens nothing"

        wrong = client.post("/fr/account/2fa/authenticate/", {"code": "000000"})
        assert wrong.status_code == 200
        client.post("/fr/account/2fa/authenticate/", {"code": code_of(secret)})

        assert client.get("/staff").content == b"Bruno Delmas"

    # allauth tells of an enrolment when its transaction commits, within the request.
    @pytest.mark.django_db(transaction=True, databases=["default", "owner"])
    def test_counts_its_enrolment_as_a_use(self, world: World) -> None:
        client = Client()
        client.post("/fr/account/login/", {"login": world.bruno.email, "password": PASSWORD})
        client.post("/fr/account/reauthenticate/", {"password": PASSWORD})
        page = client.get("/fr/account/2fa/totp/activate/")
        secret = page.context["form"].secret

        client.post("/fr/account/2fa/totp/activate/", {"code": code_of(secret)})

        assert client.get("/staff").content == b"Bruno Delmas"

    def test_keeps_its_secret_sealed(self, world: World) -> None:
        secret = self.enrol(world.bruno)

        assert secret not in str(list(Authenticator.objects.values()))

    def test_is_asked_where_patients_pass_too(self, world: World) -> None:
        self.enrol(world.bruno)

        assert world.staff_client(world.bruno).get("/both").status_code == 302
        assert world.space_client(world.anna).get("/both").status_code == 200

    @pytest.mark.parametrize("page", ["2fa/", "2fa/keys/add/", "password/", "2fa/totp/activate/"])
    def test_is_not_for_patients(self, world: World, page: str) -> None:
        assert world.space_client(world.anna).get(f"/fr/account/{page}").status_code == 404

    @pytest.mark.parametrize("page", ["", "keys/", "keys/add/", "codes/", "codes/new/"])
    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_has_pages_of_our_own(self, world: World, page: str, language: str) -> None:
        client = Client()
        client.post("/fr/account/login/", {"login": world.bruno.email, "password": PASSWORD})
        client.post("/fr/account/reauthenticate/", {"password": PASSWORD})
        secret = client.get("/fr/account/2fa/totp/activate/").context["form"].secret
        client.post("/fr/account/2fa/totp/activate/", {"code": code_of(secret)})

        response = client.get(f"/{language}/account/2fa/{page}")

        assert response.status_code == 200
        assert b'class="panel bare-panel' in response.content


def code_of(secret: str) -> str:
    value: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    return value
