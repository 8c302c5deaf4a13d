"""Every address says whom it is for; relations between tables go down, as imports do."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.urls import get_resolver

from aiguille.plumbing.access import Who, audience_of, views_of

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = sorted(views_of(get_resolver().url_patterns), key=lambda address: address[0])


def ranks() -> dict[str, int]:
    """Return the height of each area: a lower number lies lower."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")
    return {
        area.strip(" ()"): height
        for height, layer in enumerate(reversed(layers))
        for area in layer.split("|")
    }


RANKS = ranks()


def goes_up(lower: str, upper: str) -> bool:
    """Tell whether a relation from area `lower` points at an area that lies above or beside it."""
    if lower == upper or lower not in RANKS or upper not in RANKS:
        return False
    return RANKS[upper] >= RANKS[lower]


@pytest.mark.parametrize(("route", "view"), ADDRESSES, ids=[route for route, _ in ADDRESSES])
def test_an_address_declares_who_may_reach_it(route, view):
    assert audience_of(view), f"{route} does not declare reachable_by(...)"


def test_an_address_is_for_everybody_or_for_somebody():
    for route, view in ADDRESSES:
        audience = audience_of(view)
        assert Who.EVERYBODY not in audience or len(audience) == 1, route


def test_no_foreign_key_points_upward():
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and field.related_model
        if goes_up(model._meta.app_label, field.related_model._meta.app_label)
    ]
    assert upward == []


def test_no_migration_depends_on_one_above():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    upward = [
        f"{app}.{name} -> {dependency}"
        for (app, name), migration in loader.disk_migrations.items()
        for dependency in migration.dependencies
        if goes_up(app, dependency[0])
    ]
    assert upward == []


def test_migrations_are_linear_and_do_not_import_the_program():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    for app in RANKS:
        leaves = [key for key in loader.graph.leaf_nodes() if key[0] == app]
        assert len(leaves) <= 1, leaves
    allowed = re.compile(r"aiguille\.(plumbing|kernel)\b")
    for app, name in loader.disk_migrations:
        if app not in RANKS:
            continue
        source = Path(import_module(f"aiguille.{app}.migrations.{name}").__file__ or "").read_text()
        imported = re.findall(r"^(?:from|import) (aiguille\.[\w.]+)", source, re.MULTILINE)
        assert [module for module in imported if not allowed.match(module)] == [], (app, name)


def test_models_are_not_fetched_upward_by_name():
    named = re.compile(r"get_model\(\s*[\"']([a-z_]+)[\"'.]")
    upward = [
        f"{path.relative_to(ROOT)} -> {target}"
        for path in (ROOT / "src" / "aiguille").rglob("*.py")
        for target in named.findall(path.read_text())
        if goes_up(path.relative_to(ROOT / "src" / "aiguille").parts[0], target)
    ]
    assert upward == []
