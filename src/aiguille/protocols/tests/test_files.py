"""Protocol files: those that ship are sound, and each fault is named with file and field."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from aiguille.kernel.codes import FORBIDDEN_ZONES, Indication, Technique
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.machine import compile_protocol
from aiguille.protocols.model import Adoption, Purpose
from aiguille.protocols.reading import problems_of, read_protocol
from aiguille.protocols.refusals import refusal_texts
from aiguille.protocols.sources import SHIPPED, ProtocolMalformed, digest_of, load

NAMES = sorted(shipped_protocols())
FILES = sorted(path.name for path in SHIPPED.glob("*-*.toml"))


def test_every_promised_protocol_ships() -> None:
    needling = {
        f"needling-{device}-{indication}"
        for device in ("roller", "pen")
        for indication in ("ageing", "acne-scars", "surgical-scars", "stretch-marks")
    }
    mesotherapy = {f"mesotherapy-{kind}" for kind in ("mesolift", "skin-quality", "acne", "hair")}
    assert set(NAMES) == needling | mesotherapy | {"needling-roller-traditional"}


@pytest.mark.parametrize("name", FILES)
def test_a_shipped_file_is_sound_and_named_after_its_id(name: str) -> None:
    assert problems_of(SHIPPED / name) == ()
    assert name.removesuffix(".toml") in NAMES


def test_only_the_traditional_protocol_is_adopted_knowingly() -> None:
    knowing = [
        name
        for name, shipped in shipped_protocols().items()
        if shipped.protocol.adoption is Adoption.KNOWINGLY
    ]
    assert knowing == ["needling-roller-traditional"]
    said = shipped_protocols()["needling-roller-traditional"].protocol.disagreement
    assert said is not None
    assert "D17" in said.fr


@pytest.mark.parametrize("name", NAMES)
def test_no_shipped_protocol_treats_a_forbidden_zone_or_skips_safety(name: str) -> None:
    protocol = shipped_protocols()[name].protocol
    assert not FORBIDDEN_ZONES & set(protocol.zones)
    for step in protocol.steps:
        assert not (step.skippable and (step.purpose or step.safety))


def test_mesotherapy_names_its_techniques_and_courses() -> None:
    shipped = {name: each.protocol for name, each in shipped_protocols().items()}
    assert {t.technique for t in shipped["mesotherapy-mesolift"].techniques} == {
        Technique.IED,
        Technique.IDS_NAPPAGE,
        Technique.PAPULE,
        Technique.IDP_POINT_PAR_POINT,
    }
    assert shipped["mesotherapy-mesolift"].course(Indication.MESOLIFT_AGEING).offsets_days == (
        0, 15, 30,
    )  # fmt: skip
    assert shipped["mesotherapy-skin-quality"].courses[0].code == "BOOSTER_3x4W"
    assert shipped["mesotherapy-hair"].courses[0].offsets_days[:8] == (0, 7, 14, 21, 28, 42, 56, 70)
    assert shipped["needling-pen-acne-scars"].courses[0].needle_mm_default == Decimal("1.5")


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_content_reads_back_as_the_same_protocol(name: str) -> None:
    shipped = shipped_protocols()[name]
    kept = json.loads(json.dumps(shipped.content))
    assert read_protocol(kept) == shipped.protocol
    assert digest_of(kept) == shipped.digest


@pytest.mark.parametrize("name", NAMES)
def test_the_compiled_machine_is_plain_json_with_everything_resolved(name: str) -> None:
    protocol = shipped_protocols()[name].protocol
    machine = compile_protocol(protocol)
    assert json.loads(json.dumps(machine)) == machine
    steps = machine["steps"]
    assert isinstance(steps, list)
    assert [step["id"] for step in steps] == [step.id for step in protocol.steps]
    needle = next(step for step in steps if step["purpose"] == Purpose.NEEDLE)
    assert {guard["kind"] for guard in needle["guards"]} >= {"cream_removed", "consent_current"}
    assert machine["refusals"] == {code: text.as_dict() for code, text in refusal_texts().items()}


FAULTS = {
    "a cycle of steps": (
        '[step.explain]\nafter = ["sharps"]',
        "step.explain.after",
        "in a cycle",
    ),
    "an unknown step before": ('[step.explain]\nafter = ["nowhere"]', "step.explain.after", "nowh"),
    "an unknown step listed": ('steps = ["explain", "dance"]', "steps[1]", "unknown step 'dance'"),
    "a step listed twice": ('steps = ["explain", "explain"]', "steps[1]", "listed twice"),
    "a missing translation": ('[step.drape]\ntitle.en = ""', "step.drape.title.en", "translation"),
    "an unknown language": ('[step.drape]\ntitle.de = "Tuch"', "step.drape.title.de", "language"),
    "an unknown guard": ('[step.drape]\nguards = ["magic"]', "step.drape.guards[0]", "'magic'"),
    "an unknown kind of guard": (
        '[step.drape.guard.moon]\nkind = "moon_full"',
        "step.drape.guard.moon.kind",
        "unknown guardkind 'moon_full'",
    ),
    "an unknown question": ('[guard.lidocaine]\nask = "dose"', "guard.lidocaine.ask", "'dose'"),
    "a missing fact": (
        '[step.drape.guard.q]\nkind = "rule"\nask = "density"',
        "step.drape.guard.q.facts.rolls",
        "needs this fact",
    ),
    "an unknown fact": (
        '[guard.lidocaine.facts]\nmoon = "full"',
        "guard.lidocaine.facts.moon",
        "no such fact",
    ),
    "an unknown reference": (
        '[guard.lidocaine.facts]\nmg = "$event.moon"',
        "guard.lidocaine.facts.mg",
        "unknown reference '$event.moon'",
    ),
    "an unknown timer": ('[guard.dry]\ntimer = "moon"', "guard.dry.timer", "unknown timer 'moon'"),
    "an unknown field": (
        '[step.drape.guard.v]\nkind = "value"\nfield = "colour"\nin = ["blue"]',
        "step.drape.guard.v.field",
        "unknown field 'colour'",
    ),
    "an unknown type of field": (
        '[step.drape.field.x]\ntype = "smell"\nlabel = {fr = "a", en = "b"}',
        "step.drape.field.x.type",
        "'smell'",
    ),
    "a decimal without unit": (
        '[step.drape.field.x]\ntype = "decimal"\nlabel = {fr = "a", en = "b"}',
        "step.drape.field.x.unit",
        "unit",
    ),
    "an unknown zone": ('zones = ["ELBOW"]', "zones[0]", "unknown zone 'ELBOW'"),
    "a forbidden zone": ('zones = ["EYELID"]', "zones", "EYELID"),
    "an unknown technique": ('techniques = ["XYZ"]', "techniques[0]", "'XYZ'"),
    "an indication of another procedure": ('indications = ["STRIAE"]', "indications", "STRIAE"),
    "an indication without course": ('indications = ["PAIN"]', "courses.PAIN", "course"),
    "an unknown course": ('courses = { ACNE = "X" }', "courses.ACNE", "unknown course 'X'"),
    "an unknown key": ('colour = "blue"', "colour", "unknown key"),
    "a bad version": ('version = "1"', "version", "1.0.0"),
    "a knowing adoption without words": (
        'adoption = "adopt_knowingly"',
        "disagreement",
        "adopt_knowingly",
    ),
    "a skippable safety step": (
        "[step.antisepsis]\nskippable = true",
        "step.antisepsis.skippable",
        "never be skipped",
    ),
    "a needle without its guards": (
        '[step.injections]\nguards = ["consent"]',
        "step.injections.guard",
        "needs the guard 'cream_removed'",
    ),
    "a needle that never asks who holds it": (
        '[step.injections]\nguards = ["consent"]',
        "step.injections.guard",
        "must ask the question 'performer'",
    ),
    "a needle before antisepsis": (
        '[step.injections]\nafter = ["cream_off"]',
        "step.injections.after",
        "'antisepsis'",
    ),
    "a unit nobody judges": (
        "[step.drape]\nguards = []",
        "step.drape.guard",
        "must ask the question 'unit'",
    ),
    "a closing step that may be skipped": ('closing = ["photo"]', "closing", "never skipped"),
    "a repeat of strangers": (
        '[repeat.r]\nsteps = ["explain", "sharps"]\nmin = 1\ndefault = 1\nmax = 2',
        "repeat.r.steps",
        "neighbours",
    ),
    "cycles that shrink": (
        '[repeat.r]\nsteps = ["explain"]\nmin = 3\ndefault = 1\nmax = 2',
        "repeat.r.default",
        "min <= default",
    ),
    "a timer from nowhere": (
        "[step.antisepsis.timer.drying]\nfrom_field = 'method'",
        "step.antisepsis.timer.drying.from_field",
        "no instant",
    ),
}

BASE = {
    "include": '["steps/mesotherapy.toml"]',
    "id": '"clinic-mesolift"',
    "version": '"1.0.0"',
    "adoption": '"standard"',
    "indications": '["MESOLIFT_AGEING"]',
    "courses": '{ MESOLIFT_AGEING = "FACE_D0_D15_D30" }',
    "zones": '["CHEEK"]',
    "techniques": '["PAPULE"]',
    "sources": '["SEED-M"]',
    "title": '{ fr = "Essai", en = "Trial" }',
    "summary": '{ fr = "Essai.", en = "Trial." }',
}


def clinic_file(folder: Path, change: str = "") -> Path:
    """Write a clinic's own protocol, on shipped fragments, with one change."""
    top = {} if change.startswith("[") else dict([change.split(" = ", 1)] if change else [])
    lines = [f"{key} = {value}" for key, value in {**BASE, **top}.items()]
    path = folder / "clinic.toml"
    path.write_text("\n".join([*lines, change if change.startswith("[") else ""]), "utf-8")
    return path


