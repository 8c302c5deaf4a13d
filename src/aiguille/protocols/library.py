"""The protocols that ship with Aiguille."""

from dataclasses import dataclass
from functools import cache

from aiguille.protocols.model import Protocol
from aiguille.protocols.reading import read_file
from aiguille.protocols.sources import SHIPPED, ProtocolMalformed, digest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A shipped protocol, its content as plain JSON for keeping, and the digest of that."""

    protocol: Protocol
    content: dict[str, object]
    digest: str


@cache
def shipped_protocols() -> dict[str, Shipped]:
    """Return every shipped protocol by its id.

    Raises:
        ProtocolMalformed: a shipped file has faults, which the tests rule out.
    """
    found: dict[str, Shipped] = {}
    for path in sorted(SHIPPED.glob("*.toml")):
        if path.name == "refusals.toml":
            continue
        protocol, source = read_file(path)
        if protocol is None:
            raise ProtocolMalformed(tuple(source.problems))
        found[protocol.id] = Shipped(
            protocol=protocol, content=source.content, digest=digest_of(source.content)
        )
    return found
