import re
from decimal import Decimal
from html.parser import HTMLParser
from urllib.parse import urlparse
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation import override

from aiguille.catalogue.facts import facts_of
from aiguille.catalogue.guides import guide
from aiguille.journeys.change_rule import change_rule
from aiguille.kernel.codes import Procedure
from aiguille.public_site.pages.addresses import public_addresses
from tests.world import World

PAGES = ["", "practitioners/", "sites/", "prices/", "legal/", "privacy/"]
GUIDES = {
    "fr": ["guide/aiguilletage/", "guide/mesotherapie/"],
    "en": ["guide/needling/", "guide/mesotherapy/"],
}
every_language = pytest.mark.parametrize("language", list(GUIDES))


def addresses(language: str) -> list[str]:
    return [f"/{language}/{page}" for page in (*PAGES, *GUIDES[language])]


class Page(HTMLParser):
    """What a test asks of a page: its language, its links, its ids and its headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.language = ""
        self.alternates: dict[str, str] = {}
        self.canonical = ""
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.outside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids += [found["id"]] if "id" in found else []
        if tag == "html":
            self.language = found["lang"]
        elif tag == "link" and found.get("rel") == "alternate":
            self.alternates[found["hreflang"]] = found["href"]
        elif tag == "link" and found.get("rel") == "canonical":
            self.canonical = found["href"]
        elif tag == "a":
            self.links.append(found.get("href", ""))
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        loaded = found.get("src", "") or (found.get("href", "") if tag == "link" else "")
        if loaded.startswith("http") and not loaded.startswith(settings.BASE_URL):
            self.outside.append(loaded)


def read(client: Client, address: str) -> Page:
    response = client.get(address)
    assert response.status_code == 200, address
    return Page(response.content.decode())


@every_language
def test_pages_answer_in_their_language_within_six_queries(
    language: str, clinic: None, client: Client, django_assert_max_num_queries: object
) -> None:
    for address in addresses(language):
        with django_assert_max_num_queries(6):  # type: ignore[operator]
            page = read(client, address)
        assert page.language == language
        assert page.headings.count("h1") == 1
        assert not page.outside


@every_language
def test_pages_answer_before_the_clinic_is_set_up(language: str, db: None, client: Client) -> None:
    for address in addresses(language):
        assert read(client, address).headings


@every_language
def test_pages_name_themselves_in_every_language(
    language: str, clinic: None, client: Client
) -> None:
    for address in addresses(language):
        page = read(client, address)
        assert page.canonical == settings.BASE_URL + address
        assert page.alternates.keys() == {"fr", "en", "x-default"}
        assert page.alternates[language] == page.canonical
        for code in GUIDES:
            other = read(client, urlparse(page.alternates[code]).path)
            assert other.language == code
            assert other.alternates == page.alternates


@every_language
def test_every_link_leads_somewhere(language: str, clinic: None, client: Client) -> None:
    outside = re.compile(r"https://(doi\.org|pmc\.ncbi\.nlm\.nih\.gov)/|tel:|mailto:")
    inside = set()
    for address in addresses(language):
        page = read(client, address)
        assert len(set(page.ids)) == len(page.ids)
        for link in page.links:
            if link.startswith("#"):
                assert link == "#main" or link[1:] in page.ids, link
            elif link.startswith("/"):
                inside.add(link.partition("#")[0])
            else:
                assert outside.match(link), link
    for link in inside:
        assert client.get(link).status_code == 200, link


@every_language
@pytest.mark.parametrize("procedure", list(Procedure))
def test_a_guide_says_every_risk_and_cites_every_source(
    procedure: Procedure, language: str, client: Client, db: None
) -> None:
    with override(language):
        slug = guide(procedure).slug.in_language(language)
    text = client.get(f"/{language}/guide/{slug}/").content.decode()
    for risk in facts_of(procedure).risks.values():
        assert risk.frequency.in_language(language) in text
    for number, (_, _) in enumerate(guide(procedure).references, start=1):
        assert f'href="#source-{number}"' in text
        assert f'id="source-{number}"' in text


def test_a_guide_tells_the_clinics_own_value(client: Client, world: World) -> None:
    address = "/fr/guide/aiguilletage/"
    assert "180 jours après l’arrêt" in client.get(address).content.decode()
    change_rule(
        setting="S06.days",
        value=Decimal(365),
        seen=Decimal(180),
        reason="Plus prudent.",
        effective_on=world.at.date(),
        actor=world.bruno.actor,
        at=world.at,
    )
    shown = client.get(address).content.decode()
    assert "365 jours après l’arrêt" in shown
    assert "180 jours après l’arrêt" not in shown


def test_the_slug_of_the_other_language_leads_to_the_right_one(client: Client, db: None) -> None:
    response = client.get("/en/guide/aiguilletage/")
    assert response.status_code == 301
    assert response.headers["Location"] == "/en/guide/needling/"


def test_an_unknown_guide_is_not_found(client: Client, db: None) -> None:
    assert client.get("/fr/guide/botox/").status_code == 404


def test_pages_are_for_reading(client: Client, db: None) -> None:
    assert client.post("/fr/prices/").status_code == 405


def test_prices_are_shown_as_the_language_writes_them(clinic: None, client: Client) -> None:
    assert "220\u00a0€" in client.get("/fr/prices/").content.decode()
    assert "€220" in client.get("/en/prices/").content.decode()


def test_sites_show_when_doctors_receive(clinic: None, client: Client) -> None:
    text = client.get("/en/sites/").content.decode()
    assert "Monday 09:00\u00a0–\u00a018:00" in text
    assert "Dr Bruno Vasseur, Dr Carla Morin" in text


def test_the_map_for_search_engines_lists_every_page_in_both_languages(
    client: Client, db: None
) -> None:
    response = client.get("/sitemap.xml")
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    tree = ET.fromstring(response.content)
    listed = {found.text for found in tree.findall("s:url/s:loc", space)}
    assert listed == {
        address for page in public_addresses() for address in page.by_language.values()
    }
    assert {settings.BASE_URL + address for code in GUIDES for address in addresses(code)} <= listed


def test_robots_are_kept_out_of_what_is_personal(client: Client, db: None) -> None:
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /fr/space/" in text
    assert f"Sitemap: {settings.BASE_URL}/sitemap.xml" in text
