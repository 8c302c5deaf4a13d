"""Invented people: names as France has them, of families from here and elsewhere."""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_WOMEN = (
    "Camille Léa Manon Chloé Inès Sarah Julie Marie Claire Sophie Nathalie Isabelle Élodie Aurélie "
    "Céline Amandine Margaux Louise Alice Jeanne Anaïs Clémence Mathilde Pauline Marion Hélène "
    "Valérie Sandrine Delphine Laurence Zoé Éva Gaëlle Maëlys Fatima Yasmine Leïla Aminata Mei "
    "Olga Ingrid Giulia Priya Soraya Rosa Noémie Agathe Salomé Blandine Anne-Sophie Marie-Laure"
).split()
_MEN = (
    "Thomas Nicolas Julien Antoine Maxime Hugo Lucas Pierre Vincent Guillaume Mathieu Karim Mehdi "
    "Paulo Andrei Kenji Olivier Stéphane Laurent Jean-Baptiste"
).split()
_NAMES = (
    "Martin Bernard Dubois Durand Moreau Laurent Lefebvre Michel Garcia Roux Fournier Girard "
    "Bonnet Lambert Fontaine Rousseau Faure Mercier Blanchard Guérin Boyer Garnier Chevalier "
    "François Legrand Gauthier Perez Masson Marchand Duval Denis Dumont Lemaire Noël Meyer "
    "Dufour Meunier Brun Blanc Giraud Joly Rivière Lucas Brunet Barbier Arnaud Rolland Aubert "
    "Lefèvre Colin Vidal Bourgeois Picard Renard Dupuis Gaillard Lacroix Philippe Lecomte "
    "Nguyen Benali Haddad Traoré Diallo Kowalski Rossi Silva Schneider O’Connor Yılmaz Ivanova "
    "Cohen Okafor Van-Damme Delacroix d’Almeida Le-Goff Kerguelen Etcheverry Castelli Berthelot "
    "Pelletier Vasquez Chauvin Jacquet Tanguy Morvan Besnard Hamon Prigent Salmon Weber Becker"
).split()
_ENGLISH = (
    ("Emily", "Hughes", "F"),
    ("Charlotte", "Whitaker", "F"),
    ("Grace", "Adeyemi", "F"),
    ("Hannah", "Lindqvist", "F"),
    ("Oliver", "Bennett", "M"),
    ("Priyanka", "Nair", "F"),
    ("Megan", "O’Sullivan", "F"),
    ("Jennifer", "Park", "F"),
    ("Laura", "McAllister", "F"),
    ("Daniel", "Brooks", "M"),
)
_BIRTHPLACES = (
    "Lyon Paris Villeurbanne Grenoble Saint-Étienne Marseille Lille Nantes Rennes Bordeaux "
    "Montreuil Toulouse Dijon Annecy Strasbourg Alger Dakar Lisbonne Varsovie Casablanca"
).split()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who becomes a patient."""

    first_names: str
    birth_name: str
    sex: str
    born: date
    birthplace: str
    email: str
    phone: str
    language: str
    phototype: int

    @property
    def full_name(self) -> str:
        """Return the first names and the name."""
        return f"{self.first_names} {self.birth_name}"


def invent_people(rng: random.Random, *, today: date, series: int) -> Iterator[Person]:
    """Yield people without end; no two of one series, 0 or 1, share a name.

    Two series share none either: each has its own half of the names.
    """
    used: set[str] = set()
    names, english = _NAMES[series::2], list(_ENGLISH[series::2])
    number = 0
    while True:
        number += 1
        language = "fr"
        if english and number % 12 == 5:
            first, name, sex = english.pop(0)
            language = "en"
        else:
            sex = "F" if rng.random() < 0.83 else "M"
            first = rng.choice(_WOMEN if sex == "F" else _MEN)
            name = rng.choice(names).replace("Van-", "Van ").replace("Le-", "Le ")
        local = f"{_plain(first)}.{_plain(name)}"
        if local in used:
            continue
        used.add(local)
        years = min(68, max(21, round(rng.gauss(41, 11))))
        yield Person(
            first_names=first,
            birth_name=name,
            sex=sex,
            born=today - timedelta(days=round(years * 365.25) + rng.randrange(365)),
            birthplace=rng.choice(_BIRTHPLACES) if language == "fr" else "London",
            email=f"{local}@example.net",
            phone=_phone(rng, 2 * number + series),
            language=language,
            phototype=rng.choice((1, 2, 2, 2, 3, 3, 3)),
        )


def _phone(rng: random.Random, number: int) -> str:
    """Return a number of the ranges kept for fiction."""
    start = rng.choice(("01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49"))
    return f"{start} {number // 100 % 100:02d} {number % 100:02d}"


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold().replace("ı", "i"))
    return "".join(sign for sign in letters if sign.isascii() and (sign.isalnum() or sign == "-"))
