"""Gather, check and compile the French catalogue with Babel, without GNU gettext.

Texts in the code and the templates are written in English, which is their own translation.

Usage: python tools/translations.py gather|check|compile
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "aiguille"
FRENCH = PACKAGE / "locale" / "fr" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def main() -> int:
    """Do what the command line asks."""
    actions = {"gather": gather, "check": check, "compile": compile_all}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        print(__doc__, file=sys.stderr)
        return 2
    return actions[sys.argv[1]]()


def gather() -> int:
    """Update the catalogue: new texts without a translation, vanished ones removed."""
    catalogue = read(FRENCH)
    # A guess would be taken for a translation that somebody read.
    catalogue.update(wanted(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    FRENCH.parent.mkdir(parents=True, exist_ok=True)
    with FRENCH.open("wb") as file:
        write_po(file, catalogue, width=100, sort_output=True, no_location=True, omit_header=False)
    missing = sum(1 for _ in untranslated(catalogue))
    print(f"{len(catalogue)} texts, {missing} to translate in {FRENCH.relative_to(ROOT)}")
    return 0


def check() -> int:
    """Refuse a text without a French translation, and one whose variables differ."""
    catalogue, complaints = read(FRENCH), []
    for message in wanted():
        if message.id and (found := catalogue.get(message.id, message.context)) is None:
            complaints.append(f"not in the catalogue (make messages): {message.id!r}")
        elif message.id and found is not None and not is_translated(found):
            complaints.append(f"not translated: {message.id!r}")
    for message in catalogue:
        complaints += [f"{error}: {message.id!r}" for error in message.check(catalogue)]
    print("\n".join(complaints) or f"{len(catalogue)} texts, every one in French and English")
    return 1 if complaints else 0


def compile_all() -> int:
    """Write the .mo beside every .po."""
    for source in PACKAGE.rglob("locale/*/LC_MESSAGES/*.po"):
        with source.with_suffix(".mo").open("wb") as file:
            write_mo(file, read(source))
    return 0


def wanted() -> Catalog:
    """Return every text that the code and the templates name."""
    catalogue = Catalog(locale="fr", project="Aiguille", copyright_holder="Aiguille contributors")
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html"), *PACKAGE.rglob("*.txt")]):
        if "tests" in path.parts or "migrations" in path.parts:
            continue
        for line, text, comments, context in texts_of(path):
            catalogue.add(text, None, [(path.name, line)], auto_comments=comments, context=context)
    return catalogue


def texts_of(path: Path) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    """Yield the texts of a file."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Django turns a template into calls; what indents them means nothing to Python.
        source = "\n".join(line.strip() for line in templatize(source).splitlines())
    yield from extract(
        "python", BytesIO(source.encode()), KEYWORDS, ["Translators:"], {"encoding": "utf-8"}
    )


def untranslated(catalogue: Catalog) -> Iterator[object]:
    """Yield what nobody translated yet."""
    yield from (message.id for message in catalogue if message.id and not is_translated(message))


def is_translated(message: object) -> bool:
    """Tell whether every form of a text is there and was read by somebody."""
    string = getattr(message, "string", None)
    forms = string if isinstance(string, (tuple, list)) else (string,)
    return all(forms) and not getattr(message, "fuzzy", False)


def read(path: Path) -> Catalog:
    """Read a catalogue; an absent one is empty."""
    if not path.exists():
        return Catalog(locale="fr", project="Aiguille")
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], abort_invalid=True)


if __name__ == "__main__":
    sys.exit(main())
