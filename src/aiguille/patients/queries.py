"""Reading patients: identities, searches, answers, documents, and who acts for whom."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Q, QuerySet, Subquery

from aiguille.kernel.actor import ActorKind
from aiguille.kernel.codes import Procedure
from aiguille.patients import rules
from aiguille.patients.models import (
    AnswerSet,
    Document,
    IdentityStatus,
    Note,
    Patient,
    Relation,
)
from aiguille.patients.operations.answers import draft_of, latest_set
from aiguille.patients.person import RECORDS_OF_PERSON
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.phones import show_phone
from aiguille.plumbing.statements import Lookup, Question, Statement, ask_together

SIMILAR_NAME = 0.55


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a patient is and how they are reached."""

    id: UUID
    number: int
    birth_name: str
    first_names: str
    used_name: str
    full_name: str
    birth_date: date | None
    sex: str
    birthplace: str
    email: str
    phone: str
    language: str
    status: str
    merged_into_id: UUID | None
    version: int
    created_at: datetime

    @property
    def shown_phone(self) -> str:
        """Return the telephone number as people write it."""
        return show_phone(self.phone)

    @property
    def is_provisional(self) -> bool:
        """Tell whether nobody has declared the identity yet."""
        return self.status == IdentityStatus.PROVISIONAL

    @property
    def is_checked(self) -> bool:
        """Tell whether staff compared the identity with a document."""
        return self.status == IdentityStatus.CHECKED

    def age_on(self, day: date) -> int | None:
        """Return the age in full years; who is born on 29 February ages on 1 March."""
        if self.birth_date is None:
            return None
        had_birthday = (day.month, day.day) >= (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - (0 if had_birthday else 1)


@dataclass(frozen=True, slots=True)
class Contact:
    """How a patient is reached, and in which language."""

    email: str
    phone: str
    language: str


class Likeness(StrEnum):
    """Why two records may be one person's."""

    BIRTH_DATE = "birth_date"
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A record that may be the same person's, and why; the likeliest have most reasons."""

    identity: Identity
    reasons: tuple[Likeness, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """A questionnaire as handed in; `reason` says on what occasion, nothing for the whole of it."""

    id: UUID
    patient_id: UUID
    procedure: Procedure
    version: int
    answers: Mapping[str, Mapping[str, Any]]
    rulebook_version: str
    language: str
    recorded_at: datetime
    author_name: str
    author_kind: ActorKind
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Answers being typed; `answers` are those of the latest hand-in where nothing was typed."""

    answers: Mapping[str, Mapping[str, Any]]
    is_started: bool
    was_handed_in: bool


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document of the record."""

    id: UUID
    kind: str
    title: str
    language: str
    subject_kind: str
    subject_id: UUID
    recorded_at: datetime
    is_shown_to_patient: bool


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note of the record that stands."""

    id: UUID
    topic: str
    text: str
    author_name: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class RelatedPatient:
    """A patient for whom a login acts; `record_ids` are those the login was related to."""

    patient_id: UUID
    full_name: str
    kind: str
    record_ids: frozenset[UUID]


def get_identity(patient_id: UUID) -> Identity:
    """Return the identity (one query).

    Raises:
        NotVisible: there is no such patient.
    """
    row = _PATIENT.first(patient_id)
    if row is None:
        raise NotVisible
    return _identity(row)


_PATIENT: Lookup[Patient] = Lookup(
    lambda patient_id: Patient.objects.filter(id=patient_id).order_by(), UUID
)


def get_contact(patient_id: UUID) -> Contact:
    """Return how a patient is reached (one query).

    Raises:
        NotVisible: there is no such patient.
    """
    return contact_from(*ask_together(contact_question(patient_id)))


def contact_question(patient_id: UUID) -> Question:
    """Ask what `get_contact` returns together with something else."""
    return Question(_CONTACT, 3, (patient_id,))


def contact_from(rows: Sequence[Sequence[Any]]) -> Contact:
    """Return the answer to `contact_question`.

    Raises:
        NotVisible: there is no such patient.
    """
    if not rows:
        raise NotVisible
    return Contact(*rows[0])


_CONTACT = f"SELECT email, phone, language FROM {Patient._meta.db_table} WHERE id = %s"  # noqa: S608 -- our own table


def get_identities(patient_ids: Iterable[UUID]) -> dict[UUID, Identity]:
    """Return the identities by id (one query)."""
    return {row.id: _identity(row) for row in Patient.objects.filter(id__in=set(patient_ids))}


def record_ids(patient_id: UUID) -> list[UUID]:
    """Return the ids under which a person's rows stand: the record that is kept, then those joined.

    Rows keep their own patient when records are joined, so whoever reads a person's rows filters
    on these (one query), whichever of the records is at hand.
    """
    return [row[0] for row in _RECORDS.rows(patient_id, patient_id)] or [patient_id]


_RECORDS = Statement(RECORDS_OF_PERSON)


def surviving_id(patient_id: UUID) -> UUID:
    """Return the record that a joined one was joined to, or the record itself (one query)."""
    target = Patient.objects.filter(id=patient_id).values_list("merged_into_id", flat=True).first()
    return target or patient_id


def search(text: str, limit: int = 20) -> list[Identity]:
    """Return whom a few letters, digits, a birth date or an address may mean, by name (one query).

    Letters begin a name, digits are part of a telephone number or a patient's number.
    """
    wanted = rules.read_search(text)
    if wanted.is_empty:
        return []
    rows = Patient.objects.filter(merged_into__isnull=True)
    for word in wanted.words:
        rows = rows.filter(name_key__contains=f" {word}")
    if wanted.digits:
        by_number = Q(number=int(wanted.digits)) if len(wanted.digits) <= 9 else Q()
        rows = rows.filter(by_number | Q(phone__contains=rules.national_digits(wanted.digits)))
    if wanted.born:
        rows = rows.filter(birth_date__in=wanted.born)
    if wanted.email:
        rows = rows.filter(email__startswith=wanted.email)
    return [_identity(row) for row in rows.order_by("name_key", "number")[:limit]]


def probable_duplicates(patient_id: UUID, limit: int = 10) -> list[Duplicate]:
    """Return the records that may be the same person's, likeliest first (two queries).

    The same birth date with a similar name, or the same telephone or address, or a name that is
    almost the same.
    """
    patient = Patient.objects.filter(id=patient_id).first()
    if patient is None:
        raise NotVisible
    likely = Q(name_key__trigram_similar=patient.name_key)
    for field in ("phone", "email", "birth_date"):
        if value := getattr(patient, field):
            likely |= Q(**{field: value})
    rows = (
        Patient.objects.filter(likely, merged_into__isnull=True)
        .exclude(id=patient_id)
        .annotate(likeness=TrigramSimilarity("name_key", patient.name_key))
        .order_by("-likeness", "number")[: limit * 5]
    )
    found = [Duplicate(identity=_identity(row), reasons=_likenesses(patient, row)) for row in rows]
    meaningful = [duplicate for duplicate in found if _is_meaningful(duplicate.reasons)]
    meaningful.sort(key=lambda duplicate: -len(duplicate.reasons))
    return meaningful[:limit]


def list_recent(limit: int = 20) -> list[Identity]:
    """Return the latest patients (one query)."""
    rows = Patient.objects.filter(merged_into__isnull=True).order_by("-created_at", "-number")
    return [_identity(row) for row in rows[:limit]]


def latest_answers(patient_id: UUID, procedure: Procedure) -> Answers | None:
    """Return the questionnaire last handed in for a procedure, or None (one query)."""
    row = latest_set(patient_id, procedure)
    if row is None:
        return None
    return _answers(row)


def latest_and_earlier_answers(
    patient_id: UUID, procedure: Procedure, *, earlier_id: UUID | None
) -> tuple[Answers | None, Answers | None]:
    """Return the questionnaire last handed in, and the one named `earlier_id` (one query).

    Each is None where there is none.
    """
    own = Patient.objects.filter(Q(id=patient_id) | Q(merged_into_id=patient_id))
    handed_in = AnswerSet.objects.filter(patient__in=own, procedure=procedure)
    latest = handed_in.filter(entered_in_error=False).order_by("-recorded_at", "-id")
    wanted = Q(id=Subquery(latest.values("id")[:1])) | Q(id=earlier_id)
    rows = list(handed_in.filter(wanted).order_by("-recorded_at", "-id"))
    now = next((row for row in rows if not row.entered_in_error), None)
    earlier = next((row for row in rows if row.id == earlier_id), None)
    return (
        None if now is None else _answers(now),
        None if earlier is None else _answers(earlier),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """What a patient is judged by: the birth date, and the answers last handed in, if any."""

    birth_date: date | None
    answer_set_id: UUID | None
    answers: Mapping[str, Mapping[str, Any]]
    answered_at: datetime | None


def judged_by(patient_id: UUID, procedure: Procedure) -> Judged:
    """Return what a person is judged by for a procedure, of all their records (one query).

    The birth date is that of the record that is kept.

    Raises:
        NotVisible: there is no such patient.
    """
    return judged_from(*ask_together(judged_question(patient_id, procedure)))


def judged_question(patient_id: UUID, procedure: Procedure) -> Question:
    """Ask what `judged_by` returns together with something else."""
    return Question(_JUDGED, 4, (patient_id, patient_id, procedure.value, patient_id))


def judged_from(rows: Sequence[Sequence[Any]]) -> Judged:
    """Return the answer to `judged_question`.

    Raises:
        NotVisible: there is no such patient.
    """
    if not rows:
        raise NotVisible
    birth_date, answer_set_id, answers, answered_at = rows[0]
    return Judged(birth_date, answer_set_id, answers or {}, answered_at)


_JUDGED = f"""
    SELECT patient.birth_date, given.id, given.answers::json, given.recorded_at
      FROM {Patient._meta.db_table} AS asked
      JOIN {Patient._meta.db_table} AS patient
        ON patient.id = coalesce(asked.merged_into_id, asked.id)
      LEFT JOIN LATERAL (
             SELECT id, answers, recorded_at FROM {AnswerSet._meta.db_table}
              WHERE patient_id IN ({RECORDS_OF_PERSON})
                AND procedure = %s AND NOT entered_in_error
              ORDER BY recorded_at DESC, id DESC LIMIT 1) AS given ON true
     WHERE asked.id = %s
"""  # noqa: S608 -- our own tables


def patients_with_answers(patient_ids: Collection[UUID]) -> set[tuple[UUID, Procedure]]:
    """Return the (patient, procedure) pairs with a questionnaire handed in (one query).

    What was handed in under a record counts for the one it was joined to as well.
    """
    rows = AnswerSet.objects.filter(
        Q(patient_id__in=list(patient_ids)) | Q(patient__merged_into_id__in=list(patient_ids)),
        entered_in_error=False,
    ).values_list("patient_id", "patient__merged_into_id", "procedure")
    return {
        (patient_id, Procedure(procedure))
        for own_id, target_id, procedure in rows.distinct()
        for patient_id in (own_id, target_id)
        if patient_id is not None
    }


def changed_answers(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> tuple[str, ...]:
    """Return the ids of the questions whose answers differ, in order."""
    return tuple(
        name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)
    )


def get_draft(patient_id: UUID, procedure: Procedure) -> Draft:
    """Return what the patient sees in the questionnaire (at most two queries)."""
    row = draft_of(patient_id, procedure)
    latest = latest_set(patient_id, procedure)
    shown = row.answers if row else latest.answers if latest else {}
    return Draft(answers=shown, is_started=row is not None, was_handed_in=latest is not None)


def get_draft_again(patient_id: UUID, procedure: Procedure, *, asked_for: UUID) -> Draft:
    """Return what was typed again so far before a session (at most two queries)."""
    row = draft_of(patient_id, procedure, asked_for)
    return Draft(
        answers=row.answers if row else {},
        is_started=row is not None,
        was_handed_in=latest_set(patient_id, procedure) is not None,
    )


def list_answers(patient_id: UUID, procedure: Procedure, *, limit: int) -> list[Answers]:
    """Return the versions of the answers, latest first, joined records included (one query)."""
    rows = AnswerSet.objects.filter(
        Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id),
        procedure=procedure,
        entered_in_error=False,
    ).order_by("-recorded_at", "-id")
    return [_answers(row) for row in rows[:limit]]


def list_documents(patient_id: UUID, *, shown_to_patient: bool = False) -> list[DocumentLine]:
    """Return a patient's documents, latest first (one query)."""
    rows: QuerySet[Document] = Document.objects.filter(
        Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id)
    )
    if shown_to_patient:
        rows = rows.filter(is_shown_to_patient=True)
    return [
        DocumentLine(
            id=row.id,
            kind=row.kind,
            title=row.title,
            language=row.language,
            subject_kind=row.subject_kind,
            subject_id=row.subject_id,
            recorded_at=row.recorded_at,
            is_shown_to_patient=row.is_shown_to_patient,
        )
        for row in rows.order_by("-recorded_at", "-id")
    ]


def list_notes(patient_id: UUID) -> list[NoteLine]:
    """Return the notes that stand of a person's records, latest first (one query)."""
    rows = Note.objects.filter(
        Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id),
        replaced_by=None,
        entered_in_error=False,
    )
    return [
        NoteLine(row.id, row.topic, row.text, row.author_name, row.recorded_at)
        for row in rows.order_by("-recorded_at", "-id")
    ]


