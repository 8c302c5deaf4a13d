"""From what a camera sent to what the record keeps: decoded, turned upright, and encoded anew.

Nothing of the file that was sent survives but its pixels: no place, no date, no device, no comment.
"""

import struct
from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore

from PIL import Image, ImageCms, ImageOps

from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text

MOST_BYTES = 25 * 1024 * 1024
MOST_PIXELS = 64_000_000
LONGEST_SIDE = 4096
# A telephone's 8,064 pixels halve to 4,032, which is as good as the longest side.
_DRAFTED_SIDE = 4000
THUMBNAIL_SIDE = 480
PHOTO_TYPE, THUMBNAIL_TYPE = "image/jpeg", "image/webp"

# A picture of 64 million points takes some 400 MB while it is decoded: a process has two at most.
_AT_ONCE = BoundedSemaphore(2)
# What a decoder raises on a file that lies is whatever it stumbled over.
_STUMBLES = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, struct.error,
)  # fmt: skip
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif"}


class PhotoRefused(DomainError):
    """The file cannot be kept as a photo; the text says what to do."""

    code = "photo_refused"


class PhotoTooLarge(PhotoRefused):
    """The file is larger than what is taken."""

    code = "photo_too_large"
    default_text = Text(
        fr="Cette photo dépasse 25 Mo. Choisissez une taille plus petite dans l’appareil photo.",
        en="This photo is larger than 25 MB. Choose a smaller size in the camera.",
    )


class TooManyPixels(PhotoRefused):
    """The picture would take too much memory to open."""

    code = "photo_has_too_many_pixels"
    default_text = Text(
        fr="Cette photo a plus de 64 millions de points. Choisissez une définition plus petite.",
        en="This photo has over 64 million pixels. Choose a lower resolution.",
    )


class HeicRefused(PhotoRefused):
    """The file is in a format that not every browser shows."""

    code = "photo_is_heic"
    default_text = Text(
        fr="Cette photo est au format HEIC, que nous ne lisons pas. Sur un iPhone : Réglages,"
        " Appareil photo, Formats, « Le plus compatible ». Ou prenez la photo depuis cette page.",
        en="This photo is in the HEIC format, which we do not read. On an iPhone: Settings,"
        " Camera, Formats, “Most Compatible”. Or take the photo from this page.",
    )


class NotAPhoto(PhotoRefused):
    """The file is none of the formats that are taken, whatever it says that it is."""

    code = "not_a_photo"
    default_text = Text(
        fr="Ce fichier n’est pas une photo que nous lisons : envoyez un JPEG, un PNG ou un WebP.",
        en="This file is not a photo that we read: send a JPEG, a PNG or a WebP.",
    )


class PhotoDamaged(PhotoRefused):
    """The file begins like a photo and cannot be read to its end."""

    code = "photo_damaged"
    default_text = Text(
        fr="Cette photo est abîmée ou incomplète. Envoyez-la de nouveau.",
        en="This photo is damaged or incomplete. Send it again.",
    )


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo as the record keeps it: a JPEG, and a small WebP of it. Sizes in pixels."""

    photo: bytes
    thumbnail: bytes
    width: int
    height: int


def develop(content: bytes) -> Picture:
    """Return the picture in a file that somebody sent.

    At most 4,096 pixels a side, upright, in sRGB, on white where it was transparent.

    Raises:
        PhotoTooLarge, NotAPhoto, HeicRefused, TooManyPixels, PhotoDamaged: it is not taken.
    """
    if len(content) > MOST_BYTES:
        raise PhotoTooLarge(field="file")
    kind = _sniffed(content)
    with _AT_ONCE:
        upright = _decoded(content, kind)
        photo = _encoded(upright, "JPEG", quality=90, subsampling=0, optimize=True)
        small = upright.copy()
        small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
        return Picture(
            photo=photo,
            thumbnail=_encoded(small, "WEBP", quality=80),
            width=upright.width,
            height=upright.height,
        )


def _sniffed(content: bytes) -> str:
    """Return the format that the first bytes show; neither a name nor a type that came along."""
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS:
        raise HeicRefused(field="file")
    raise NotAPhoto(field="file")


def _decoded(content: bytes, kind: str) -> Image.Image:
    try:
        with Image.open(BytesIO(content), formats=[kind]) as image:
            # The size stands in the header: it is judged before a single point is decoded.
            if image.width * image.height > MOST_PIXELS:
                raise TooManyPixels(field="file")
            # A JPEG twice as large or more is decoded at a half, a quarter or an eighth.
            share = _DRAFTED_SIDE / max(image.size)
            image.draft("RGB", (round(image.width * share), round(image.height * share)))
            image.load()
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
            return _in_srgb(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooManyPixels(field="file") from None
    except _STUMBLES as error:
        raise PhotoDamaged(field="file") from error


def _in_srgb(image: Image.Image) -> Image.Image:
    """Return nothing but the points of an image, in sRGB, on white."""
    profile = image.info.get("icc_profile")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    if profile and image.mode in {"RGB", "CMYK", "L"}:
        image = _through_profile(image, profile)
    bare = Image.new("RGB", image.size)
    bare.paste(image.convert("RGB"))
    return bare


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """Return the image in sRGB, as it is where its profile cannot be read."""
    try:
        found = ImageCms.profileToProfile(
            image, BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return found or image


def _encoded(image: Image.Image, kind: str, **how: object) -> bytes:
    target = BytesIO()
    image.save(target, format=kind, **how)
    return target.getvalue()
