"""What a PDF that typst made says: its text in reading order, and what it claims to conform to.

Enough of the format for our own documents, so that tests need no program beside Python: streams
are deflated, and every font names its characters in a ToUnicode map.
"""

import re
import zlib
from itertools import pairwise

_STREAM = re.compile(rb"(\d+) 0 obj\s*<<(.*?)>>\s*stream\r?\n(.*?)endstream", re.DOTALL)
_OBJECT = re.compile(rb"(\d+) 0 obj\s*(.*?)\s*endobj", re.DOTALL)
# A string may hold brackets that are balanced as they are.
_STRING = rb"\((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*\)"
_SHOWN = re.compile(
    rb"/(?P<font>\S+) [\d.]+ Tf|<(?P<one>[0-9A-Fa-f]*)>\s*Tj|"
    rb"\[(?P<many>(?:" + _STRING + rb"|<[0-9A-Fa-f]*>|[-\d.\s])*)\]\s*TJ|"
    rb"(?P<plain>" + _STRING + rb")\s*Tj|(?P<line>\bT[dm*]\b|\bTD\b|\bET\b)",
    re.DOTALL,
)
_PART = re.compile(rb"<([0-9A-Fa-f]*)>|(" + _STRING + rb")|(-?[\d.]+)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pdf_metadata(content: bytes) -> str:
    """Return the XMP packet, which names the standards and the language."""
    found = re.search(rb"<\?xpacket begin.*?<\?xpacket end", content, re.DOTALL)
    assert found, "no metadata"
    return found.group().decode()


def pdf_text(content: bytes) -> str:
    """Return the text of every page, one line for each run of text, spaces between words."""
    objects = {int(number): body for number, body in _OBJECT.findall(content)}
    streams = {
        # What stands between the data and "endstream" is no part of them.
        int(number): zlib.decompressobj().decompress(body) if b"FlateDecode" in head else body
        for number, head, body in _STREAM.findall(content)
    }
    fonts = _fonts(objects, streams)
    lines: list[str] = []
    for number, body in objects.items():
        if not re.search(rb"/Type\s*/Page\b", body):
            continue
        contents = re.search(rb"/Contents (\d+) 0 R", body)
        assert contents, f"page {number} shows nothing"
        lines += _lines(streams[int(contents.group(1))], _names(body, objects, fonts))
    return "\n".join(lines)


def _fonts(objects: dict[int, bytes], streams: dict[int, bytes]) -> dict[int, dict[bytes, str]]:
    found = {}
    for number, body in objects.items():
        if mapped := re.search(rb"/ToUnicode (\d+) 0 R", body):
            found[number] = _characters(streams[int(mapped.group(1))])
    return found


def _characters(cmap: bytes) -> dict[bytes, str]:
    characters = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for code, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            characters[bytes.fromhex(code.decode())] = _utf16(text)
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, text in re.findall(
            rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block
        ):
            size = len(first) // 2
            for step, code in enumerate(range(int(first, 16), int(last, 16) + 1)):
                characters[code.to_bytes(size, "big")] = chr(ord(_utf16(text)) + step)
    return characters


def _utf16(text: bytes) -> str:
    return bytes.fromhex(text.decode()).decode("utf-16-be")


def _names(
    page: bytes, objects: dict[int, bytes], fonts: dict[int, dict[bytes, str]]
) -> dict[bytes, dict[bytes, str]]:
    """Return the characters of each font by its name on the page."""
    resources = page
    if apart := re.search(rb"/Resources (\d+) 0 R", page):
        resources = objects[int(apart.group(1))]
    listed = re.search(rb"/Font\s*(?:<<(.*?)>>|(\d+) 0 R)", resources, re.DOTALL)
    assert listed, "a page without fonts"
    body = listed.group(1) if listed.group(1) is not None else objects[int(listed.group(2))]
    return {name: fonts[int(number)] for name, number in re.findall(rb"/(\S+) (\d+) 0 R", body)}


def _lines(shown: bytes, names: dict[bytes, dict[bytes, str]]) -> list[str]:
    lines, line, characters = [], "", {}
    for found in _SHOWN.finditer(shown):
        if found["font"]:
            characters = names[found["font"]]
        elif found["line"]:
            if line.strip():
                lines.append(line)
            line = ""
        elif found["one"] is not None:
            line += _decoded(bytes.fromhex(found["one"].decode()), characters)
        elif found["plain"] is not None:
            line += _decoded(_unescaped(found["plain"]), characters)
        else:
            for coded, plain, _ in _PART.findall(found["many"]):
                if coded:
                    line += _decoded(bytes.fromhex(coded.decode()), characters)
                elif plain:
                    line += _decoded(_unescaped(plain), characters)
    return lines


def _unescaped(string: bytes) -> bytes:
    def replaced(found: re.Match[bytes]) -> bytes:
        said = found.group(1)
        if said.isdigit():
            return bytes([int(said, 8)])
        return _ESCAPES.get(said, said)

    return re.sub(rb"\\([0-7]{1,3}|.)", replaced, string[1:-1], flags=re.DOTALL)


def _decoded(codes: bytes, characters: dict[bytes, str]) -> str:
    size = max((len(code) for code in characters), default=1)
    bounds = [*range(0, len(codes), size), len(codes)]
    return "".join(characters.get(codes[a:b], "") for a, b in pairwise(bounds))
