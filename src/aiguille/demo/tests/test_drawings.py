"""The demo's photos are drawings, the same for a person each time, and taken like any photo."""

from aiguille.demo.drawings import cheek
from aiguille.outcomes.pictures import develop


def test_a_drawing_is_taken_and_changes_with_the_course_and_the_side():
    drawn = {
        (progress, is_left): cheek(phototype=3, progress=progress, seed="anna", is_left=is_left)
        for progress in (0, 1)
        for is_left in (True, False)
    }

    assert len(set(drawn.values())) == 4
    assert drawn[0, True] == cheek(phototype=3, progress=0, seed="anna")
    assert drawn[0, True] != cheek(phototype=3, progress=0, seed="marc")
    picture = develop(drawn[0, True])
    assert (picture.width, picture.height) == (600, 800)
