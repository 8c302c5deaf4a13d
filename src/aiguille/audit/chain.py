"""The keyed hash that ties each event of a record to the one before."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

GENESIS = "0" * 64


def digest(content: Mapping[str, Any], *, previous: str, key: bytes) -> str:
    """Return the hex HMAC-SHA-256 of `content` (JSON-able) and the `previous` digest."""
    canonical = json.dumps(
        {"previous": previous, **content}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()
