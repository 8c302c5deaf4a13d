"""Production refuses an unsafe start; each case is a process of its own, as a start is."""

import os
import subprocess
import sys

import pytest

SOUND = {
    "AIGUILLE_ENV": "production",
    "AIGUILLE_SECRET_KEY": "s" * 25 + "ecret" * 5,
    "AIGUILLE_AUDIT_KEY": "a" * 25 + "udits" * 5,
    "AIGUILLE_VAULT_KEYS": "2026:c291bmQtc291bmQtc291bmQtc291bmQtc291bmQtc28=",
    "AIGUILLE_BASE_URL": "https://clinic.example.org",
    "AIGUILLE_ALLOWED_HOSTS": "clinic.example.org",
    "DATABASE_URL": "postgresql://aiguille_app@db.example.org/aiguille",
    "DJANGO_SETTINGS_MODULE": "aiguille.config.settings",
}
START = "from django.conf import settings; print(settings.DEBUG)"
ADDRESSES = """
import django; django.setup()
from django.urls import get_resolver
from aiguille.plumbing.access import Who, audience_of, views_of
print([r for r, v in views_of(get_resolver().url_patterns) if Who.DEMO in audience_of(v)])
"""


def start(program=START, **changes):
    environment = {key: value for key, value in {**SOUND, **changes}.items() if value is not None}
    environment["PATH"] = os.defpath
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_sound_production_starts():
    done = start()
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"AIGUILLE_SECRET_KEY": None}, "AIGUILLE_SECRET_KEY must be a secret"),
        ({"AIGUILLE_SECRET_KEY": "short"}, "AIGUILLE_SECRET_KEY must be a secret"),
        ({"AIGUILLE_AUDIT_KEY": None}, "AIGUILLE_AUDIT_KEY must be a secret"),
        ({"AIGUILLE_AUDIT_KEY": SOUND["AIGUILLE_SECRET_KEY"]}, "AIGUILLE_AUDIT_KEY must be"),
        ({"AIGUILLE_VAULT_KEYS": None}, "AIGUILLE_VAULT_KEYS must hold"),
        ({"AIGUILLE_BASE_URL": "http://clinic.example.org"}, "beginning with https://"),
        ({"AIGUILLE_ALLOWED_HOSTS": None}, "AIGUILLE_ALLOWED_HOSTS must name"),
        ({"AIGUILLE_ALLOWED_HOSTS": "*"}, "AIGUILLE_ALLOWED_HOSTS must name"),
        ({"DATABASE_URL": None}, "DATABASE_URL must name"),
        ({"AIGUILLE_DEBUG": "1"}, "AIGUILLE_DEBUG must be off"),
        ({"AIGUILLE_DEMO": "1"}, "AIGUILLE_DEMO must be off"),
        ({"AIGUILLE_CLOCK_CAN_BE_SET": "1"}, "AIGUILLE_CLOCK_CAN_BE_SET must be off"),
        ({"AIGUILLE_FETCH_FROM_THIS_MACHINE": "1"}, "AIGUILLE_FETCH_FROM_THIS_MACHINE must be off"),
        ({"AIGUILLE_STAFF_SECOND_FACTOR": "0"}, "AIGUILLE_STAFF_SECOND_FACTOR must be on"),
    ],
)
def test_production_refuses(changes, reason):
    done = start(**changes)
    assert done.returncode != 0
    assert reason in done.stderr


def test_everything_wrong_is_named_at_once():
    done = start(AIGUILLE_SECRET_KEY=None, AIGUILLE_DEBUG="1")
    assert "AIGUILLE_SECRET_KEY" in done.stderr
    assert "AIGUILLE_DEBUG" in done.stderr


def test_the_second_factor_is_switched_off_in_a_demo_only():
    changes = {"AIGUILLE_ENV": "development", "AIGUILLE_STAFF_SECOND_FACTOR": "0"}
    assert start(**changes, AIGUILLE_DEMO="1").returncode == 0
    assert "in a demo only" in start(**changes, AIGUILLE_DEMO="0").stderr


def test_production_has_no_address_of_the_demo():
    done = start(ADDRESSES)
    assert done.stdout.strip() == "[]", done.stderr


def test_every_answer_carries_the_strict_headers(client, settings):
    headers = client.get("/").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in headers["Content-Security-Policy"].split("style-src-attr")[0]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
