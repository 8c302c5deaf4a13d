"""After the session: what a symptom means, and what the file owes to the law."""

from aiguille.kernel.codes import Procedure, Symptom, Triage
from aiguille.kernel.text import Text
from aiguille.rulebook.book import RuleBook
from aiguille.rulebook.dates import plus_days, plus_months, plus_years
from aiguille.rulebook.facts import TOO_FAR, Facts, MalformedAsk
from aiguille.rulebook.rulings import Ruling

VISIT_BEFORE_BIRTH = Text(
    fr="La dernière visite précède la naissance.", en="The last visit is before the birth."
)
DEATH_BEFORE_VISIT = Text(
    fr="Le décès précède la dernière visite.", en="The death is before the last visit."
)


def rule_on_symptom(facts: Facts, book: RuleBook) -> Ruling:
    """Return how soon somebody must act on a symptom, in `triage`.

    Where a mesotherapy course must stop, `stop_course` and `culture` are true, else absent.
    """
    procedure = facts.code("procedure", Procedure)
    symptom = facts.code("symptom", Symptom)
    hours = facts.number("hours_since")

    case = book.case("R20", symptom)
    limit = book.values.get(f"R20.{symptom}.expected_hours")
    if limit is not None and hours <= limit:
        return Ruling.of((), triage=Triage.EXPECTED.value)
    triage = case.attributes["triage"]
    special = case.attributes.get(procedure)
    finding = book.finding("R20", special or triage, sources=case.sources, label=case.label)
    if special is None:
        return Ruling.of([finding], triage=triage)
    return Ruling.of([finding], triage=triage, stop_course=True, culture=True)


def rule_on_quote(facts: Facts, book: RuleBook) -> Ruling:
    """Return which `document` is due before an act of this price, in cents."""
    total, requested = facts.whole("total_cents"), facts.flag("requested")
    is_quote = requested or total >= book.value("QUOTE.from_cents")
    return Ruling.of((), document="quote" if is_quote else "information_sheet")


def rule_on_retention(facts: Facts, book: RuleBook) -> Ruling:
    """Return until when the record is kept, in `keep_until`."""
    born, last_visit = facts.day("born"), facts.day("last_visit")
    died = None if facts.is_null("died") else facts.day("died")
    if last_visit < born:
        raise MalformedAsk("last_visit", VISIT_BEFORE_BIRTH)
    if died is not None and died < last_visit:
        raise MalformedAsk("died", DEATH_BEFORE_VISIT)
    try:
        within = plus_years(last_visit, book.whole("RETENTION.death_within_years"))
        if died is not None and died <= within:
            keep_until = plus_years(died, book.whole("RETENTION.years_after_death"))
        else:
            keep_until = max(
                plus_years(last_visit, book.whole("RETENTION.years_after_last_visit")),
                plus_years(born, book.whole("RETENTION.until_birthday")),
            )
    except OverflowError as error:
        raise MalformedAsk("died" if died else "last_visit", TOO_FAR) from error
    return Ruling.of((), keep_until=keep_until)


def rule_on_access(facts: Facts, book: RuleBook) -> Ruling:
    """Return by when the patient must have the record asked for, in `due`."""
    received, oldest = facts.day("received"), facts.day("oldest_item")
    try:
        is_old = received > plus_years(oldest, book.whole("ACCESS.old_item_years"))
    except OverflowError:
        is_old = False  # An item of the last years of the calendar cannot be old.
    try:
        if is_old:
            due = plus_months(received, book.whole("ACCESS.old_items_months"))
        else:
            due = plus_days(received, book.whole("ACCESS.days"))
    except OverflowError as error:
        raise MalformedAsk("received", TOO_FAR) from error
    return Ruling.of((), due=due)
