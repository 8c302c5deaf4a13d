"""Prices as people read them."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import get_language

from aiguille.catalogue.queries import PriceDisplay, ServiceView
from aiguille.kernel.codes import Language
from aiguille.kernel.money import Money
from aiguille.kernel.text import Text

_SIGNS = {"EUR": "€"}
_QUOTE = Text(fr="sur devis", en="by a quote")


def price_words(amount: Money) -> str:
    """Return a price as people write it: "220 €", "€220" in English."""
    whole = amount.minor % 100 == 0
    number = number_format(
        Decimal(amount.minor) / 100, decimal_pos=0 if whole else 2, force_grouping=True
    )
    sign = _SIGNS.get(amount.currency, amount.currency)
    return (
        f"{sign}{number}" if get_language() == Language.EN else f"{number}\N{NO-BREAK SPACE}{sign}"
    )


def price_of(service: ServiceView) -> str:
    """Return what the public reads of a service's price: the price, "from" it, or "by a quote"."""
    language = get_language() or Language.FR
    if service.price_display is PriceDisplay.QUOTE:
        return _QUOTE.in_language(language)
    words = price_words(service.price)
    if service.price_display is PriceDisplay.FROM:
        return Text(fr=f"à partir de {words}", en=f"from {words}").in_language(language)
    return words
