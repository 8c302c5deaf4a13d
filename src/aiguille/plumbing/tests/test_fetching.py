"""Reading an address: public ones over HTTPS alone, each redirect anew, within size and time."""

import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from aiguille.plumbing.fetching import Fault, FetchFailed, check_address, fetch, may_reach


class Answers(BaseHTTPRequestHandler):
    """Answers each path in its own way."""

    protocol_version = "HTTP/1.1"
    seen: list[dict[str, str]] = []

    def do_GET(self):
        self.seen.append(dict(self.headers))
        getattr(self, f"go_{self.path.strip('/').split('/', maxsplit=1)[0]}")()

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def go_plain(self):
        self.reply(200, b"hello", ETag='"one"', Last_Modified="Mon, 02 Mar 2026 08:00:00 GMT")

    def go_same(self):
        known = self.headers.get("If-None-Match") == '"one"'
        self.reply(304 if known else 200, b"" if known else b"hello", ETag='"one"')

    def go_hop(self):
        self.reply(302, Location="/plain")

    def go_loop(self):
        self.reply(302, Location="/loop")

    def go_inside(self):
        self.reply(302, Location="http://10.0.0.7/secret")

    def go_file(self):
        self.reply(302, Location="file:///etc/passwd")

    def go_metadata(self):
        self.reply(302, Location="https://169.254.169.254/latest/meta-data/")

    def go_status(self):
        self.reply(int(self.path.rpartition("/")[2]))

    def go_large(self):
        self.reply(200, b"x" * 5000)

    def go_cut(self):
        self.send_response(200)
        self.send_header("Content-Length", "5000")
        self.end_headers()
        self.wfile.write(b"x" * 10)
        self.close_connection = True

    def go_drip(self):
        self.send_response(200)
        self.send_header("Content-Length", "5000")
        self.end_headers()
        try:
            for _ in range(200):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], *, certificate: str | None = None
) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def here(settings):
    settings.FETCH_FROM_THIS_MACHINE = True
    Answers.seen.clear()
    with serving(Answers) as address:
        yield address


@pytest.fixture
def certificate(tmp_path):
    """A certificate of this machine that nobody vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    own = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "own.pem"
    file.write_bytes(
        own.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(file)


def fault_of(address, **limits):
    with pytest.raises(FetchFailed) as refusal:
        fetch(address, **limits)
    return refusal.value.fault


class TestFetch:
    def test_reads_what_is_there_with_its_tags(self, here):
        fetched = fetch(f"{here}/plain")
        assert (fetched.content, fetched.etag) == (b"hello", '"one"')
        assert fetched.modified.startswith("Mon, 02 Mar 2026")

    def test_says_that_nothing_changed(self, here):
        assert fetch(f"{here}/same", etag='"one"').content is None
        assert fetch(f"{here}/same", etag='"two"').content == b"hello"

    def test_names_no_person_and_no_other_header(self, here):
        fetch(f"{here}/plain")
        assert {name.lower() for name in Answers.seen[0]} == {
            "host",
            "accept",
            "accept-encoding",
            "user-agent",
        }

    def test_follows_a_redirect(self, here):
        assert fetch(f"{here}/hop").content == b"hello"

    @pytest.mark.parametrize(
        ("path", "fault"),
        [
            ("loop", Fault.REDIRECTED),
            ("inside", Fault.NOT_PUBLIC),
            ("metadata", Fault.NOT_PUBLIC),
            ("file", Fault.NOT_HTTPS),
            ("status/401", Fault.FORBIDDEN),
            ("status/403", Fault.FORBIDDEN),
            ("status/404", Fault.GONE),
            ("status/410", Fault.GONE),
            ("status/500", Fault.SERVER),
            ("status/204", Fault.SERVER),
            ("cut", Fault.UNREACHABLE),
        ],
    )
    def test_says_why_not(self, here, path, fault):
        assert fault_of(f"{here}/{path}") == fault

    def test_stops_at_the_largest_size(self, here):
        assert fault_of(f"{here}/large", most_bytes=4999) == Fault.TOO_LARGE
        assert fetch(f"{here}/large", most_bytes=5000).content == b"x" * 5000

    def test_stops_a_sender_that_drips(self, here):
        began = time.monotonic()
        assert fault_of(f"{here}/drip", seconds=0.4) == Fault.TOO_SLOW
        assert time.monotonic() - began < 3

    def test_says_that_nobody_listens(self, settings):
        settings.FETCH_FROM_THIS_MACHINE = True
        with serving(Answers) as address:
            pass
        assert fault_of(f"{address}/plain") == Fault.UNREACHABLE

    def test_asks_for_a_certificate_that_somebody_vouches_for(
        self, settings, certificate, monkeypatch
    ):
        settings.FETCH_FROM_THIS_MACHINE = True
        with serving(Answers, certificate=certificate) as address:
            assert fault_of(f"{address}/plain") == Fault.CERTIFICATE
            monkeypatch.setenv("SSL_CERT_FILE", certificate)
            assert fetch(f"{address}/plain").content == b"hello"
            assert fault_of(f"{address}/drip", seconds=0.4) == Fault.TOO_SLOW

    def test_never_reaches_this_machine_without_the_setting(self, here, settings):
        settings.FETCH_FROM_THIS_MACHINE = False
        assert fault_of(f"{here}/plain") == Fault.NOT_HTTPS
        assert fault_of(f"https{here.removeprefix('http')}/plain") == Fault.NOT_PUBLIC
        assert fault_of("https://localhost/plain") == Fault.NOT_PUBLIC
        assert Answers.seen == []


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/a.ics",
        "ftp://example.org/a.ics",
        "file:///etc/passwd",
        "https://",
        "https://user:secret@example.org/a.ics",
        "https://example.org:port/a.ics",
        "https://example.org/a b.ics",
        "https://example.org/a\r\nHost: other",
        "example.org/a.ics",
        "",
    ],
)
def test_an_address_of_another_shape_is_refused(address):
    with pytest.raises(FetchFailed):
        check_address(address)


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("192.0.2.1", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("2001:0:7f00:1::", False),
        ("::7f00:1", False),
        ("localhost", False),
    ],
)
def test_only_public_addresses_are_reached(address, may):
    assert may_reach(address) is may


def test_plain_http_reaches_this_machine_alone(settings):
    settings.FETCH_FROM_THIS_MACHINE = True
    assert may_reach("127.0.0.1", is_secure=False)
    assert not may_reach("93.184.216.34", is_secure=False)
    assert not may_reach("10.1.2.3")
