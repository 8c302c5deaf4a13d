"""The addresses of the public pages in every language, for search engines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from aiguille.kernel.codes import Procedure

# The names of the pages in `public_site.urls`, most read first.
_PAGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("home", {}),
    *(("guide", {"procedure": procedure}) for procedure in Procedure),
    ("book", {}),
    ("practitioners", {}),
    ("sites", {}),
    ("prices", {}),
    ("legal", {}),
    ("privacy", {}),
)


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """A page by its absolute address in each language."""

    by_language: Mapping[str, str]


def public_addresses() -> list[PublicAddress]:
    """Return every public page with its absolute addresses."""
    return [
        PublicAddress({code: absolute(name, code, **kwargs) for code, _ in settings.LANGUAGES})
        for name, kwargs in _PAGES
    ]


def absolute(name: str, language: str, **kwargs: Any) -> str:
    """Return the absolute address of a public page in a language."""
    with override(language):
        return settings.BASE_URL + reverse(f"public:{name}", kwargs=kwargs)
