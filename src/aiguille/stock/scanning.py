"""What a scanned or typed code says of a delivery; the rule book reads it."""

from dataclasses import dataclass
from datetime import date

from aiguille.catalogue.queries import ProductView, list_products, rules_in_force
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text

_REASONS = {
    "check_digit": Text(
        fr="La clé de contrôle de ce code est fausse : scannez-le de nouveau.",
        en="The check digit of this code is wrong: scan it again.",
    ),
    "hibc": Text(
        fr="C’est un code HIBC. Scannez le code GS1 (DataMatrix), ou saisissez le lot.",
        en="This is an HIBC code. Scan the GS1 code (DataMatrix), or type the lot.",
    ),
    "iccbba": Text(
        fr="C’est un code ICCBBA. Scannez le code GS1 (DataMatrix), ou saisissez le lot.",
        en="This is an ICCBBA code. Scan the GS1 code (DataMatrix), or type the lot.",
    ),
    "malformed": Text(
        fr="Ce code n’est pas un code GS1 lisible : scannez-le de nouveau, ou saisissez le lot.",
        en="This code is not a readable GS1 code: scan it again, or type the lot.",
    ),
}


class CodeUnreadable(DomainError):
    """The code is none that can be read; its text says why and what to do."""

    code = "code_unreadable"


@dataclass(frozen=True, slots=True)
class ScannedCode:
    """What a code says; `product` is None where the catalogue has none of this GTIN."""

    gtin: str
    product: ProductView | None
    lot: str
    expiry: date | None
    serial: str


def read_code(text: str, *, today: date) -> ScannedCode:
    """Read a GS1 code as a scanner types it (two queries).

    Raises:
        CodeUnreadable: it is damaged, of another standard, or its check digit is wrong.
    """
    asked = {"kind": "barcode", "text": text.strip(" \t\r\n"), "today": today.isoformat()}
    answer = rules_in_force().decide(asked)
    if answer["decision"] != "OK":
        raise CodeUnreadable(_REASONS[answer["reason"]], field="code")
    products = {product.gtin: product for product in list_products() if product.gtin}
    return ScannedCode(
        gtin=answer["gtin"],
        product=products.get(answer["gtin"]),
        lot=answer["lot"] or "",
        expiry=date.fromisoformat(answer["expiry"]) if answer["expiry"] else None,
        serial=answer["serial"] or "",
    )
