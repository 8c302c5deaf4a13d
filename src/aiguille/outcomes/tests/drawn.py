"""Files that a camera, or somebody with bad intentions, might send: drawn by us."""

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageDraw

ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F
SECRET = "48 rue des Secrets"


def skin(
    kind: str = "JPEG", size: tuple[int, int] = (640, 480), *, seed: int = 0, **save: object
) -> bytes:
    """Return a picture whose upper left corner is red and whose rest is the colour of skin."""
    image = Image.new("RGB", size, (224, 188, 164 + seed % 60))
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 4, size[1] // 4), fill=(200, 20, 20))
    return encoded(image, kind, **save)


def tagged(orientation: int = 6) -> bytes:
    """Return a JPEG with a place, a maker, a comment and an orientation."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[MAKER] = SECRET
    exif.get_ifd(GPS).update({1: "N", 2: (45.0, 45.0, 30.0), 3: "E", 4: (4.0, 50.0, 12.0)})
    return skin(exif=exif, comment=SECRET.encode(), icc_profile=b"not a profile", dpi=(300, 300))


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """Return a PNG of a few bytes that says it is enormous."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def heic() -> bytes:
    """Return how a photo of an iPhone begins."""
    return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\0" * 100


def encoded(image: Image.Image, kind: str, **save: object) -> bytes:
    """Return an image as a file's bytes."""
    target = BytesIO()
    image.save(target, format=kind, **save)
    return target.getvalue()
