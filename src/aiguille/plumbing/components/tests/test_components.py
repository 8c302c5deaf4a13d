"""Components through the door that pages use: templates."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django import forms
from django.contrib.messages import constants
from django.http import HttpRequest
from django.template import RequestContext, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.test.html import parse_html
from django.utils import translation

from aiguille.plumbing import templatetags
from aiguille.plumbing.components import icons
from aiguille.plumbing.components.gallery import SampleForm, page
from aiguille.plumbing.components.node import read_signature
from aiguille.plumbing.components.shapes import Described, SlotChoice, SlotDay, Step
from aiguille.plumbing.components.widgets import DayMonthYearField
from aiguille.plumbing.templatetags.ui import control, slot_starts

TEMPLATES = Path(templatetags.__file__).parents[1] / "templates"
COMPONENTS = sorted(
    file.stem for file in (TEMPLATES / "components").glob("*.html") if file.stem[0] != "_"
)


def render(source: str, page_at: str = "/en/visits/", /, **context: object) -> str:
    request = RequestFactory().get(page_at)
    with translation.override(page_at[1:3]):
        return Template("{% load ui i18n %}" + source).render(RequestContext(request, context))


def show_gallery(address: str) -> str:
    request: HttpRequest = RequestFactory().get(address)
    with translation.override(address[1:3]):
        return page(request).content.decode()


def test_every_component_declares_its_arguments_and_stands_on_the_component_page() -> None:
    shown = "".join(
        file.read_text() for file in TEMPLATES.rglob("*.html") if "ui " in file.read_text()
    )
    for name in COMPONENTS:
        read_signature((TEMPLATES / "components" / f"{name}.html").read_text())
        assert re.search(rf'{{% (ui|wrap) "{name}"', shown), name


def test_every_component_is_in_the_cheat_sheet() -> None:
    sheet = (Path(__file__).parents[5] / "docs/components.md").read_text()
    inner = {"wordmark", "language_switch", "theme_switch"}  # in the layouts
    assert [name for name in COMPONENTS if name not in sheet and name not in inner] == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('{% ui "badge" lable="x" %}', "does not take ['lable']"),
        ('{% ui "badge" tone="info" %}', "lacks ['label']"),
        ("{% ui badge %}", "begins with a component's name"),
        ('{% ui "badge" "x" %}', "name=value"),
        ('{% part "actions" %}x{% endpart %}', "outside of a wrap"),
    ],
)
def test_a_component_used_wrongly_says_what_is_wrong(source: str, complaint: str) -> None:
    with pytest.raises(TemplateSyntaxError, match=re.escape(complaint)):
        render(source)


def test_a_body_sees_the_page_and_the_component_sees_only_its_arguments() -> None:
    shown = render(
        '{% wrap "card" title="A" %}{{ lead }}{% part "actions" %}{{ lead }}!{% endpart %}{% endwrap %}',
        lead="of the page",
    )
    assert shown.count("of the page") == 2
    assert shown.index("of the page!") > shown.index("<footer")


@pytest.mark.parametrize("text", ["<script>x</script>", '" onmouseover="x', "Zoé & Cie"])
def test_text_is_escaped_wherever_it_is_shown(text: str) -> None:
    shown = render(
        '{% ui "button" label=t data_x=t %}{% ui "badge" label=t %}{% ui "avatar" name=t %}'
        '{% wrap "card" title=t lead=t %}{{ t }}{% endwrap %}{% icon "check" "1em" t %}',
        t=text,
    )
    assert text not in shown


def test_attributes_for_htmx_reach_the_element_and_empty_ones_do_not() -> None:
    shown = render(
        '{% ui "button" label="Go" hx_post=address aria_busy=none data_on=yes %}',
        address="/x?a=1&b=2",
        none=None,
        yes=True,
    )
    assert ' hx-post="/x?a=1&amp;b=2"' in shown
    assert ' data-on="true"' in shown
    assert "aria-busy" not in shown


def test_an_island_is_loaded_once_however_many_components_ask() -> None:
    due = datetime(2026, 3, 29, 1, tzinfo=UTC)
    shown = render('{% ui "timer" due=d label="a" %}{% ui "timer" due=d label="b" %}', d=due)
    assert shown.count("<script") == 1
    assert render('{% island "timer" %}').count("<script") == 1  # another page asks anew


class TestForms:
    wrong = SampleForm(
        {
            "name": "<b>Zoé</b>" * 9,
            "email": "zoe@",
            "born_on_day": "31",
            "born_on_month": "2",
            "born_on_year": "1990",
            "place": "rome",
        }
    )

    def test_what_was_typed_stays_escaped_and_every_refusal_is_linked_to_its_control(self) -> None:
        shown = render('{% ui "form" form=form %}', form=self.wrong)
        assert "&lt;b&gt;Zoé" in shown
        assert 'value="zoe@"' in shown
        assert 'value="31"' in shown
        anchors = re.findall(r'<a class="link" href="#([\w-]+)"', shown)
        assert len(anchors) == len(self.wrong.errors)
        for anchor in anchors:
            assert f'id="{anchor}"' in shown

    def test_help_and_errors_are_named_by_the_control_they_describe(self) -> None:
        shown = render('{% ui "form" form=form %}', form=self.wrong)
        described = re.findall(r'aria-describedby="([^"]+)"', shown)
        for identifiers in described:
            for identifier in identifiers.split():
                assert shown.count(f'id="{identifier}"') == 1
        assert {i for ids in described for i in ids.split() if i.endswith("_error")} == {
            f"id_{name}_error" for name in self.wrong.errors
        }

    def test_a_form_that_writes_carries_the_token_and_the_guard_and_a_filter_neither(self) -> None:
        writes = render('{% ui "form" form=form %}', form=SampleForm(), csrf_token="t" * 64)
        assert "csrfmiddlewaretoken" in writes
        assert "data-guard" in writes
        reads = render('{% ui "form" form=form method="get" %}', form=SampleForm())
        assert "csrfmiddlewaretoken" not in reads
        assert "data-guard" not in reads

    def test_an_unbound_form_shows_no_error(self) -> None:
        assert "field-errors" not in render('{% ui "form" form=form %}', form=SampleForm())

    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            (("29", "2", "2024"), date(2024, 2, 29)),
            (("29", "2", "2023"), "This date does not exist."),
            (("", "2", "2023"), "Give the day, the month and the year."),
            (("x", "2", "2023"), "Enter a whole number."),
            (("", "", ""), "This field is required."),
            (("1", "1", "0"), "This date does not exist."),
        ],
    )
    def test_a_date_in_three_boxes(self, typed: tuple[str, ...], found: object) -> None:
        class Born(forms.Form):
            on = DayMonthYearField(birthday=True)

        form = Born(dict(zip(("on_day", "on_month", "on_year"), typed, strict=True)))
        with translation.override("en"):
            reached = form.cleaned_data["on"] if form.is_valid() else form.errors["on"][0]
        assert reached == found

    def test_a_choice_may_have_a_sentence_under_it(self) -> None:
        class Place(forms.Form):
            where = forms.ChoiceField(
                choices=[("l", Described("Lyon", "12 rue <Comte>"))], widget=forms.RadioSelect
            )

        shown = render('{% ui "field" field=form.where %}', form=Place())
        assert "12 rue &lt;Comte&gt;" in shown
        assert 'class="radio"' in shown


def test_a_free_start_is_a_button_that_says_its_day_to_a_screen_reader() -> None:
    days = [
        SlotDay(date(2026, 4, 13), [SlotChoice("2026-04-13T09:40", "09:40")]),
        SlotDay(date(2026, 4, 14), note="Closed"),
    ]
    shown = render('{% ui "slot_picker" days=days %}', days=days)
    assert 'name="start" value="2026-04-13T09:40"' in shown
    assert "Monday 13 April</span></button>" in shown
    assert "Closed" in shown


def test_the_state_of_a_step_is_said_in_words_and_not_by_colour_alone() -> None:
    steps = [Step("A", "done"), Step("B", "current"), Step("C", "late"), Step("D", "refused")]
    shown = render('{% ui "timeline" items=steps %}', steps=steps)
    assert "(done)" in shown
    assert 'aria-current="step"' in shown
    assert "Late" in shown
    assert "Refused" in shown


@pytest.mark.parametrize(
    ("path", "href", "exact", "current"),
    [
        ("/en/visits/", "/en/visits/", "", True),
        ("/en/visits/3/", "/en/visits/", "", True),
        ("/en/visits/3/", "/en/visits/", "1", False),
        ("/en/visitsx/", "/en/visits", "", False),
        ("/en/", "/", "", False),
    ],
)
def test_navigation_marks_the_page_and_what_lies_under_it(
    path: str, href: str, exact: str, current: bool
) -> None:
    shown = render('{% ui "nav_item" label="V" href=h exact=e %}', path, h=href, e=exact)
    assert ("aria-current" in shown) is current


def test_the_language_switch_keeps_the_page_and_its_query() -> None:
    shown = render('{% ui "language_switch" %}', "/en/account/login/?next=/en/x/")
    assert 'href="/fr/account/login/?next=/en/x/"' in shown
    unknown = render('{% ui "language_switch" %}', "/en/nowhere/?a=1")
    assert 'href="/fr/nowhere/?a=1"' in unknown


def test_pages_of_a_list_keep_their_filters() -> None:
    assert "?q=zo%C3%A9&amp;page=3" in render('{% page_address "page" 3 %}', "/en/p/?q=zoé&page=2")


@pytest.mark.parametrize("level", constants.DEFAULT_TAGS.values())
def test_a_message_of_every_level_can_be_shown(level: str) -> None:
    assert "Saved" in render('{% ui "toast" text="Saved" tone=t %}', t=level)


@pytest.mark.parametrize("name", ["Anna Lefèvre", "Jean-Marc de La Tour", "Zoé", "", "  ", "3M"])
def test_initials_of_any_name(name: str) -> None:
    letters = re.findall(r">(\w*)</span>", render('{% ui "avatar" name=n %}', n=name))[0]
    assert letters in {"AL", "JT", "Z", "", "3"}


@pytest.mark.parametrize(
    ("address", "shown"), [("/en/", "Depth: 1 mm"), ("/fr/", "Depth\xa0: 1 mm")]
)
def test_a_colon_is_spaced_as_the_language_wants(address: str, shown: str) -> None:
    assert render("{{ term }}{% colon %}{{ value }}", address, term="Depth", value="1 mm") == shown


def test_an_unknown_icon_is_an_error_and_a_named_one_speaks() -> None:
    with pytest.raises(KeyError):
        render('{% icon "unicorn" %}')
    assert 'aria-label="Done"' in render('{% icon "check" "1em" "Done" %}')
    assert 'aria-hidden="true"' in render('{% icon "check" %}')
    assert {"needle", "roller"} <= icons.shapes().keys()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/en/components/", "/fr/components/?theme=dark"])
def test_the_component_page_has_no_duplicate_id_and_no_dangling_reference(address: str) -> None:
    shown = show_gallery(address)
    known = re.findall(r'\sid="([^"]+)"', shown)
    assert sorted(known) == sorted(set(known))
    for reference in re.findall(r'\s(?:for|aria-labelledby|commandfor)="([^"]+)"', shown):
        assert reference in known


@pytest.mark.parametrize("template", ["404.html", "403.html", "403_csrf.html", "429.html"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_error_page_speaks_the_readers_language(template: str, language: str) -> None:
    with translation.override(language):
        shown = render(f'{{% include "{template}" %}}', f"/{language}/x/")
    assert f'<html lang="{language}"' in shown
    assert "<h1>" in shown


class TestDrawnLists:
    """What is drawn in one go is what Django's templates draw."""

    @pytest.mark.parametrize("data", [None, {"where": "b"}, {"where": ""}])
    def test_a_drop_down_list(self, data):
        class Where(forms.Form):
            where = forms.ChoiceField(
                choices=[("", "Any <place>"), ("a", 'At "A"'), ("b", "B & Co")],
                required=False,
                help_text="One of them",
            )

        field = Where(data)["where"]
        as_django = field.as_widget(attrs={"class": "select"})
        assert parse_html(as_django) == parse_html(control(field))

    def test_grouped_choices_are_left_to_django(self):
        class Where(forms.Form):
            where = forms.ChoiceField(choices=[("North", [("a", "A")]), ("b", "B")])

        assert '<optgroup label="North">' in control(Where()["where"])

    def test_starts_are_escaped(self):
        starts = [SlotChoice("a<b", "9 & 10", "with <you>"), SlotChoice("c", "11:00")]
        shown = slot_starts(starts, "start", "Monday <1>", "c")
        assert 'value="a&lt;b">9 &amp; 10<small>with &lt;you&gt;</small>' in shown
        assert 'value="c" aria-pressed="true">11:00<span class="sr-only"> Monday &lt;1&gt;' in shown
