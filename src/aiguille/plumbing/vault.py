"""The one encrypted store of files: what is stored never changes, and is checked when read.

Each owner (a patient) has a data key, wrapped by a master key of `settings.VAULT_KEYS`; each file
is sealed by AES-256-GCM with the owner's key under a nonce of its own, tied to the file's and the
owner's ids, so that no file can be put in another's place. Destroying an owner's wrapped keys makes
all their files unreadable.

Files lie under `var/vault`: one byte of format, the nonce, the sealed content. A file is on the
disk before its row is committed; a rolled back transaction leaves a sealed file that no row names.
"""

import base64
import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, transaction

from aiguille.kernel.ids import new_id
from aiguille.plumbing.models import VaultFile, VaultKey

FORMAT = b"\x01"
NONCE_BYTES = 12
LARGEST_BYTES = 64 * 1024 * 1024


class VaultDamaged(Exception):
    """A stored file or key is missing, was changed, or is sealed by a key that is not configured."""


@dataclass(frozen=True, slots=True)
class VaultContent:
    """A file as it was stored."""

    content: bytes
    media_type: str
    file_name: str


def store(*, owner_id: UUID, content: bytes, media_type: str, file_name: str, at: datetime) -> UUID:
    """Seal `content` for an owner, write it to the disk, and return the file's id.

    Must run inside the transaction of what refers to the file.

    Raises:
        RuntimeError: there is no transaction.
        ValueError: the content is larger than 64 MiB.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a file is stored in the transaction of what refers to it")
    if len(content) > LARGEST_BYTES:
        raise ValueError("a file of the vault has 64 MiB at most")
    key = _key_of(owner_id, at=at)
    file = VaultFile(
        id=new_id(),
        owner_id=owner_id,
        key=key,
        media_type=media_type,
        file_name=file_name,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        created_at=at,
    )
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_unwrap(key)).encrypt(nonce, content, _context(file.id, owner_id))
    _write(path_of(file.id), FORMAT + nonce + sealed)
    file.save(force_insert=True)
    return file.id


def read(*, file_id: UUID) -> VaultContent:
    """Return a stored file, proven to be what was stored.

    Raises:
        VaultDamaged: it is not, or cannot be opened.
        VaultFile.DoesNotExist: there is no such file.
    """
    file = VaultFile.objects.select_related("key").get(id=file_id)
    try:
        stored = path_of(file_id).read_bytes()
    except OSError as error:
        raise VaultDamaged(f"the file {file_id} cannot be read: {error.strerror}") from error
    nonce, sealed = stored[1 : 1 + NONCE_BYTES], stored[1 + NONCE_BYTES :]
    if stored[:1] != FORMAT:
        raise VaultDamaged(f"the file {file_id} is not of a known format")
    try:
        content = AESGCM(_unwrap(file.key)).decrypt(nonce, sealed, _context(file_id, file.owner_id))
    except InvalidTag as error:
        raise VaultDamaged(f"the file {file_id} was changed") from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise VaultDamaged(f"the file {file_id} is not the one that was stored")
    return VaultContent(content=content, media_type=file.media_type, file_name=file.file_name)


@transaction.atomic
def rewrap_keys() -> int:
    """Wrap every data key with the first master key and return how many changed.

    Run it after putting a new master key first; when it returns, the old one may go.
    """
    current = _current_master()[0]
    changed = 0
    for key in VaultKey.objects.select_for_update().exclude(master_key_id=current):
        key.wrapped_key = _wrap(_unwrap(key), key_id=key.id, owner_id=key.owner_id)
        key.master_key_id = current
        key.save(update_fields=["wrapped_key", "master_key_id"])
        changed += 1
    return changed


def path_of(file_id: UUID) -> Path:
    """Return where a file lies: spread over 256 folders by the random end of its id."""
    folder: Path = settings.VAR / "vault"
    return folder / file_id.hex[-2:] / file_id.hex


def _key_of(owner_id: UUID, *, at: datetime) -> VaultKey:
    existing = VaultKey.objects.filter(owner_id=owner_id).order_by("id").first()
    if existing is not None:
        return existing
    # Two first files at once make two keys: each file names its own, so both are right.
    key_id = new_id()
    return VaultKey.objects.create(
        id=key_id,
        owner_id=owner_id,
        master_key_id=_current_master()[0],
        wrapped_key=_wrap(AESGCM.generate_key(256), key_id=key_id, owner_id=owner_id),
        created_at=at,
    )


def _wrap(data_key: bytes, *, key_id: UUID, owner_id: UUID) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    master = _current_master()[1]
    return nonce + AESGCM(master).encrypt(nonce, data_key, _context(key_id, owner_id))


def _unwrap(key: VaultKey) -> bytes:
    wrapped = bytes(key.wrapped_key)
    master = settings.VAULT_KEYS.get(key.master_key_id)
    if master is None:
        raise VaultDamaged(f"the master key {key.master_key_id!r} is not configured")
    try:
        return AESGCM(base64.b64decode(master)).decrypt(
            wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _context(key.id, key.owner_id)
        )
    except InvalidTag as error:
        raise VaultDamaged(f"the data key {key.id} cannot be opened") from error


def _current_master() -> tuple[str, bytes]:
    key_id, encoded = next(iter(settings.VAULT_KEYS.items()))
    return key_id, base64.b64decode(encoded)


def _context(row_id: UUID, owner_id: UUID) -> bytes:
    return row_id.bytes + owner_id.bytes


def _write(path: Path, content: bytes) -> None:
    """Write a file once, whole and on the disk, or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o400)
        # A link fails where the name exists, which a rename would overwrite.
        os.link(unfinished, path)
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
