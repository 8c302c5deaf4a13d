"""Reading an address that a person typed, without letting it reach into our own network.

Only HTTPS, only public addresses: a name is resolved once, every address that it has must be a
public one, and the connection goes to the address that was checked, so that a name cannot change
between the look and the call; each redirect is looked at anew. Size and time are bounded. A test
may allow this machine (`FETCH_FROM_THIS_MACHINE`), which production refuses.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import SplitResult, urljoin, urlsplit

from django.conf import settings

MOST_BYTES = 4 * 1024 * 1024
SECONDS = 20.0
MOST_REDIRECTS = 5
_MOST_ADDRESSES = 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Ways to write an IPv4 address inside an IPv6 one: what lies behind cannot be told from outside.
_TUNNELS = tuple(
    ipaddress.IPv6Network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)


class Fault(StrEnum):
    """Why an address could not be read."""

    NOT_HTTPS = "not_https"
    NOT_PUBLIC = "not_public"
    UNKNOWN_HOST = "unknown_host"
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    REDIRECTED = "redirected"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    SERVER = "server"


class FetchFailed(Exception):
    """The address could not be read; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.value)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered; `content` is None where nothing changed since the earlier time."""

    content: bytes | None
    etag: str
    modified: str


def check_address(address: str) -> SplitResult:
    """Return the parts of an address whose shape allows it to be read.

    Raises:
        FetchFailed: it is not HTTPS, has no host, or holds a user or a password.
    """
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise FetchFailed(Fault.NOT_HTTPS) from error
    allowed = {"https", "http"} if settings.FETCH_FROM_THIS_MACHINE else {"https"}
    if parts.scheme not in allowed or not parts.hostname or "@" in parts.netloc:
        raise FetchFailed(Fault.NOT_HTTPS)
    if not address.isascii() or any(mark <= " " for mark in address):
        raise FetchFailed(Fault.NOT_HTTPS)
    return parts


def fetch(
    address: str,
    *,
    etag: str = "",
    modified: str = "",
    accept: str = "*/*",
    most_bytes: int = MOST_BYTES,
    seconds: float = SECONDS,
) -> Fetched:
    """Read an address with GET; `etag` and `modified` are those of the earlier answer.

    Raises:
        FetchFailed: it cannot be read, or must not be.
    """
    headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "Aiguille"}
    if etag:
        headers["If-None-Match"] = etag
    if modified:
        headers["If-Modified-Since"] = modified
    with _Deadline(seconds) as deadline:
        for _ in range(MOST_REDIRECTS + 1):
            answer = _ask(check_address(address), headers, most_bytes, deadline)
            if answer.status in _REDIRECTS and answer.location:
                address = urljoin(address, answer.location)
                continue
            return _settle(answer)
    raise FetchFailed(Fault.REDIRECTED)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: bytes
    location: str
    etag: str
    modified: str


def _settle(answer: _Answer) -> Fetched:
    if answer.status == http.HTTPStatus.NOT_MODIFIED:
        return Fetched(None, answer.etag, answer.modified)
    if answer.status == http.HTTPStatus.OK:
        return Fetched(answer.content, answer.etag, answer.modified)
    if answer.status in {401, 402, 403, 407}:
        raise FetchFailed(Fault.FORBIDDEN)
    if answer.status in {404, 410}:
        raise FetchFailed(Fault.GONE)
    raise FetchFailed(Fault.SERVER)


class _Deadline:
    """Cuts the connection under way when the time is over: a slow sender cannot hold a worker."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._ends = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def left(self) -> float:
        """Return the seconds that are left; never none, which a socket would take for no limit."""
        return max(0.01, self._ends - time.monotonic())

    def watch(self, connected: socket.socket) -> None:
        """Cut this one when the time is over."""
        self._socket = connected
        if self.is_over:
            self._cut()

    def _cut(self) -> None:
        self.is_over = True
        if self._socket is not None:
            with suppress(OSError):
                # Of the connection below TLS: a socket of TLS would first forget its own state,
                # under the hands of the thread that reads from it.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was checked, under the name that was asked for."""

    def __init__(self, parts: SplitResult, addresses: list[str], deadline: _Deadline) -> None:
        self._is_secure = parts.scheme == "https"
        port = parts.port or (443 if self._is_secure else 80)
        assert parts.hostname is not None
        super().__init__(parts.hostname, port, timeout=deadline.left())
        self._addresses, self._deadline = addresses, deadline
        # http.client writes the port into the Host header unless it is the scheme's own.
        self.default_port = 443 if self._is_secure else 80

    def connect(self) -> None:
        """Connect to the first address that answers."""
        self.sock = self._reach()
        self._deadline.watch(self.sock)
        if self._is_secure:
            secured = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            # Closed with the connection, also where the handshake fails.
            self.sock = secured
            self._deadline.watch(secured)
            secured.do_handshake()

    def _reach(self) -> socket.socket:
        failure: OSError = OSError("no address")
        for address in self._addresses:
            try:
                return socket.create_connection((address, self.port), self._deadline.left())
            except OSError as error:
                failure = error
        raise failure


def _ask(
    parts: SplitResult, headers: Mapping[str, str], most_bytes: int, deadline: _Deadline
) -> _Answer:
    connection = _Connection(parts, _addresses_of(parts), deadline)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", target, headers=dict(headers))
        response = connection.getresponse()
        content = b""
        if response.status == http.HTTPStatus.OK:
            content = response.read(most_bytes + 1)
        is_cut = bool(response.length) and len(content) <= most_bytes
        answer = _Answer(
            status=response.status,
            content=content,
            location=response.getheader("Location", ""),
            etag=response.getheader("ETag", ""),
            modified=response.getheader("Last-Modified", ""),
        )
    except ssl.SSLCertVerificationError as error:
        raise FetchFailed(Fault.CERTIFICATE) from error
    except (OSError, http.client.HTTPException) as error:
        raise FetchFailed(_late_or(Fault.UNREACHABLE, deadline, error)) from error
    finally:
        connection.close()
    if len(content) > most_bytes:
        raise FetchFailed(Fault.TOO_LARGE)
    if deadline.is_over:
        raise FetchFailed(Fault.TOO_SLOW)
    if is_cut and answer.status == http.HTTPStatus.OK:
        raise FetchFailed(Fault.UNREACHABLE)
    return answer


def _late_or(fault: Fault, deadline: _Deadline, error: Exception) -> Fault:
    return Fault.TOO_SLOW if deadline.is_over or isinstance(error, TimeoutError) else fault


def _addresses_of(parts: SplitResult) -> list[str]:
    """Return the network addresses of a host, all of them public."""
    host, port = parts.hostname, parts.port or 443
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(Fault.UNKNOWN_HOST) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    is_secure = parts.scheme == "https"
    if not addresses or not all(may_reach(address, is_secure=is_secure) for address in addresses):
        raise FetchFailed(Fault.NOT_PUBLIC)
    return addresses[:_MOST_ADDRESSES]


def may_reach(address: str, *, is_secure: bool = True) -> bool:
    """Tell whether a network address is a public one; plain HTTP reaches this machine alone."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        elif not parsed.is_loopback and any(parsed in tunnel for tunnel in _TUNNELS):
            return False
    if settings.FETCH_FROM_THIS_MACHINE and parsed.is_loopback:
        return True
    return is_secure and parsed.is_global and not parsed.is_multicast
