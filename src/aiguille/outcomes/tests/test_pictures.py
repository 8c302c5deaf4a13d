"""What becomes of a file that somebody sends: a picture, or a refusal that says what to do."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aiguille.outcomes.pictures import (
    LONGEST_SIDE,
    MOST_BYTES,
    THUMBNAIL_SIDE,
    HeicRefused,
    NotAPhoto,
    PhotoDamaged,
    PhotoRefused,
    PhotoTooLarge,
    TooManyPixels,
    develop,
)
from aiguille.outcomes.tests.drawn import SECRET, bomb, encoded, heic, skin, tagged

RED, SKIN = (200, 20, 20), (224, 188, 164)


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def is_like(found: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) < 20 for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_encoded_anew_with_a_small_one(kind: str) -> None:
    picture = develop(skin(kind))

    photo, small = opened(picture.photo), opened(picture.thumbnail)
    assert (photo.format, photo.size) == ("JPEG", (640, 480))
    assert (picture.width, picture.height) == (640, 480)
    assert (small.format, small.size) == ("WEBP", (THUMBNAIL_SIDE, 360))
    assert is_like(photo.getpixel((5, 5)), RED)
    assert is_like(photo.getpixel((600, 400)), SKIN)


# Where the red corner (upper left as the sensor saw it) lies once the picture is upright.
UPRIGHT = {
    1: (5, 5), 2: (-5, 5), 3: (-5, -5), 4: (5, -5), 5: (5, 5), 6: (-5, 5), 7: (-5, -5), 8: (5, -5),
}  # fmt: skip


@pytest.mark.parametrize(("orientation", "corner"), UPRIGHT.items())
def test_nothing_survives_but_the_points_and_they_stand_upright(
    orientation: int, corner: tuple[int, int]
) -> None:
    sent = tagged(orientation)
    assert SECRET.encode() in sent

    picture = develop(sent)

    for content in (picture.photo, picture.thumbnail):
        image = opened(content)
        assert SECRET.encode() not in content
        assert not image.getexif()
        assert {"exif", "comment", "icc_profile", "dpi", "xmp"}.isdisjoint(image.info)
    photo = opened(picture.photo)
    assert photo.size == ((640, 480) if orientation < 5 else (480, 640))
    x, y = corner
    assert is_like(photo.getpixel((x % photo.width, y % photo.height)), RED)


def test_a_large_picture_is_made_smaller() -> None:
    picture = develop(skin(size=(6000, 3000), quality=50))

    assert (picture.width, picture.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_what_is_transparent_becomes_white() -> None:
    sent = encoded(Image.new("RGBA", (40, 40), (200, 20, 20, 0)), "PNG")

    assert opened(develop(sent).photo).getpixel((20, 20)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "CMYK", "1", "P", "LA", "I;16"])
def test_every_kind_of_points_is_read(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"

    assert opened(develop(encoded(Image.new(mode, (40, 40)), kind)).photo).mode == "RGB"


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", NotAPhoto),
        (b"%PDF-1.7", NotAPhoto),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NotAPhoto),
        (encoded(Image.new("RGB", (9, 9)), "GIF"), NotAPhoto),
        (encoded(Image.new("RGB", (9, 9)), "TIFF"), NotAPhoto),
        (heic(), HeicRefused),
        (encoded(Image.new("RGB", (9, 9)), "AVIF"), HeicRefused),
        (bomb(), TooManyPixels),
        (bomb(8001, 8000), TooManyPixels),
        (bomb(100, 100), PhotoDamaged),
        (skin()[:2000], PhotoDamaged),
        (b"\xff\xd8\xff" + b"\0" * 50, PhotoDamaged),
        (b"RIFF\x10\x00\x00\x00WEBP" + b"\0" * 50, PhotoDamaged),
        (skin() + b"\0" * MOST_BYTES, PhotoTooLarge),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(
    content: bytes, refusal: type[PhotoRefused]
) -> None:
    with pytest.raises(refusal) as caught:
        develop(content)

    assert type(caught.value) is refusal
    assert caught.value.field == "file"


def test_every_refusal_has_a_code_of_its_own() -> None:
    refusals = [PhotoTooLarge, TooManyPixels, HeicRefused, NotAPhoto, PhotoDamaged]

    assert len({one.code for one in refusals}) == len(refusals)


SENT = {"jpeg": skin("JPEG"), "png": skin("PNG"), "webp": skin("WEBP"), "tagged": tagged()}


# Pillow says of damaged tags that it cannot read them, and reads the picture.
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=100, deadline=None)
@given(
    start=st.sampled_from(sorted(SENT)),
    places=st.lists(st.tuples(st.integers(4, 3000), st.integers(0, 255)), max_size=30),
)
def test_a_file_that_lies_is_a_picture_or_a_refusal(
    start: str, places: list[tuple[int, int]]
) -> None:
    content = bytearray(SENT[start])
    for place, value in places:
        content[place % len(content)] = value
    try:
        picture = develop(bytes(content))
    except PhotoRefused:
        return
    assert opened(picture.photo).size == (picture.width, picture.height)
