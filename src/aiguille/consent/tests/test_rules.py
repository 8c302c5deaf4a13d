"""What makes a signature valid: nothing empty, partial or somebody else's passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiguille.consent.rules import (
    LEAST_POINTS_OF_A_DRAWING,
    PAD,
    ConsentIncomplete,
    check_acknowledged,
    check_mention,
    check_signature,
    fold,
    is_name_of,
    points_of,
)

CONTENT = {
    "sections": [
        {"id": "nature", "acknowledgement": "J’ai compris."},
        {"id": "aim", "acknowledgement": ""},
        {"id": "your-rights", "acknowledgement": "Je sais que je peux changer d’avis."},
    ],
    "mention": "Lu et compris, je consens librement à ce soin",
}
ASKED = ("nature", "your-rights")
POINTS = st.tuples(st.integers(0, PAD[0]), st.integers(0, PAD[1]))


def path_of(points) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)


@pytest.mark.parametrize(
    ("typed", "passes"),
    [
        ("Anne-Marie Lefèvre", True),
        ("anne marie lefevre", True),
        ("LEFÈVRE Anne-Marie", True),
        ("Louise Lefèvre", True),
        ("Anne-Marie Louise Lefèvre", True),
        ("Anne-Marie Durand", True),
        ("Anne-Marie Lefèvre Durand", True),
        ("Anne Lefèvre", False),
        ("Anne-Marie", False),
        ("Lefèvre", False),
        ("Lefèvre Durand", False),
        ("Anne-Marie Martin", False),
        ("Anne-Marie Lefèvre Martin", False),
        ("Marc Lefèvre", False),
        ("", False),
        ("   ", False),
        ("-", False),
        ("A. L.", False),
    ],
)
def test_a_typed_name_is_the_patients_own(typed, passes):
    last_names = ("Lefèvre", "Durand")
    assert is_name_of(typed, first_names="Anne-Marie Louise", last_names=last_names) is passes


@given(st.text(max_size=60))
def test_nothing_typed_passes_for_a_record_without_a_name(typed):
    assert not is_name_of(typed, first_names="", last_names=("", ""))
    assert not is_name_of(typed, first_names="-", last_names=("Martin",))


@given(st.text(max_size=60))
def test_what_passes_names_the_patient_and_nobody_else(typed):
    if is_name_of(typed, first_names="Anna", last_names=("Martin",)):
        assert set(fold(typed).split()) == {"anna", "martin"}


@given(st.lists(POINTS, min_size=1, max_size=60))
def test_a_drawing_is_as_many_points_as_were_drawn(points):
    assert len(points_of(path_of(points))) == len(set(points))


@given(st.text(max_size=200))
def test_no_text_passes_for_a_drawing(text):
    if points_of(text):
        assert set(text) <= set("ML0123456789. ")


@pytest.mark.parametrize(
    "drawing",
    [
        "",
        "M",
        "M10 20",
        path_of([(1, 1)] * 50),
        path_of([(n, n) for n in range(LEAST_POINTS_OF_A_DRAWING - 1)]),
        path_of([(n * 60, n) for n in range(40)]),
        path_of([(n, n * 30) for n in range(40)]),
        "m" + path_of([(n, n) for n in range(40)])[1:],
        path_of([(n, n) for n in range(40)]) + "Z",
        path_of([(n, n) for n in range(40)]) + "\n",
        path_of([(n, n) for n in range(40)]) + '"/><script>',
        "L" + path_of([(n, n) for n in range(40)])[1:],
        path_of([(n, -n) for n in range(40)]),
        path_of([(f"{n}e1", n) for n in range(40)]),
        path_of([(f"{n}٣", n) for n in range(40)]),
        "[[[1,2],[3,4]]]",
        path_of([(n % 600, n % 200) for n in range(30_000)]),
    ],
)
def test_a_drawing_that_is_empty_too_small_outside_or_something_else_is_refused(drawing):
    with pytest.raises(ConsentIncomplete) as refused:
        check_signature(kind="DRAWN", signature=drawing, first_names="Anna", last_names=("Martin",))
    assert refused.value.field == "signature"


@pytest.mark.parametrize("kind", ["", "drawn", "NOTHING"])
def test_a_signature_is_drawn_or_typed(kind):
    with pytest.raises(ConsentIncomplete):
        check_signature(
            kind=kind, signature="Anna Martin", first_names="Anna", last_names=("Martin",)
        )


@given(st.dictionaries(st.sampled_from(ASKED), st.sampled_from([True, False, None, "on", 1])))
def test_every_acknowledgement_is_needed_and_only_true_gives_it(answers):
    if all(answers.get(name) is True for name in ASKED):
        assert check_acknowledged(CONTENT, answers) == dict.fromkeys(ASKED, True)
    else:
        with pytest.raises(ConsentIncomplete) as refused:
            check_acknowledged(CONTENT, answers)
        assert answers.get(refused.value.field) is not True


@pytest.mark.parametrize(
    ("typed", "passes"),
    [
        (CONTENT["mention"], True),
        ("  lu et compris je consens librement a ce soin ", True),
        ("LU ET COMPRIS, JE CONSENS LIBREMENT À CE SOIN.", True),
        ("Lu et compris", False),
        ("Lu et compris, je consens librement à ce soin et au suivant", False),
        ("", False),
    ],
)
def test_the_mention_is_copied_in_full(typed, passes):
    if passes:
        assert check_mention(CONTENT, typed) == typed.strip()
    else:
        with pytest.raises(ConsentIncomplete):
            check_mention(CONTENT, typed)
