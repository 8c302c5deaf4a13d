"""What is asked about photos and scales, the same on every page."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aiguille.kernel.codes import FORBIDDEN_ZONES, Side, Zone
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.kernel.labels import label
from aiguille.kernel.text import Text
from aiguille.outcomes.operations.photos import LONGEST_REASON
from aiguille.outcomes.scales import Item, Measures, Scale, ScoreRefused
from aiguille.plumbing.components.widgets import DateInput, DecimalInput

# Telephones turn their own format into JPEG for a page that does not ask for theirs.
ACCEPTED = "image/jpeg,image/png,image/webp"
_CARDS_UP_TO = 6


class Files(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True

    def value_from_datadict(
        self, data: Mapping[str, Any], files: "MultiValueDict[str, UploadedFile[Any]]", name: str
    ) -> Any:
        """Return every file that was sent under the name."""
        del data
        return files.getlist(name)


class FilesField(forms.FileField):
    """One or more files, judged one by one by whoever keeps them."""

    widget = Files

    def clean(self, data: Any, initial: Any = None) -> Any:  # noqa: ARG002
        """Return the files; none is refused where they are required."""
        if not data and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return list(data or [])


class PhotoForm(forms.Form):
    """What is said of photos: where they show, when they were taken. Each file is judged alone."""

    use_required_attribute = False

    photos = FilesField(
        label=_("Photos"),
        help_text=_(
            "JPEG, PNG or WebP, 25 MB each at most. Place, device and date are taken off the file."
        ),
        error_messages={"required": _("Choose a photo.")},
        widget=Files(attrs={"accept": ACCEPTED}),
    )
    camera = FilesField(
        label=_("Or take one now"),
        required=False,
        widget=Files(attrs={"accept": ACCEPTED, "capture": "environment"}),
    )
    zone = forms.ChoiceField(label=_("Area"), error_messages={"required": _("Choose an area.")})
    side = forms.ChoiceField(
        label=_("Side of the body"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a side.")},
    )
    taken_on = forms.DateField(label=_("Taken on"), widget=DateInput())
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, for_patient: bool = False, **kwargs: Any) -> None:
        kwargs["initial"] = {"form_key": new_id()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        zones = [zone for zone in Zone if not for_patient or zone not in FORBIDDEN_ZONES]
        choices = cast("forms.ChoiceField", self.fields["zone"])
        choices.choices = [("", "–"), *((zone.value, _word(label(zone))) for zone in zones)]
        sides = cast("forms.ChoiceField", self.fields["side"])
        sides.choices = [(side.value, _word(label(side))) for side in Side]

    def clean(self) -> dict[str, Any]:
        """Let a photo from the camera stand for a chosen one."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("camera") and "photos" not in given:
            del self.errors["photos"]
        return given

    def sent(self) -> "list[UploadedFile[Any]]":
        """Return the files that were sent, chosen and taken; the form is valid."""
        return [*self.cleaned_data.get("photos", ()), *self.cleaned_data["camera"]]


class ReasonForm(forms.Form):
    """Why a photo or a score is withdrawn."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say why.")},
    )


class ScaleForm(forms.Form):
    """A scale's items. Its `prefix` keeps it apart from other scales in the same form.

    With `is_optional`, a scale left empty is valid and gives nothing.
    """

    use_required_attribute = False

    def __init__(self, *args: Any, scale: Scale, is_optional: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scale, self.is_optional = scale, is_optional
        for item in scale.items:
            self.fields[item.id] = _field_of(item, is_optional=is_optional)

    @property
    def answers(self) -> dict[str, str]:
        """Return what was answered, empty where nothing was; the form is valid."""
        return {
            name: given for name, given in self.cleaned_data.items() if given and name in self.ids
        }

    @property
    def ids(self) -> set[str]:
        """Return the ids of the scale's items."""
        return {item.id for item in self.scale.items}

    def clean(self) -> dict[str, Any]:
        """Have the scale itself judge the answers, so that a page says what is wrong at once."""
        given: dict[str, Any] = super().clean() or {}
        if self.errors or (self.is_optional and not any(given.get(name) for name in self.ids)):
            return given
        try:
            self.scale.score({name: given.get(name, "") for name in self.ids})
        except ScoreRefused as refusal:
            self.add_error(refusal.field, _word(refusal.text))
        return given

    def refuse(self, error: DomainError) -> None:
        """Show a refusal beside the item that it names, else above them."""
        self.add_error(error.field if error.field in self.fields else None, _word(error.text))


class StartScales:
    """The scales offered with a plan, each optional: what the physician answers is recorded.

    Give it the page's POST, or None.
    """

    def __init__(self, data: QueryDict | None, *, measures: Measures) -> None:
        self.forms = [
            ScaleForm(data, scale=scale, is_optional=True, prefix=f"scale-{scale.id}")
            for scale in measures.start
        ]

    def __iter__(self) -> Iterator[ScaleForm]:
        return iter(self.forms)

    def is_valid(self) -> bool:
        """Tell whether each scale is empty or wholly answered."""
        # Each is asked, the ones after a wrong one too: its page shows everything wrong at once.
        return not sum(not form.is_valid() for form in self.forms)

    def given(self) -> list[tuple[str, dict[str, str]]]:
        """Return each scale answered, with its answers; the forms are valid."""
        return [(form.scale.id, form.answers) for form in self.forms if form.answers]

    def refuse(self, scale_id: str, error: DomainError) -> None:
        """Show a refusal in the scale that it is about."""
        next(form for form in self.forms if form.scale.id == scale_id).refuse(error)


def _field_of(item: Item, *, is_optional: bool) -> forms.Field:
    title = _word(item.title)
    if item.number is not None:
        return forms.CharField(
            label=title, required=not is_optional, max_length=8, widget=DecimalInput()
        )
    choices = [(one.code, _word(one.label)) for one in item.options]
    if len(choices) <= _CARDS_UP_TO:
        return forms.ChoiceField(
            label=title, required=not is_optional, choices=choices, widget=forms.RadioSelect
        )
    return forms.ChoiceField(label=title, required=not is_optional, choices=[("", "–"), *choices])


def _word(text: Text) -> str:
    return text.in_language(get_language() or "fr")
