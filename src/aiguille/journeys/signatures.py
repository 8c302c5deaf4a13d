"""The `aiguille signatures` command: prove that what was signed is still what it was."""

from typing import TextIO

from aiguille.care import signed as care
from aiguille.catalogue import rule_values as rules
from aiguille.consent import signed as consents
from aiguille.treatment_sessions import signed as sessions

_AREAS = (rules, consents, care, sessions)


def verify(out: TextIO) -> int:
    """Reckon every signature again from the rows as they are.

    Returns 0 when all are whole and 1 otherwise, a line for each row that was changed since.
    """
    checked = changed = 0
    for area in _AREAS:
        for found in area.check_signed():
            checked += 1
            if not found.is_whole:
                changed += 1
                print(
                    f"{found.kind} {found.id}: changed since {found.signer_name} signed it on "
                    f"{found.signed_at:%Y-%m-%d}",
                    file=out,
                )
    if changed:
        print(f"What was signed was changed: {changed} of {checked} signatures.", file=out)
        return 1
    print(f"Everything signed is as it was signed: {checked} signatures.", file=out)
    return 0
