"""The vault gives back exactly what was stored, or says that it cannot."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from pytest_django import Settings

from aiguille.kernel.ids import new_id
from aiguille.plumbing import vault
from aiguille.plumbing.models import VaultFile, VaultKey
from aiguille.plumbing.vault import VaultDamaged

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
ANNA = new_id()
OTHER_KEY = "bmV3IHZhdWx0IGtleSBmb3IgdGVzdHMgMzJiIGxvbmc="


@pytest.fixture(autouse=True)
def vault_folder(settings: Settings, tmp_path: Path) -> Path:
    settings.VAR = tmp_path
    return tmp_path / "vault"


def keep(content: bytes, owner_id: UUID = ANNA) -> UUID:
    return vault.store(
        owner_id=owner_id,
        content=content,
        media_type="application/pdf",
        file_name="consent.pdf",
        at=AT,
    )


@pytest.mark.django_db
class TestTheVault:
    @given(content=st.binary(max_size=3000))
    @effort(
        max_examples=15,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def test_gives_back_what_was_stored(self, content: bytes) -> None:
        opened = vault.read(file_id=keep(content))

        assert opened.content == content
        assert (opened.media_type, opened.file_name) == ("application/pdf", "consent.pdf")

    def test_keeps_nothing_readable_on_the_disk(self) -> None:
        stored = vault.path_of(keep(b"name of the patient" * 20)).read_bytes()

        assert b"patient" not in stored

    def test_seals_the_same_content_differently_each_time(self) -> None:
        first, second = (vault.path_of(keep(b"same")).read_bytes() for _ in range(2))

        assert first != second

    def test_gives_each_owner_a_key_of_their_own(self) -> None:
        keep(b"a", ANNA)
        keep(b"b", ANNA)
        keep(b"c", new_id())

        assert VaultKey.objects.filter(owner_id=ANNA).count() == 1
        assert VaultKey.objects.count() == 2

    def test_sees_any_changed_byte(self) -> None:
        file_id = keep(b"eligible")
        path = vault.path_of(file_id)
        stored = bytearray(path.read_bytes())
        path.chmod(0o600)
        for place in range(len(stored)):
            stored[place] ^= 1
            path.write_bytes(stored)
            with pytest.raises(VaultDamaged):
                vault.read(file_id=file_id)
            stored[place] ^= 1

    def test_sees_a_file_put_in_anothers_place(self) -> None:
        first, second = keep(b"first"), keep(b"second")
        vault.path_of(first).chmod(0o600)
        vault.path_of(first).write_bytes(vault.path_of(second).read_bytes())

        with pytest.raises(VaultDamaged, match="changed"):
            vault.read(file_id=first)

    def test_sees_a_missing_file(self) -> None:
        file_id = keep(b"gone")
        vault.path_of(file_id).unlink()

        with pytest.raises(VaultDamaged, match="cannot be read"):
            vault.read(file_id=file_id)

    def test_cannot_open_what_a_missing_master_key_seals(self, settings: Settings) -> None:
        file_id = keep(b"sealed")
        settings.VAULT_KEYS = {"new": OTHER_KEY}

        with pytest.raises(VaultDamaged, match="not configured"):
            vault.read(file_id=file_id)

    def test_outlives_a_change_of_the_master_key(self, settings: Settings) -> None:
        file_id = keep(b"kept")
        settings.VAULT_KEYS = {"new": OTHER_KEY, **settings.VAULT_KEYS}

        assert vault.rewrap_keys() == 1
        assert vault.rewrap_keys() == 0

        settings.VAULT_KEYS = {"new": OTHER_KEY}
        assert vault.read(file_id=file_id).content == b"kept"

    def test_makes_files_unreadable_when_the_owners_key_is_destroyed(self) -> None:
        file_id = keep(b"erased")
        VaultKey.objects.update(wrapped_key=b"\0" * 60)

        with pytest.raises(VaultDamaged, match="cannot be opened"):
            vault.read(file_id=file_id)

    def test_refuses_what_is_too_large(self) -> None:
        with pytest.raises(ValueError, match="64 MiB"):
            keep(bytes(vault.LARGEST_BYTES + 1))

    @pytest.mark.parametrize(
        "statement",
        ["UPDATE plumbing_vault_file SET sha256 = ''", "DELETE FROM plumbing_vault_file"],
    )
    def test_lets_no_row_be_changed(self, statement: str) -> None:
        keep(b"row")

        with pytest.raises(ProgrammingError), transaction.atomic():
            connection.cursor().execute(statement)

    def test_leaves_no_unfinished_file(self, vault_folder: Path) -> None:
        keep(b"whole")

        assert [path.suffix for path in vault_folder.rglob("*") if path.is_file()] == [""]
        assert VaultFile.objects.count() == 1


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_file_is_stored_in_the_transaction_of_what_refers_to_it() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        keep(b"alone")
