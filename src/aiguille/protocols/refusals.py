"""Why an event is refused: a stable code, and a text in both languages from the data file."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An event that may not happen.

    `guard` is the refusal's code, or the guard's name in the protocol file; `field` names the
    input at fault and `step` the step where there is one. A refusal with `can_acknowledge` is a
    warning: the same event with a reason under `acknowledged[field]` passes, for a physician
    only where `decision` is REVIEW or DELAY.
    """

    guard: str
    text: Text
    field: str = ""
    step: str = ""
    decision: Decision = Decision.BLOCK
    can_acknowledge: bool = False
    rules: tuple[str, ...] = ()


@cache
def refusal_texts() -> dict[str, Text]:
    """Return every refusal's text by its code, with `{names}` still to be filled in."""
    raw = tomllib.loads(files(__package__).joinpath("data/refusals.toml").read_text("utf-8"))
    return {code: Text.from_mapping(text) for code, text in raw.items()}


def text_of(code: str, **names: str | Text) -> Text:
    """Return the text of a refusal, its `{names}` filled in, each in its own language.

    Raises:
        KeyError: no such code in the data file.
    """
    text = refusal_texts()[code]
    return Text(
        fr=text.fr.format(**{k: v.fr if isinstance(v, Text) else v for k, v in names.items()}),
        en=text.en.format(**{k: v.en if isinstance(v, Text) else v for k, v in names.items()}),
    )


def refuse(code: str, /, *, field: str = "", step: str = "", **names: str | Text) -> Refused:
    """Return a refusal by its code."""
    return Refused(guard=code, text=text_of(code, **names), field=field, step=step)
