"""Every template of the platform, read: branches that no test renders are checked too."""

import re
from pathlib import Path

import pytest

import aiguille
from aiguille.plumbing.components import icons
from aiguille.plumbing.components.node import read_signature

PACKAGE = Path(aiguille.__file__).parent
COMPONENTS = PACKAGE / "plumbing/templates/components"
PAGES = sorted(PACKAGE.glob("**/templates/**/*.html"))

USE = re.compile(r'{% (?:ui|wrap) "(?P<name>\w+)"(?P<arguments>(?:[^%]|%(?!}))*)%}')
ARGUMENT = re.compile(r"(?<=\s)(\w+)=")
QUOTED = re.compile(r'"[^"]*"')
ICON = re.compile(r'(?:icon(?:_after)?=|{% icon )"([\w-]+)"')


def complaints_about(page: str) -> list[str]:
    found = []
    for use in USE.finditer(page):
        given = {
            argument
            for argument in ARGUMENT.findall(QUOTED.sub('""', use["arguments"]))
            if not argument.startswith(("hx_", "data_", "aria_"))
        }
        signature = read_signature((COMPONENTS / f"{use['name']}.html").read_text())
        unknown = given - signature.required - signature.defaults.keys()
        missing = signature.required - given
        found += [f"{use['name']} does not take {name}" for name in sorted(unknown)]
        found += [f"{use['name']} lacks {name}" for name in sorted(missing)]
    found += [f"no icon {name}" for name in ICON.findall(page) if name not in icons.shapes()]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PACKAGE)))
def test_a_page_gives_components_what_they_declare(page: Path) -> None:
    assert complaints_about(page.read_text()) == []


def test_the_reader_of_templates_sees_each_kind_of_mistake() -> None:
    page = '{% ui "badge" tone=x lable=_("50 % off") %}{% icon "unicorn" %}{% ui "badge" label=y %}'
    assert complaints_about(page) == [
        "badge does not take lable",
        "badge lacks label",
        "no icon unicorn",
    ]
