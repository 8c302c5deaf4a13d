"""Short secrets that must be read again, encrypted at rest by the vault's master keys.

Files belong in the vault; this is for an address or a token in a column. What is sealed names its
key, so that an earlier master key still opens it, and is bound to a purpose, so that it cannot be
put in another's place.
"""

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE_BYTES = 12


class SealBroken(Exception):
    """What was sealed was changed, or its master key is not configured any more."""


def seal(secret: str, *, purpose: str) -> str:
    """Return `secret` encrypted for `purpose` under the first master key."""
    key_id = next(iter(settings.VAULT_KEYS))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(key_id).encrypt(nonce, secret.encode(), purpose.encode())
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, *, purpose: str) -> str:
    """Return what was sealed for `purpose`.

    Raises:
        SealBroken: it was changed, or its key is not configured any more.
    """
    key_id, _, encoded = sealed.partition(":")
    if key_id not in settings.VAULT_KEYS:
        raise SealBroken(f"the master key {key_id!r} is not configured")
    try:
        raw = base64.b64decode(encoded, validate=True)
        content = _cipher(key_id).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError, binascii.Error) as error:
        raise SealBroken("a sealed secret was changed") from error
    return content.decode()


def is_current(sealed: str) -> bool:
    """Tell whether the first master key sealed it; an earlier one did else."""
    return sealed.partition(":")[0] == next(iter(settings.VAULT_KEYS))


def _cipher(key_id: str) -> AESGCM:
    return AESGCM(base64.b64decode(settings.VAULT_KEYS[key_id]))
