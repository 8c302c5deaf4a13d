"""The root of all anticipated failures."""

from typing import ClassVar

from aiguille.kernel.text import Text


class DomainError(Exception):
    """A refusal that a caller can anticipate, explain and show to a person.

    Subclasses stand beside the operation that raises them. `code` is stable and meant for
    programs; `text` is meant for people, in both languages; `field` names the input at fault
    where there is one, in the caller's words.
    """

    code: ClassVar[str] = "domain_error"
    default_text: ClassVar[Text] = Text(
        fr="Cette action n’est pas possible.", en="This action is not possible."
    )

    def __init__(self, text: Text | None = None, *, field: str | None = None) -> None:
        self.text = text or self.default_text
        self.field = field
        super().__init__(f"{self.code}: {self.text.en}")


class ElsewhereFirst(DomainError):
    """Something must be done on another page first; what was refused then goes on by itself.

    Faces let it pass: the doorkeeper keeps what was typed and shows that page.
    """

    code = "elsewhere_first"
