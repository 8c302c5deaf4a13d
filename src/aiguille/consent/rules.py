"""What makes a signature on a consent text valid: plain Python."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text

LEAST_POINTS_OF_A_DRAWING = 12
LONGEST_DRAWING = 100_000
# The pad's width and height, in the units of the drawing.
PAD = (640, 220)
_POINT = re.compile(r"[ML](\d{1,3}(?:\.\d{1,2})?) (\d{1,3}(?:\.\d{1,2})?)", re.ASCII)
_DRAWING = re.compile(f"(?=M)(?:{_POINT.pattern})+", re.ASCII)


class ConsentIncomplete(DomainError):
    """Something that the signature needs is missing, or is not this person's."""

    code = "consent_incomplete"


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of the canonical JSON of a text's content."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def fold(text: str) -> str:
    """Return `text` without case, accents, punctuation and spare space, to compare what is typed."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    letters = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return " ".join(re.sub(r"[^\w]+", " ", letters).split())


def check_acknowledged(content: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, bool]:
    """Return the acknowledgements of the text, each of them given.

    Raises:
        ConsentIncomplete: one was not given; `field` is its id.
    """
    asked = [section["id"] for section in content["sections"] if section["acknowledgement"]]
    for name in asked:
        if answers.get(name) is not True:
            raise ConsentIncomplete(
                Text(
                    fr="Cochez ce point après l’avoir lu, ou posez votre question.",
                    en="Tick this point once you have read it, or ask your question.",
                ),
                field=name,
            )
    return dict.fromkeys(asked, True)


def check_mention(content: Mapping[str, Any], mention: str) -> str:
    """Return the mention as typed, when it says what the text asks to write.

    Raises:
        ConsentIncomplete: it does not.
    """
    if fold(mention) != fold(content["mention"]):
        raise ConsentIncomplete(
            Text(
                fr="Recopiez la phrase en entier, mot pour mot.",
                en="Copy the sentence in full, word for word.",
            ),
            field="mention",
        )
    return mention.strip()


def check_signature(
    *, kind: str, signature: str, first_names: str, last_names: Collection[str]
) -> str:
    """Return the signature: a typed name that is the patient's, or a drawing of strokes.

    A typed name holds one of the first names and one of the last names, and no name of anybody
    else. A drawing is SVG path data of absolute moves and lines within the pad.

    Raises:
        ConsentIncomplete: it is empty, too small to be a signature, or another person's name.
    """
    if kind == "TYPED":
        if not is_name_of(signature, first_names=first_names, last_names=last_names):
            raise ConsentIncomplete(
                Text(
                    fr="Tapez votre prénom et votre nom, tels qu’ils figurent à votre dossier.",
                    en="Type your first name and your last name, as they stand in your record.",
                ),
                field="signature",
            )
        return signature.strip()
    if kind == "DRAWN" and len(points_of(signature)) >= LEAST_POINTS_OF_A_DRAWING:
        return signature
    raise ConsentIncomplete(
        Text(
            fr="La signature est vide ou trop courte : recommencez.",
            en="The signature is empty or too short: please sign again.",
        ),
        field="signature",
    )


def is_name_of(typed: str, *, first_names: str, last_names: Collection[str]) -> bool:
    """Tell whether what somebody typed is this person's name, whatever the case and accents."""
    words = set(fold(typed).split())
    firsts = [set(fold(name).split()) for name in first_names.split()]
    lasts = [set(fold(name).split()) for name in last_names]
    return (
        any(name and name <= words for name in firsts)
        and any(name and name <= words for name in lasts)
        and words <= set().union(*firsts, *lasts)
    )


def points_of(drawing: str) -> set[tuple[Decimal, Decimal]]:
    """Return the distinct points of a drawing; none where it is not one, or leaves the pad."""
    if len(drawing) > LONGEST_DRAWING or not _DRAWING.fullmatch(drawing):
        return set()
    points = {(Decimal(x), Decimal(y)) for x, y in _POINT.findall(drawing)}
    width, height = PAD
    return points if all(x <= width and y <= height for x, y in points) else set()
