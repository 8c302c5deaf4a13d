"""What a patient and a doctor do on the way, page by page, in either language."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.journeys.clinic import Shows, confirm_identity, sign_in, wait, work


def submit(page: Page) -> None:
    """Press the button that sends the page's form."""
    page.locator(
        "main form button[type=submit]:visible, main form button:not([type]):visible"
    ).last.click()


def fill(page: Page, **values: str) -> None:
    """Type into fields by name."""
    for name, value in values.items():
        page.locator(f"[name={name}]").fill(value)


def choose(scope: Page | Locator, name: str, value: str) -> None:
    """Choose a radio button or tick a box by its value."""
    scope.locator(f"[name={name}][value='{value}']").first.check()


def path_of(address: str | None) -> str:
    """Return the path of a link that was sent."""
    assert address
    return urlsplit(address).path


class Patient:
    """The patient's way, on a phone."""

    def __init__(self, page: Page, shows: Shows, language: str) -> None:
        self.page, self.shows, self.language = page, shows, language

    def go(self, path: str) -> None:
        """Open a page of the site in the patient's language."""
        response = self.page.goto(f"/{self.language}/{path}")
        assert response is not None
        assert response.ok, f"{path}: {response.status}"

    def book_consultation(self, procedure: str, *, first: str, last: str, email: str) -> None:
        """Read the guide, choose a time, say who comes."""
        page = self.page
        self.go("")
        self.shows(page, "home")
        page.locator("a[href*='/guide/']").first.click()
        self.shows(page, "guide")
        self.go(f"book/?procedure={procedure}")
        self.shows(page, "choose")
        page.locator("main a[href*='/book/']").last.click()
        self.shows(page, "times")
        page.locator("button[name=start]").nth(3).click()
        self.shows(page, "details")
        submit(page)
        expect(page.locator("[aria-invalid=true]")).to_have_count(4)
        self.shows(page, "details-refused")
        fill(page, first_names=first, birth_name=last, email=email, phone="06 12 34 56 78")
        submit(page)
        page.wait_for_url("**/book/done/")
        self.shows(page, "booked")
        work()

    def open_space(self, *, first: str, last: str, born: tuple[str, str, str]) -> None:
        """Follow the link of the latest message and give the birth date."""
        page, self.born = self.page, born
        self.go("demo/mail/")
        self.shows(page, "mail")
        page.goto(path_of(page.locator("a[href*='/s/']").first.get_attribute("href")))
        self.shows(page, "space-link")
        choose(page, "sex", "F")
        fill(page, first_names=first, birth_name=last)
        self._give_birth_date()
        submit(page)
        page.wait_for_url("**/space/**")
        self.shows(page, "space")

    def answer_questionnaire(self, procedure: str) -> None:
        """Answer no to every question, one a screen, save what is left to the doctor; hand in."""
        page = self.page
        self.go(f"space/questionnaire/{procedure}/")
        for number in range(80):
            if "/review/" in page.url:
                break
            if number in (1, 2):
                self.shows(page, "question")
            self._answer("unknown" if "/S36/" in page.url else "no")
        self.shows(page, "review")
        submit(page)
        page.wait_for_url("**/done/")
        self.shows(page, "handed-in")

    def answer_again(self) -> None:
        """Answer the questions before a session again, from the space."""
        page = self.page
        self.go("space/")
        self.shows(page, "space-to-answer-again")
        page.locator("a[href*='/questions/']").first.click()
        for number in range(20):
            if "/review/" in page.url:
                break
            if number == 0:
                self.shows(page, "question-again")
            self._answer("no")
        self.shows(page, "review-again")
        page.locator("main form button").first.click()
        page.wait_for_url("**/done/")
        self.shows(page, "handed-in-again")

    def _answer(self, answer: str) -> None:
        button = self.page.locator(f"button[name=answer][value={answer}]")
        if button.count():
            button.click()
        else:
            submit(self.page)

    def book_session(self) -> None:
        """Book the next session of the plan, from the space."""
        page = self.page
        self.go("space/")
        self.shows(page, "space-to-book")
        page.locator("a[href*='/sessions/'][href*='/book/']").first.click()
        self.shows(page, "session-times")
        while not page.locator("button[name=start]").count():
            page.locator("a[rel=next]").click()
        page.locator("button[name=start]").first.click()
        self.shows(page, "session-booked")

    def sign_consent(self, treatment: str, name: str) -> None:
        """Read the text, tick each part, copy the mention, sign."""
        page = self.page
        self.go(f"space/consent/{treatment}/")
        self.shows(page, "consent")
        submit(page)
        self.shows(page, "consent-refused")
        for box in page.locator("main form input[type=checkbox]").all():
            box.check()
        sentence = page.get_by_text(re.compile("^[«“].*[»”]$")).first.inner_text()
        fill(page, mention=sentence.strip("«“ ”»\u00a0"), signed_name=name)
        submit(page)
        page.wait_for_url(re.compile("/space/(confirm|consent/signed)/"))
        if "/confirm/" in page.url:
            self.shows(page, "confirm-birth-date")
            self._give_birth_date()
            submit(page)
        page.wait_for_url("**/consent/signed/**")
        self.shows(page, "consent-signed")

    def _give_birth_date(self) -> None:
        day, month, year = self.born
        fill(self.page, birth_date_day=day, birth_date_month=month, birth_date_year=year)

    def book_session_refused(self) -> None:
        """Find no session to book: a report waits for a doctor."""
        page = self.page
        self.go("space/")
        booking = page.locator("a[href*='/sessions/'][href*='/book/']")
        if booking.count():
            booking.first.click()
            if page.locator("button[name=start]").count():
                page.locator("button[name=start]").first.click()
        self.shows(page, "session-refused")
        expect(page.locator("main [role=alert], main .empty, main .alert").first).to_be_visible()

    def read_mail(self) -> None:
        """Look at the messages: one is about the cream."""
        self.go("demo/mail/")
        self.shows(self.page, "mail-before-session")
        expect(self.page.locator("main article, main section").first).to_be_visible()

    def read_documents(self) -> None:
        """See the documents of the record."""
        self.go("space/documents/")
        self.shows(self.page, "documents")
        assert self.page.locator("a[href*='/documents/']").count() >= 3

    def read_aftercare(self) -> None:
        """Read what to do and avoid, until when."""
        self.go("space/aftercare/")
        self.shows(self.page, "aftercare")

    def report(self, symptom: str, note: str) -> None:
        """Report a symptom."""
        page = self.page
        self.go("space/symptom/")
        self.shows(page, "symptom")
        choose(page, "symptom", symptom)
        fill(page, note=note)
        submit(page)
        self.shows(page, "triage")


