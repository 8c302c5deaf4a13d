"""Telephone numbers as people write them."""

import phonenumbers

FRANCE = 33


def show_phone(number: str) -> str:
    """Return a stored number as people write it: nationally for France, else internationally."""
    try:
        parsed = phonenumbers.parse(number, "FR")
    except phonenumbers.NumberParseException:
        return number  # a clinic's own number, as somebody wrote it
    form = phonenumbers.PhoneNumberFormat
    is_french = parsed.country_code == FRANCE
    return phonenumbers.format_number(parsed, form.NATIONAL if is_french else form.INTERNATIONAL)


def show_phone_abroad(number: str) -> str:
    """Return a stored number with its country's prefix ("+33 4 78 00 00 01"), "" for none."""
    try:
        parsed = phonenumbers.parse(number, "FR")
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
