"""Skin as the demo's photos show it: drawn here, so that nobody's face is in it.

A cheek seen from the side it lies on, its lines and spots fainter the further a course is.
"""

import random
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter, ImageFont

_SIZE, _SENT = (900, 1200), (600, 800)
_JAW_FROM, _HALF = 840, 127
_TONES = [
    (247, 219, 199), (240, 205, 178), (222, 178, 142), (196, 144, 106), (150, 102, 72), (104, 70, 52),
]  # fmt: skip


def cheek(*, phototype: int, progress: float, seed: str, is_left: bool = True) -> bytes:
    """Return a JPEG of a drawn cheek.

    `phototype` is 1 to 6; `progress` goes from 0 (before the course) to 1 (everything faded);
    `seed` gives a person their own lines and spots, the same on every drawing.
    """
    tone = _TONES[phototype - 1]
    rng = random.Random(seed)  # noqa: S311 -- a demo's dice
    image = Image.new("RGB", _SIZE, _mixed(tone, (255, 255, 255), 0.62))
    image.paste(tone, mask=_outline())
    draw = ImageDraw.Draw(image)
    _light(draw, tone)
    marks = Image.new("L", _SIZE, 0)
    _marks(ImageDraw.Draw(marks), rng, strength=1 - 0.8 * progress)
    image.paste(_mixed(tone, (120, 40, 30), 0.5), mask=marks.filter(ImageFilter.GaussianBlur(4)))
    _features(draw, tone)
    if not is_left:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    _label(image)
    image.thumbnail(_SENT)
    target = BytesIO()
    image.save(target, format="JPEG", quality=88)
    return target.getvalue()


@cache
def _outline() -> Image.Image:
    """Return where the face is, seen from the side; its jaw rounded, its profile sharp."""
    outline = [
        (120, 0), (108, 260), (60, 420), (20, 560), (70, 610), (78, 700), (110, 760), (96, 850),
        (150, 960), (300, 1080), (520, 1110), (720, 1010), (800, 820), (830, 520), (900, 420), (900, 0),
    ]  # fmt: skip
    face = Image.new("L", _SIZE, 0)
    ImageDraw.Draw(face).polygon(outline, fill=255)
    jaw = (0, _JAW_FROM, *_SIZE)
    rounded = face.filter(ImageFilter.GaussianBlur(42)).point(_is_inside)
    face.paste(rounded.crop(jaw), jaw)
    return face


def _is_inside(level: int) -> int:
    return 255 if level > _HALF else 0


def _light(draw: ImageDraw.ImageDraw, tone: tuple[int, int, int]) -> None:
    """Lay a soft light on the cheek, weaker on dark skin."""
    most = 0.3 * (sum(tone) / (3 * 255)) ** 2
    for step in range(36):
        radius = 250 - step * 7
        colour = _mixed(tone, (255, 236, 224), step / 36 * most)
        draw.ellipse((430 - radius, 640 - radius, 430 + radius, 640 + radius), fill=colour)


def _marks(draw: ImageDraw.ImageDraw, rng: random.Random, *, strength: float) -> None:
    """Draw fine lines by the eye and beside the mouth, and small spots, each of its own depth."""
    for line in range(5):
        top = 385 + line * 34 + rng.randrange(-8, 8)
        depth = round((150 - line * 14) * strength)
        draw.arc((560, top - 90, 860, top + 130), 120, 178, fill=depth, width=7)
    for line in range(3):
        left = 170 + line * 40
        depth = round((165 - line * 30) * strength)
        draw.arc((left - 130, 600, left + 120, 900), -48, 38, fill=depth, width=9)
    for _spot in range(26):
        across, down, size = rng.randrange(250, 680), rng.randrange(480, 930), rng.randrange(5, 15)
        depth = round(rng.randrange(60, 150) * strength)
        draw.ellipse((across - size, down - size, across + size, down + size), fill=depth)


def _features(draw: ImageDraw.ImageDraw, tone: tuple[int, int, int]) -> None:
    """Draw eye, brow, nose and mouth in line, as in a textbook."""
    ink = _mixed(tone, (40, 24, 20), 0.75)
    draw.arc((300, 250, 560, 420), 195, 345, fill=ink, width=9)
    draw.arc((310, 230, 550, 400), 25, 160, fill=ink, width=6)
    draw.ellipse((400, 285, 470, 355), outline=ink, width=8)
    draw.ellipse((422, 307, 448, 333), fill=ink)
    draw.arc((270, 130, 610, 330), 200, 330, fill=ink, width=16)
    draw.line([(108, 260), (60, 420), (20, 560), (70, 610)], fill=ink, width=7, joint="curve")
    draw.arc((70, 520, 200, 640), 10, 150, fill=ink, width=7)
    draw.line([(78, 700), (150, 720), (250, 752)], fill=ink, width=7, joint="curve")
    draw.line([(110, 760), (180, 758), (250, 752)], fill=ink, width=6, joint="curve")
    draw.arc((100, 720, 250, 830), 20, 130, fill=ink, width=6)
    draw.arc((780, 380, 940, 700), 100, 260, fill=ink, width=8)


def _label(image: Image.Image) -> None:
    """Say in the picture that it is a drawing, in both languages."""
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((24, 1128, 420, 1180), radius=14, fill=(255, 255, 255))
    draw.text((42, 1136), "Dessin · Drawing", fill=(60, 50, 46), font=ImageFont.load_default(30))


def _mixed(
    one: tuple[int, int, int], other: tuple[int, int, int], share: float
) -> tuple[int, int, int]:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
