"""The prescription's document holds every mention that the law asks for, as it was signed."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from aiguille.care.operations import prescribe
from aiguille.care.prescribing import Line, Measures, mentions
from aiguille.care.prescription_pdf import file_prescription
from aiguille.care.prescriptions import every_prescription, get_prescription
from aiguille.care.tests.test_operations import NEEDLING, Desk
from aiguille.patients.models import Patient
from aiguille.patients.operations import open_document
from aiguille.patients.queries import list_documents
from tests.course import answer_no, open_catalogue
from tests.pdf_text import pdf_metadata, pdf_text
from tests.world import World

pytestmark = pytest.mark.django_db

ANTIVIRAL = Line(
    drug="valaciclovir",
    brand="Zelitrex",
    strength="500 mg",
    form="comprimé",
    dose="1 comprimé",
    frequency="matin et soir",
    route="ORAL",
    duration="5 jours",
    packs=1,
    renewals=2,
    instructions="Boire beaucoup d’eau.",
    not_substitutable="CIF",
    is_off_label=True,
)
PREPARATION = Line(
    drug="préparation hydratante",
    dose="une noisette",
    frequency="le soir",
    route="CUTANEOUS",
    duration="1 mois",
    is_preparation=True,
    formula="Glycérol 15 g\nEau purifiée qsp 100 g",
)

# What the document says for each mention, in French and in English; the date is that of the world.
SAID: dict[str, tuple[str, str]] = {
    "prescriber_name": ("Bruno Delmas", "Bruno Delmas"),
    "prescriber_quality": ("Médecin, Dermatologie", "Physician, Dermatologie"),
    "prescriber_identifier": ("RPPS 10003456786", "RPPS no. 10003456786"),
    "prescriber_address": (
        "12 rue des Tilleuls, 69002 Lyon, France",
        "12 rue des Tilleuls, 69002 Lyon, France",
    ),
    "prescriber_phone": ("+33 4 78 00 00 01", "+33 4 78 00 00 01"),
    "prescriber_email": ("bruno@example.org", "bruno@example.org"),
    "signature": (
        "Signé électroniquement par Bruno Delmas le 2 mars 2026, 09:00",
        "Signed electronically by Bruno Delmas on 2 March 2026, 09:00",
    ),
    "date": ("Lyon, 2 mars 2026", "Lyon, 2 March 2026"),
    "examination": ("Examiné(e) le 2 mars 2026", "Examined on 2 March 2026"),
    "patient_name": ("Anna Martin", "Anna Martin"),
    "patient_sex": ("Sexe : féminin", "Sex: female"),
    "patient_birth_date": ("Né(e) le 3 avril 1988 (37 ans)", "Born on 3 April 1988 (37 years)"),
    "patient_weight_and_height": (
        "Poids : 63,5 kg Taille : 170 cm",
        "Weight: 63.5 kg Height: 170 cm",
    ),
    "drug": ("valaciclovir, 500 mg, comprimé (Zelitrex)",) * 2,
    "dose": ("Dose 1 comprimé", "Dose 1 comprimé"),
    "frequency": ("Fréquence matin et soir", "How often matin et soir"),
    "use": ("Mode d’emploi Par la bouche (voie orale)", "How it is used By mouth (oral)"),
    "formula": (
        "Préparation magistrale, formule Glycérol 15 g Eau purifiée qsp 100 g",
        "Magistral preparation, formula Glycérol 15 g Eau purifiée qsp 100 g",
    ),
    "duration": ("Durée 5 jours · 1 boîte", "Duration 5 jours · 1 pack"),
    "renewals": ("Renouvellement À renouveler 2 fois", "Renewal To renew 2 times"),
    "not_substitutable": ("Non substituable (CIF) – valaciclovir",) * 2,
    "off_label": (
        "Prescription hors autorisation de mise sur le marché",
        "Prescribed outside the marketing authorisation",
    ),
}


@pytest.fixture
def desk(world: World) -> Desk:
    open_catalogue(at=world.at)
    answer_no(world, procedure=NEEDLING, at=world.at)
    return Desk(world, NEEDLING)


def sign(desk: Desk, consultation: UUID, **other: Any) -> UUID:
    """Sign a cream, an antiviral and a preparation for somebody weighed and measured."""
    facts: dict[str, Any] = {
        "lines": [ANTIVIRAL, PREPARATION],
        "measures": Measures(weight_kg=Decimal("63.5"), height_cm=170),
    }
    return desk.prescribe(consultation, **(facts | other))


def document(world: World, language: str, prescription: UUID) -> bytes:
    """Return a document as whoever opens it gets it."""
    file_prescription(prescription_id=prescription, at=world.at)
    found = next(
        one
        for one in list_documents(world.anna.patient_id)
        if one.language == language and one.subject_id == prescription
    )
    return open_document(document_id=found.id, actor=world.bruno.actor, at=world.at).content


def text_of(world: World, language: str, prescription: UUID) -> str:
    return " ".join(pdf_text(document(world, language, prescription)).split())


@pytest.fixture
def said(world: World, desk: Desk) -> dict[str, str]:
    """What the documents of one prescription say, by language."""
    prescription = sign(desk, desk.write(), language="en")
    return {language: text_of(world, language, prescription) for language in ("fr", "en")}


def test_holds_every_mention_in_both_languages(said: dict[str, str]) -> None:
    assert SAID.keys() == {one.code for one in mentions()}
    lacking = [
        (code, language)
        for code, words in SAID.items()
        for language, wanted in zip(("fr", "en"), words, strict=True)
        if wanted not in said[language]
    ]
    assert lacking == []


@pytest.mark.parametrize("mention", mentions(), ids=lambda one: str(one.code))
def test_each_mention_names_its_law(mention: Any) -> None:
    assert mention.sources
    assert mention.article
    assert mention.name.fr
    assert mention.name.en


def test_says_how_the_cream_is_used(said: dict[str, str]) -> None:
    for words in (
        "1. Crème Démo",
        "6,08 g par application, pour 40,5 cm² au plus",
        "sur peau saine et intacte : Joue",
        "120 minutes avant l’heure de la séance",
        "la crème est retirée et la peau lavée avant la première aiguille",
        "Jamais plus de 300 minutes",
        "Ordonnance de 3 lignes, numérotées de 1 à 3.",
    ):
        assert words in said["fr"]
    assert "6.08 g for each application" in said["en"]
    assert "the pharmacy is given the original in French" in said["en"]


def test_is_signed_right_under_the_last_line(said: dict[str, str]) -> None:
    after = said["fr"].split("Ordonnance de 3 lignes")[1]
    assert re.search(r"Signé électroniquement par Bruno Delmas", after)
    assert "3. préparation hydratante" not in after


@pytest.mark.parametrize("language", ["fr", "en"])
def test_is_accessible_and_made_to_be_kept(world: World, desk: Desk, language: str) -> None:
    content = document(world, language, sign(desk, desk.write(), language="en"))
    metadata = pdf_metadata(content)
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert f"<rdf:li>{language}</rdf:li>" in metadata
    assert ("Ordonnance" if language == "fr" else "Prescription") in metadata
    assert b"/MarkInfo<</Marked true" in content
    assert b"/StructTreeRoot" in content
    assert f"/Lang({language})".encode() in content
    # The title is what a reader announces; each line is a heading of its own.
    assert b"/DisplayDocTitle true" in content
    assert content.count(b"/S/H2") >= 5


def test_goes_on_over_pages(world: World, desk: Desk) -> None:
    Patient.objects.filter(id=world.anna.patient_id).update(
        birth_name="de La Rochefoucauld-Montmorency-Beauharnais", first_names="Marie-Éléonore"
    )
    prescription = sign(desk, desk.write(), lines=[ANTIVIRAL, PREPARATION] * 4)
    text = text_of(world, "fr", prescription)
    assert "9. préparation hydratante" in text
    name = "Marie-Éléonore de La Rochefoucauld-Montmorency-Beauharnais"
    # Each page after the first begins with whose it is.
    assert text.count(f"{name} · 2 mars 2026 · Bruno Delmas") >= 2
    assert "1/3" in text or "1/4" in text


def test_is_filed_once_in_each_language(world: World, desk: Desk) -> None:
    prescription = desk.prescribe(desk.write())
    first = file_prescription(prescription_id=prescription, at=world.at)
    assert file_prescription(prescription_id=prescription, at=world.at) == first
    (filed,) = list_documents(world.anna.patient_id, shown_to_patient=True)
    assert (filed.id, filed.kind, filed.language) == (first, "PRESCRIPTION", "fr")
    english = desk.prescribe(
        get_prescription(prescription).consultation_id,
        language="en",
        replaces_id=prescription,
        reason="Langue.",
    )
    original = file_prescription(prescription_id=english, at=world.at)
    found = {one.language: one.id for one in list_documents(world.anna.patient_id)[:2]}
    assert set(found) == {"fr", "en"}
    assert found["fr"] == original


def test_says_what_was_signed_whatever_changes_afterwards(world: World, desk: Desk) -> None:
    prescription = sign(desk, desk.write())
    Patient.objects.filter(id=world.anna.patient_id).update(birth_name="Nouveau", sex="U")
    text = text_of(world, "fr", prescription)
    assert "Anna Martin" in text
    assert "féminin" in text


def test_a_correction_replaces_and_both_stay(world: World, desk: Desk) -> None:
    consultation = desk.write()
    first = sign(desk, consultation)
    second = sign(desk, consultation, lines=[], replaces_id=first, reason="Sans antiviral.")
    latest, before = every_prescription(patient_id=world.anna.patient_id)
    assert (latest.id, latest.version, latest.reason) == (second, 2, "Sans antiviral.")
    assert latest.is_standing
    assert (before.id, before.replaced_by_id, before.is_standing) == (first, second, False)
    assert f"Annule et remplace l’ordonnance du 2 mars 2026 (référence {first})" in text_of(
        world, "fr", second
    )
    assert "valaciclovir" in text_of(world, "fr", first)


def test_free_lines_alone_are_a_prescription(world: World, desk: Desk) -> None:
    prescription = prescribe(
        patient_id=world.anna.patient_id,
        consultation_id=desk.write(),
        plan_id=None,
        site_id=world.lyon,
        lines=[ANTIVIRAL],
        today=desk.today,
        language="fr",
        actor=world.bruno.actor,
        at=world.at,
    )
    text = text_of(world, "fr", prescription)
    assert "1. Non substituable (CIF) – valaciclovir" in text
    assert "Crème" not in text
    assert "Ordonnance d’une seule ligne." in text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE care_prescription SET items = '[]'",
        "DELETE FROM care_prescription",
        "UPDATE patients_document SET title = 'x'",
        "DELETE FROM patients_document",
        "UPDATE plumbing_vault_file SET sha256 = 'x'",
        "DELETE FROM plumbing_vault_file",
    ],
)
def test_the_database_lets_nobody_change_it(world: World, desk: Desk, statement: str) -> None:
    file_prescription(prescription_id=desk.prescribe(desk.write()), at=world.at)
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_opened_again_it_is_the_same_bytes(world: World, desk: Desk) -> None:
    prescription = sign(desk, desk.write())
    first = document(world, "fr", prescription)
    assert document(world, "fr", prescription) == first
    opened = list_documents(world.anna.patient_id)[0]
    later = world.at + timedelta(days=400)
    again = open_document(document_id=opened.id, actor=world.anna.actor, at=later)
    assert again.content == first
