"""The `aiguille audit` commands: prove that the trail is whole, and export its ends."""

import json
from pathlib import Path
from typing import TextIO
from uuid import UUID

from aiguille.audit.queries import Head, find_flaws, list_heads


def verify(out: TextIO, *, heads: Path | None = None) -> int:
    """Check every chain, against heads exported earlier where a file is given.

    Returns 0 when all are whole and 1 otherwise, a line for each flaw.
    """
    exported = _read(heads) if heads else []
    flaws = 0
    for flaw in find_flaws(exported=exported):
        flaws += 1
        print(f"{flaw.record_id} event {flaw.position}: {flaw.what}", file=out)
    if flaws:
        print(f"The audit trail is damaged: {flaws} flaws.", file=out)
        return 1
    print(f"The audit trail is whole: {len(list_heads())} chains.", file=out)
    return 0


def export_heads(out: TextIO) -> int:
    """Write the end of every chain, one JSON object a line, to be kept on another machine."""
    for head in list_heads():
        line = {"record": str(head.record_id), "length": head.length, "mac": head.mac}
        print(json.dumps(line), file=out)
    return 0


def _read(path: Path) -> list[Head]:
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [Head(UUID(line["record"]), line["length"], line["mac"]) for line in lines]
