"""The consent of a treatment as the patient finds it: to read and sign, or signed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiguille.booking.queries import AppointmentView
from aiguille.care.queries import list_plans
from aiguille.catalogue.queries import (
    NotInCatalogue,
    TreatmentView,
    get_treatment,
    treatment_by_code,
)
from aiguille.clinics.queries import SiteView, get_site, list_sites
from aiguille.consent.queries import (
    ConsentTextView,
    ConsentView,
    current_consent,
    current_text,
    list_consents,
)
from aiguille.journeys.sign_consent import consent_for, consent_in_force, is_proposed, next_session
from aiguille.patients.queries import Identity, get_identity, list_documents, record_ids
from aiguille.plumbing.access import NotVisible

WORDS_A_MINUTE = 200


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """The text to read, and the consent in force where there is one. `site` takes questions."""

    treatment: TreatmentView
    text: ConsentTextView
    standing: ConsentView | None
    identity: Identity
    site: SiteView

    @property
    def minutes(self) -> int:
        """Return about how long the text takes to read."""
        words = sum(
            len(part.split())
            for section in self.text.content["sections"]
            for part in (
                *section["paragraphs"],
                section["acknowledgement"],
                *(item["text"] for item in section["items"]),
            )
        )
        return max(1, round(words / WORDS_A_MINUTE))


@dataclass(frozen=True, slots=True)
class SignedConsent:
    """A consent that was signed, with what became of it."""

    consent: ConsentView
    treatment: TreatmentView
    is_in_force: bool
    document_id: UUID | None
    session: AppointmentView | None
    site: SiteView

    @property
    def state(self) -> str:
        """Return "IN_FORCE", "WITHDRAWN", or "REPLACED" by another text or signature."""
        if self.consent.withdrawn_at is not None:
            return "WITHDRAWN"
        return "IN_FORCE" if self.is_in_force else "REPLACED"


@dataclass(frozen=True, slots=True)
class ConsentList:
    """What was signed, and the planned treatments whose text waits for a signature."""

    signed: tuple[SignedConsent, ...]
    to_sign: tuple[TreatmentView, ...]


def read_consent(
    *, patient_id: UUID, treatment_code: str, language: str, at: datetime
) -> ConsentPage:
    """Return the current text of a treatment that was proposed to the patient.

    Raises:
        NotVisible: the clinic has no such treatment or text, or it was not proposed.
    """
    try:
        treatment = treatment_by_code(treatment_code)
    except NotInCatalogue as error:
        raise NotVisible from error
    text = current_text(treatment.id, language)
    if text is None or not is_proposed(patient_id=patient_id, treatment_id=treatment.id):
        raise NotVisible
    return ConsentPage(
        treatment=treatment,
        text=text,
        standing=consent_in_force(patient_id=patient_id, treatment_id=treatment.id),
        identity=get_identity(patient_id),
        site=_site(next_session(patient_id=patient_id, treatment_id=treatment.id, at=at)),
    )


def read_signed(*, patient_id: UUID, consent_id: UUID, at: datetime) -> SignedConsent:
    """Return a consent that the patient signed.

    Raises:
        NotVisible: it is none of the patient's.
    """
    return _signed(
        consent_for(consent_id=consent_id, patient_id=patient_id), patient_id=patient_id, at=at
    )


def list_signed(*, patient_id: UUID, at: datetime) -> ConsentList:
    """Return the patient's consents, latest first, and what there is to sign."""
    records = record_ids(patient_id)
    planned = {plan.treatment_id for plan in list_plans(patient_id=patient_id)}
    return ConsentList(
        signed=tuple(
            _signed(consent, patient_id=patient_id, at=at)
            for record in records
            for consent in list_consents(patient_id=record)
        ),
        to_sign=tuple(
            get_treatment(treatment_id)
            for treatment_id in sorted(planned)
            if consent_in_force(patient_id=patient_id, treatment_id=treatment_id) is None
        ),
    )


def _signed(consent: ConsentView, *, patient_id: UUID, at: datetime) -> SignedConsent:
    standing = current_consent(patient_id=consent.patient_id, treatment_id=consent.treatment_id)
    session = next_session(patient_id=patient_id, treatment_id=consent.treatment_id, at=at)
    documents = list_documents(patient_id, shown_to_patient=True)
    return SignedConsent(
        consent=consent,
        treatment=get_treatment(consent.treatment_id),
        is_in_force=standing is not None and standing.id == consent.id,
        document_id=next((line.id for line in documents if line.subject_id == consent.id), None),
        session=session,
        site=_site(session),
    )


def _site(session: AppointmentView | None) -> SiteView:
    site = get_site(session.site_id) if session else list_sites()[0]
    assert site is not None, "a foreign key keeps the site"
    return site