def test_a_clinic_writes_its_own_on_the_shipped_fragments(tmp_path: Path) -> None:
    assert problems_of(clinic_file(tmp_path)) == ()


@pytest.mark.parametrize(("change", "field", "words"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_file_and_field(
    tmp_path: Path, change: str, field: str, words: str
) -> None:
    found = problems_of(clinic_file(tmp_path, change))
    named = [each for each in found if each.field.endswith(field) and words in each.message]
    assert named, [str(each) for each in found]
    assert named[0].file


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id = ", "is not well formed"),
        ('include = ["clinic.toml"]', "there is no file"),
        ('include = "steps"', "must be a list"),
        ('include = ["../secret.toml"]', "there is no file"),
        ('include = ["/etc/hostname"]', "there is no file"),
    ],
)
def test_a_file_that_cannot_be_merged_says_why(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text, "utf-8")
    assert any(words in str(problem) for problem in problems_of(path))


def test_includes_that_form_a_cycle_are_named(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('include = ["two.toml"]', "utf-8")
    (tmp_path / "two.toml").write_text('include = ["one.toml"]', "utf-8")
    found = problems_of(tmp_path / "one.toml")
    assert any(
        "cycle: one.toml -> two.toml -> one.toml" in each.message and each.field == "include"
        for each in found
    )


def test_a_missing_file_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    assert "cannot be read" in str(problems_of(tmp_path / "none.toml")[0])


def test_a_fault_of_an_included_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "extra.toml").write_text('[step.drape]\ntitle.en = ""', "utf-8")
    path = clinic_file(tmp_path, 'include = ["steps/mesotherapy.toml", "extra.toml"]')
    assert [each.file for each in problems_of(path)] == ["extra.toml"]


def test_a_json_file_reads_like_a_toml_file(tmp_path: Path) -> None:
    source = load(SHIPPED / "mesotherapy-hair.toml")
    path = tmp_path / "hair.json"
    path.write_text(json.dumps(source.content), "utf-8")
    assert problems_of(path) == ()


def test_a_kept_content_with_faults_is_refused_with_all_of_them() -> None:
    with pytest.raises(ProtocolMalformed) as refused:
        read_protocol({"id": "x"})
    assert {"version", "title", "steps"} <= {each.field for each in refused.value.problems}
