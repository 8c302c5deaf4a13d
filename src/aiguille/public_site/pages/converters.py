"""The guides' addresses: `/fr/guide/aiguilletage/` is `/en/guide/needling/`."""

from django.utils.translation import get_language

from aiguille.catalogue.guides import guide, procedure_of_slug
from aiguille.kernel.codes import Language, Procedure


class GuideSlug:
    """Reads the slug of either language and writes that of the active one.

    So the language switch, which reverses the address of the same page, translates the slug too.
    """

    regex = "[a-z-]+"

    def to_python(self, value: str) -> Procedure:
        """Return the procedure whose guide this is; an unknown slug is no address."""
        procedure = procedure_of_slug(value)
        if procedure is None:
            raise ValueError(value)
        return procedure

    def to_url(self, value: Procedure | str) -> str:
        """Return the slug of the guide in the active language."""
        return guide(Procedure(value)).slug.in_language(get_language() or Language.FR)
