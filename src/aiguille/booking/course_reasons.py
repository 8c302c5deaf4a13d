"""Why a session of a course is not earlier, or is not proposed at all: in plain words."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from aiguille.booking.course_shapes import Bound
from aiguille.booking.course_terms import CourseTerms, days_after, interval_text, usual_text
from aiguille.booking.course_times import CourseTimes, Wishes
from aiguille.booking.facts import local_day
from aiguille.booking.gate import MOST_STEPS, verdict_ends, why_closed
from aiguille.catalogue.queries import ServiceView
from aiguille.kernel.text import Text

_NOTICE = Text(fr="C’est le délai de réservation.", en="That is how soon a session can be booked.")
_FIRST_DAY = Text(
    fr="C’est le premier jour que vous avez choisi.", en="That is the first day that you chose."
)
_PATIENT = Text(
    fr="Plus tôt, la personne a un autre rendez-vous.",
    en="Any earlier, the person has another appointment.",
)
_WISHES = Text(
    fr="C’est le premier horaire libre parmi vos choix (jours, heures, praticien, lieu).",
    en="That is the first free time among your choices (days, hours, practitioner, place).",
)
_TAKEN = Text(fr="Rien n’est libre plus tôt.", en="Nothing is free any earlier.")
_CHAIN = Text(
    fr="Plus tôt, les séances suivantes ne tiendraient pas leurs intervalles avec le même "
    "praticien au même endroit.",
    en="Any earlier, the sessions that follow would not keep their intervals with the same "
    "practitioner at the same place.",
)


@dataclass(frozen=True, slots=True)
class Least:
    """The first day on which permission is not in the way, and what made it that day."""

    day: date
    bound: Bound
    because: Text


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why sessions are when they are, for one proposal."""

    terms: CourseTerms
    times: CourseTimes
    wishes: Wishes
    service: ServiceView
    is_offered_only: bool
    at: datetime

    @property
    def today(self) -> date:
        """The earliest date that any site's walls show now."""
        return min(local_day(self.at, zone) for zone in self.times.calendar.zones)

    def least(self, since: date | None, *, is_usual: bool = False) -> Least:
        """Return from when a session may be that follows one on the day `since`, if any.

        With `is_usual`, at the interval that the plan proposes instead of the shortest allowed.
        """
        verdict = self.terms.verdict
        assert verdict is not None
        found = [Least(self.today, Bound.NOTICE, _NOTICE)]
        if self.is_offered_only:
            notice = timedelta(minutes=self.service.min_notice_minutes)
            zones = self.times.calendar.zones
            day = min(local_day(self.at + notice, zone) for zone in zones)
            found.append(Least(day, Bound.NOTICE, _NOTICE))
        found.append(
            Least(
                verdict.valid_from,
                Bound.VERDICT,
                Text(
                    fr=f"Le médecin autorise les séances à partir du {verdict.valid_from:%d/%m/%Y}.",
                    en=f"The physician allows sessions from {verdict.valid_from:%d/%m/%Y}.",
                ),
            )
        )
        reflection = self.terms.reflection
        if reflection is not None and reflection.date is not None:
            found.append(Least(reflection.date, Bound.REFLECTION, reflection.bound_by))
        if since is not None:
            days = self.terms.usual_days if is_usual else self.terms.interval_days
            say = usual_text if is_usual else interval_text
            found.append(
                Least(days_after(since, days), Bound.INTERVAL, say(since, terms=self.terms))
            )
        if self.wishes.first_day is not None:
            found.append(Least(self.wishes.first_day, Bound.FIRST_DAY, _FIRST_DAY))
        latest = max(found, key=lambda one: one.day)
        for _ in range(MOST_STEPS):
            later = self._later(latest.day)
            if later is None:
                break
            latest = later
        return latest

    def most(self, since: date | None) -> date:
        """Return until when a session may be that follows one on the day `since`, if any."""
        verdict = self.terms.verdict
        assert verdict is not None
        if since is None:
            return verdict.valid_until
        return min(verdict.valid_until, days_after(since, self.terms.most_days))

    def why_not_earlier(self, since: date | None, day: date) -> tuple[Bound, Text]:
        """Return what keeps a session, which follows one on `since`, from being before `day`."""
        # A session nearer than the plan proposes is there because the course needs it to be.
        is_usual = since is not None and day >= days_after(since, self.terms.usual_days)
        least = self.least(since, is_usual=is_usual)
        if least.day >= day:
            return least.bound, least.because
        before = day - timedelta(days=1)
        first_date = self.times.first_date
        if first_date(None, least.day, before, beside_patients_own=True) is None:
            return Bound.TAKEN, _both(least, _TAKEN)
        if first_date(None, least.day, before) is None:
            return Bound.PATIENT, _both(least, _PATIENT)
        if first_date(self.wishes, least.day, before) is None:
            return Bound.WISHES, _both(least, _WISHES)
        return Bound.CHAIN, _both(least, _CHAIN)

    def why_none(self, since: date | None) -> Text:
        """Return why no session can be proposed after one on the day `since`, if any."""
        verdict = self.terms.verdict
        if verdict is None or not verdict.opens(verdict.valid_from):
            return why_closed(verdict)
        least = self.least(since)
        if least.day > verdict.valid_until:
            return verdict_ends(verdict)
        objection = self.terms.objection(least.day)
        if objection is not None:
            return objection.bound_by
        latest = self.most(since)
        if self.is_offered_only:
            horizon = self.at + timedelta(days=self.service.max_horizon_days)
            zones = self.times.calendar.zones
            reach = max(local_day(horizon, zone) for zone in zones)
            if least.day >= reach:
                return Text(
                    fr="La réservation en ligne n’est pas encore ouverte aussi loin : "
                    f"elle l’est jusqu’au {reach:%d/%m/%Y}.",
                    en="Online booking is not open that far ahead yet: it is until "
                    f"{reach:%d/%m/%Y}.",
                )
            latest = min(latest, reach)
        return Text(
            fr=f"Aucun horaire ne convient entre le {least.day:%d/%m/%Y} et le "
            f"{latest:%d/%m/%Y} : élargissez vos choix ou appelez la clinique.",
            en=f"No time fits between {least.day:%d/%m/%Y} and {latest:%d/%m/%Y}: widen your "
            "choices or call the clinic.",
        )

    def _later(self, day: date) -> Least | None:
        """Return a later day that answers or another plan's session ask for, or None."""
        apart = self.terms.interval_days
        for other in self.terms.others:
            if abs((other - day).days) < apart:
                return Least(
                    days_after(other, apart),
                    Bound.OTHER_PLAN,
                    interval_text(other, terms=self.terms),
                )
        objection = self.terms.objection(day)
        if objection is None or objection.date is None or objection.date <= day:
            return None
        return Least(objection.date, Bound.ANSWERS, objection.bound_by)


def _both(least: Least, more: Text) -> Text:
    """Return why not before the first day allowed, and why not on it; the notice goes unsaid."""
    if least.bound is Bound.NOTICE:
        return more
    return Text(fr=f"{least.because.fr} {more.fr}", en=f"{least.because.en} {more.en}")
