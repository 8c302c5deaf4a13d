"""What makes a signature on a consent text valid: plain Python."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text

LEAST_POINTS_OF_A_DRAWING = 12


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


def check_signature(*, kind: str, signature: str, names: tuple[str, ...]) -> str:
    """Return the signature: a typed name that is one of the patient's, or a drawing of strokes.

    A drawing is JSON: a list of strokes, each a list of `[x, y]` points.

    Raises:
        ConsentIncomplete: it is empty, too small to be a signature, or another person's name.
    """
    if kind == "TYPED":
        typed = set(fold(signature).split())
        if not any(set(fold(name).split()) <= typed for name in names if name.strip()):
            raise ConsentIncomplete(
                Text(
                    fr="Tapez votre prénom et votre nom.",
                    en="Type your first name and your last name.",
                ),
                field="signature",
            )
        return signature.strip()
    if kind == "DRAWN" and _points(signature) >= LEAST_POINTS_OF_A_DRAWING:
        return signature
    raise ConsentIncomplete(
        Text(
            fr="La signature est vide ou trop courte : recommencez.",
            en="The signature is empty or too short: please sign again.",
        ),
        field="signature",
    )


def _points(drawing: str) -> int:
    try:
        strokes = json.loads(drawing)
        return len({(float(x), float(y)) for stroke in strokes for x, y in stroke})
    except (TypeError, ValueError):
        return 0
