"""Where the built front end is: Vite's manifest, read once per build."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.core import checks
from django.templatetags.static import static

import aiguille

_BUILD: Final = Path(aiguille.__file__).parent / "static" / "build"
_MANIFEST: Final = _BUILD / "manifest.json"


def address(entry: str) -> str:
    """Return the public address of a built entry, e.g. "frontend/styles/app.css".

    Without a build the address answers 404, and the system check says so at start-up: a
    page's words stay readable, and tests of pages need no Node.

    Raises:
        KeyError: the front end is built and has no such entry.
    """
    built = _manifest()
    if built is None:
        return static(f"build/missing/{entry}")
    return static(f"build/{built[entry]}")


def font_addresses() -> list[str]:
    """Return the addresses of the two typefaces, for preloading; empty without a build."""
    built = _manifest() or {}
    return [static(f"build/{file}") for file in built.values() if file.endswith(".woff2")]


def plain_address(file: str) -> str:
    """Return the address of a file that is built under its own name, e.g. "favicon.svg"."""
    return static(f"build/{file}")


@checks.register(checks.Tags.staticfiles)
def check_front_end(**_kwargs: object) -> list[checks.CheckMessage]:
    """Warn when the front end has not been built."""
    if _manifest() is not None:
        return []
    hint = "Run `make setup` (or `npm run build`)."
    return [checks.Warning("The front end is not built.", hint=hint, id="aiguille.W001")]


def _manifest() -> dict[str, str] | None:
    """Entry -> file name, or None when nothing is built."""
    try:
        stamp = _MANIFEST.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read(stamp)


@lru_cache(maxsize=1)
def _read(_stamp: int) -> dict[str, str]:
    entries = json.loads(_MANIFEST.read_text(encoding="utf-8"))
    return {key: str(entry["file"]) for key, entry in entries.items()}
