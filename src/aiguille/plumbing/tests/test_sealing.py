"""A sealed secret opens for its purpose only, and by an earlier master key too."""

import pytest

from aiguille.plumbing.sealing import SealBroken, is_current, seal, unseal

FIRST = "Zmlyc3QtZmlyc3QtZmlyc3QtZmlyc3QtZmlyc3QtMzI="
SECOND = "c2Vjb25kLXNlY29uZC1zZWNvbmQtc2Vjb25kLXMtMzI="


def test_what_was_sealed_is_read_again_and_not_seen():
    sealed = seal("https://example.org/secret.ics", purpose="calendar")
    assert "example" not in sealed
    assert unseal(sealed, purpose="calendar") == "https://example.org/secret.ics"


def test_the_same_secret_is_sealed_differently_each_time():
    assert seal("secret", purpose="calendar") != seal("secret", purpose="calendar")


def test_it_opens_for_no_other_purpose():
    with pytest.raises(SealBroken):
        unseal(seal("secret", purpose="calendar"), purpose="other")


@pytest.mark.parametrize("damaged", ["", "first", "first:", "first:!!!", "first:AAAA"])
def test_a_damaged_one_is_refused(settings, damaged):
    settings.VAULT_KEYS = {"first": FIRST}
    with pytest.raises(SealBroken):
        unseal(damaged, purpose="calendar")


def test_an_earlier_master_key_still_opens_until_it_goes(settings):
    settings.VAULT_KEYS = {"first": FIRST}
    sealed = seal("secret", purpose="calendar")
    assert is_current(sealed)
    settings.VAULT_KEYS = {"second": SECOND, "first": FIRST}
    assert unseal(sealed, purpose="calendar") == "secret"
    assert not is_current(sealed)
    settings.VAULT_KEYS = {"second": SECOND}
    with pytest.raises(SealBroken):
        unseal(sealed, purpose="calendar")
