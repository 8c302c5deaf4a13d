"""The one maker of documents: typst templates in, accessible and archivable PDF out.

A template is a file `documents/<name>.typ` of the area that owns the document; it starts from
`letter.typ` beside this module, and reads its data as JSON. The fonts are those that typst ships,
so that a document looks the same on every machine.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import aiguille

ROOT = Path(aiguille.__file__).resolve().parent


class DocumentFailed(Exception):
    """A template does not compile, or its data do not fit: a defect of ours."""


def make_pdf(*, template: str, data: Mapping[str, Any], language: str, made_at: datetime) -> bytes:
    """Return the PDF of `template` ("care/documents/prescription.typ") filled with `data`.

    The same template, data, language and instant give the same bytes.

    Raises:
        DocumentFailed: typst refused.
    """
    import typst  # 30 MB of compiled code that pages without documents never need

    try:
        made = typst.compile(
            ROOT / template,
            root=ROOT,
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False), "language": language},
            # PDF/A-2a for the archive, PDF/UA-1 for screen readers; typst checks both as it writes.
            pdf_standards=["a-2a", "ua-1"],
            timestamp=int(made_at.timestamp()),
        )
    except typst.TypstError as error:
        raise DocumentFailed(f"{template}: {error.message}") from error
    if not isinstance(made, bytes):
        raise DocumentFailed(f"{template}: typst gave no single file")
    return made