def joined_records(patient_id: UUID) -> list[Identity]:
    """Return the records joined to a patient's, by number (one query)."""
    rows = Patient.objects.filter(merged_into_id=patient_id).order_by("number")
    return [_identity(row) for row in rows]


def list_related(user_id: UUID, at: datetime) -> list[RelatedPatient]:
    """Return the patients for whom a login acts today, joined records as one (one query)."""
    relations = (
        Relation.objects.filter(user_id=user_id, valid_during__contains=at.date())
        .select_related("patient__merged_into")
        .order_by("patient__number")
    )
    related: dict[UUID, RelatedPatient] = {}
    for relation in relations:
        patient = relation.patient.merged_into or relation.patient
        known = related.get(patient.id)
        related[patient.id] = RelatedPatient(
            patient_id=patient.id,
            full_name=patient.full_name,
            kind=known.kind if known else relation.kind,
            record_ids=(known.record_ids if known else frozenset())
            | {relation.patient_id, patient.id},
        )
    return list(related.values())


def patients_reached_at(email: str) -> list[Identity]:
    """Return the patients whose messages go to an address (one query)."""
    rows = Patient.objects.filter(email=email.strip().lower(), merged_into__isnull=True)
    return [_identity(row) for row in rows.order_by("number")]


def _likenesses(one: Patient, other: Any) -> tuple[Likeness, ...]:
    same = {
        Likeness.BIRTH_DATE: one.birth_date is not None and one.birth_date == other.birth_date,
        Likeness.NAME: other.likeness >= SIMILAR_NAME,
        Likeness.PHONE: bool(one.phone) and one.phone == other.phone,
        Likeness.EMAIL: bool(one.email) and one.email == other.email,
    }
    return tuple(likeness for likeness, is_same in same.items() if is_same)


def _is_meaningful(reasons: tuple[Likeness, ...]) -> bool:
    # A birth date alone is shared by strangers.
    return bool(reasons) and reasons != (Likeness.BIRTH_DATE,)


def _answers(row: AnswerSet) -> Answers:
    return Answers(
        id=row.id,
        patient_id=row.patient_id,
        procedure=Procedure(row.procedure),
        version=row.version,
        answers=row.answers,
        rulebook_version=row.rulebook_version,
        language=row.language,
        recorded_at=row.recorded_at,
        author_name=row.author_name,
        author_kind=ActorKind(row.author_kind),
        reason=row.reason,
    )


def _identity(row: Patient) -> Identity:
    return Identity(
        id=row.id,
        number=row.number,
        birth_name=row.birth_name,
        first_names=row.first_names,
        used_name=row.used_name,
        full_name=row.full_name,
        birth_date=row.birth_date,
        sex=row.sex,
        birthplace=row.birthplace,
        email=row.email,
        phone=row.phone,
        language=row.language,
        status=row.identity_status,
        merged_into_id=row.merged_into_id,
        version=row.version,
        created_at=row.created_at,
    )
