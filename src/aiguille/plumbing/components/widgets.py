"""Form widgets with the input type, keyboard and autofill that a phone expects."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class DateInput(forms.DateInput):
    """The browser's own date picker, for dates near today."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    """The browser's own time picker, to the minute."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class DateTimeInput(forms.DateTimeInput):
    """The browser's own picker of a local date and time."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class PhoneInput(forms.TextInput):
    """A telephone number, with the phone's keypad."""

    input_type = "tel"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "tel", "inputmode": "tel", **(attrs or {})})


class EmailInput(forms.EmailInput):
    """An e-mail address, offered from the browser's memory."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "email", "spellcheck": "false", **(attrs or {})})


class DecimalInput(forms.TextInput):
    """A decimal number typed with a comma or a point, without spin buttons."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})


class DayMonthYearInput(forms.MultiWidget):
    """Three short boxes, which are quicker than a calendar for a date long ago."""

    template_name = "components/widgets/day_month_year.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, birthday: bool = False) -> None:
        number = {"inputmode": "numeric", "autocomplete": "off"}

        def box(label: object, digits: int, autofill: str) -> forms.Widget | type[forms.Widget]:
            named = {"aria-label": label, "maxlength": digits}
            return forms.TextInput(
                {**number, **named, **({"autocomplete": autofill} if birthday else {})}
            )

        boxes = {
            "day": box(_("Day"), 2, "bday-day"),
            "month": box(_("Month"), 2, "bday-month"),
            "year": box(_("Year"), 4, "bday-year"),
        }
        super().__init__(boxes, attrs)

    def decompress(self, value: date | None) -> list[int | None]:
        """Return day, month, year."""
        return [value.day, value.month, value.year] if value else [None, None, None]


class DayMonthYearField(forms.MultiValueField):
    """A date in three boxes, e.g. a birth date; what was typed stays when it is wrong."""

    widget = DayMonthYearInput

    def __init__(self, *, birthday: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("widget", DayMonthYearInput(birthday=birthday))
        super().__init__(
            [forms.IntegerField(), forms.IntegerField(), forms.IntegerField()],
            error_messages={"incomplete": _("Give the day, the month and the year.")},
            require_all_fields=False,
            **kwargs,
        )

    def compress(self, data_list: list[int]) -> date | None:
        """Return the date.

        Raises:
            ValidationError: no such day exists.
        """
        if not data_list:
            return None
        day, month, year = data_list
        try:
            return date(year, month, day)
        except ValueError as error:
            raise ValidationError(_("This date does not exist."), code="invalid") from error
