"""What `aiguille slots --scenario FILE...` does."""

import json
from collections.abc import Sequence
from typing import TextIO

from aiguille.scheduling.answers import answer_file


def run(files: Sequence[str], out: TextIO) -> int:
    """Write the answer to each scenario file as one line of JSON; return the exit status.

    The status is 0, or 2 where a file could not be answered: its line is then an error, and the
    other files are answered still.
    """
    status = 0
    for path in files:
        answer = answer_file(path)
        if "error" in answer:
            status = 2
        out.write(json.dumps(answer, separators=(",", ":")) + "\n")
    out.flush()
    return status