class Doctor:
    """The doctor's way, on a tablet."""

    def __init__(self, page: Page, shows: Shows, language: str) -> None:
        self.page, self.shows, self.language = page, shows, language

    def sign_in(self, email: str) -> None:
        """Sign in and see the day."""
        sign_in(self.page, email, self.language)
        self.shows(self.page, "day")

    def receive(self, name: str, day: str = "") -> None:
        """Note that the patient is here."""
        page = self.page
        page.goto(f"/{self.language}/desk/" + (f"?day={day}" if day else ""))
        row = page.locator("tr", has_text=name)
        row.locator("form[action*='/arrived/'] button").click()
        self.shows(page, "arrived")

    def consult(self, name: str, *, zone: str) -> None:
        """Write the consultation."""
        page = self.page
        page.locator("tr", has_text=name).locator("a[href*='/consultations/']").click()
        self.shows(page, "consultation")
        fill(
            page,
            reason="Peau terne, ridules.",
            examination="Peau saine.",
        )
        choose(page, "phototype", "2")
        for box in page.locator(f"[name=zones][value^='{zone}:']").all():
            box.check()
        submit(page)
        self.shows(page, "after-consultation")

    def ask_the_rest(self) -> None:
        """Ask what was not asked online: everything is no."""
        page = self.page
        page.locator("a[href*='/questions/']").first.click()
        self.shows(page, "questions")
        page.locator("button[name=fill]").click()
        submit(page)
        self.shows(page, "asked")

    def judge(self, outcome: str) -> None:
        """Give the verdict."""
        page = self.page
        page.goto(re.sub(r"/consultations/([^/]+)/.*", r"/consultations/\1/verdict/", page.url))
        self.shows(page, "verdict")
        page.locator("[name=treatment]").first.check()
        choose(page, "outcome", outcome)
        fill(page, reason="Peau saine, attentes réalistes.")
        submit(page)
        confirm_identity(page, self.shows, then="/plan/")
        self.shows(page, "after-verdict")

    def plan_and_prescribe(self) -> None:
        """Plan the sessions as the protocol proposes, and prescribe the cream."""
        page = self.page
        expect(page).to_have_url(re.compile("/plan/"))
        self.shows(page, "plan")
        submit(page)
        expect(page).to_have_url(re.compile("/prescription/"))
        self.shows(page, "prescription")
        page.locator("[name=product]").first.check()
        fill(page, area_cm2="100", minutes_before="120")
        page.locator("[name=cream_zones]").first.check()
        submit(page)
        confirm_identity(page, self.shows, then="/conclude/")
        self.shows(page, "prescribed")
        page.goto(re.sub(r"/consultations/([^/]+)/.*", r"/consultations/\1/conclude/", page.url))
        self.shows(page, "conclude")
        submit(page)
        self.shows(page, "concluded")

    def begin_refused(self, name: str) -> None:
        """Try to begin without the consent: the page says why not."""
        page = self.page
        page.locator("tr", has_text=name).locator("form[action*='/begin/'] button").click()
        self.shows(page, "begin-refused")
        expect(page.locator("form#step")).to_have_count(0)

    def begin(self, name: str, *, day: str) -> None:
        """Fail to begin before the questions of the day, ask them, and begin the session."""
        page = self.page
        page.goto(f"/{self.language}/desk/?day={day}")
        page.locator("tr", has_text=name).locator("form[action*='/begin/'] button").click()
        page.wait_for_url("**/questions/")
        self.shows(page, "day-questions")
        page.locator("button[name=fill]").click()
        choose(page, "S56_answer", "yes")
        submit(page)
        self.shows(page, "day-asked")
        page.locator("tr", has_text=name).locator("form[action*='/begin/'] button").click()
        page.wait_for_url("**/sessions/**")

    def answer_symptom(self, note: str) -> None:
        """Take the task and answer the patient's report."""
        page = self.page
        page.goto(f"/{self.language}/desk/tasks/")
        self.shows(page, "tasks")
        page.locator("a[href*='/symptoms/']").first.click()
        self.shows(page, "symptom-report")
        fill(page, note=note)
        page.locator("[name=closes]").first.check()
        submit(page)
        self.shows(page, "symptom-answered")

    def run_session(self, *, steps: dict[str, dict[str, str]], unit: str = "") -> None:
        """Follow the protocol to its end, doing what each step asks.

        `steps` gives what is typed where a step asks for more than ticks; `unit` is a word of the
        label of the instrument to take where there are several.
        """
        page = self.page
        for _round in range(60):
            if "/report/" in page.url:
                return
            step = page.locator("main form input[name=step]").first.get_attribute("value") or ""
            self.shows(page, f"step-{step or 'close'}")
            if self._open_units(unit) or self._record_zone(steps.get(step, {})):
                continue
            if not step:
                page.locator("form:has(input[value=close]) button").click()
                confirm_identity(page, self.shows, then="/report/")
                self.shows(page, "closing")
                continue
            self._do(step, steps.get(step, {}))
        raise AssertionError("the session does not come to its end")

    def _open_units(self, unit: str) -> bool:
        form = self.page.locator("form:has(input[name=action][value=unit])").first
        if not form.count():
            return False
        labels = form.locator("select option").all_inner_texts()
        wanted = next((label for label in labels if unit and unit in label), labels[0])
        form.locator("select").select_option(label=wanted)
        form.locator("button").click()
        return True

    def _record_zone(self, typed: dict[str, str]) -> bool:
        for action in ("pass", "injection"):
            form = self.page.locator(f"form:has(input[name=action][value={action}])").first
            recorded = self.page.locator("main table tbody tr").count()
            if form.count() and not recorded:
                for name, value in typed.items():
                    field = form.locator(f"[name={action}-{name}]")
                    if field.evaluate("e => e.tagName") == "SELECT":
                        field.select_option(value)
                    else:
                        field.fill(value)
                form.locator("button").last.click()
                return True
        return False

    def _do(self, step: str, typed: dict[str, str]) -> None:
        form = self.page.locator("form#step")
        for box in form.locator("input[type=checkbox]").all():
            box.check()
        for name, value in typed.items():
            field = form.locator(f"[name={name}]")
            if field.count() and field.first.get_attribute("type") == "radio":
                choose(form, name, value)
            elif field.count():
                field.fill(value)
        form.locator("button:not([type=button])").last.click()
        if step == "antisepsis":
            wait(timedelta(minutes=1))  # the antiseptic dries
