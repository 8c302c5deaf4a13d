"""`aiguille up`, which is what `make run` runs: the whole clinic on one machine.

It starts PostgreSQL, migrates and fills the demo when needed, starts web and worker, starts again
the one that dies, and leaves no process behind, whether it is interrupted or killed.
"""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from aiguille.config.env import Env
from aiguille.config.processes import FOLLOW_PARENT, database
from aiguille.plumbing import postgres, schema

_READY_SECONDS = 90.0
_END_SECONDS = 12.0
_PREVIOUS_SECONDS = 15.0
# A process that dies this often in a minute will not get better by itself.
_DEATHS_PER_MINUTE = 5


class CannotStart(Exception):
    """The message says in one line what to do."""


class _Interrupted(BaseException):
    """Somebody asks the whole clinic to end."""


class _Child:
    """One supervised `aiguille` process, in a session of its own so that Ctrl-C reaches us only."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.deaths: list[float] = []
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            _command(self.name),
            stdin=subprocess.DEVNULL,
            env={**os.environ, FOLLOW_PARENT: "1"},
            start_new_session=True,
        )

    def keep_alive(self) -> None:
        """Start again what died, unless it dies again and again."""
        if self.process.poll() is None:
            return
        at = time.monotonic()
        self.deaths = [*(death for death in self.deaths if at - death < 60), at]
        if len(self.deaths) > _DEATHS_PER_MINUTE:
            raise CannotStart(f"{self.name} keeps ending; its last words are above.")
        print(f"aiguille: {self.name} ended; starting it again", file=sys.stderr, flush=True)
        self.process = self._start()

    def end(self) -> None:
        """Ask the process to end."""
        self.process.terminate()

    def wait(self, deadline: float) -> None:
        """Wait for the end until `deadline`, then end the whole session."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def run(*, out: TextIO, with_parent: bool) -> int:
    """Run the clinic until it is interrupted; return 0 then, 1 when it cannot start."""
    env = Env.of_process()
    var = env.folder("AIGUILLE_VAR", postgres.default_var())
    host, port = env.text("HOST", "127.0.0.1"), env.integer("PORT", 8000, least=1, most=65535)
    parent = os.getppid() if with_parent else None
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _interrupt)
    try:
        with _only_one(var), database():
            _refuse_taken_port(host, port)
            demo = _prepare(env, var)
            with _children("serve", "worker") as children:
                _wait_until_ready(host, port, children)
                _announce(out, host, port, demo)
                while parent is None or os.getppid() == parent:
                    time.sleep(0.3)
                    if not env.text("DATABASE_URL"):
                        postgres.keep_alive(var)
                    for child in children:
                        child.keep_alive()
    except _Interrupted:
        pass
    except CannotStart as refusal:
        print(f"aiguille: {refusal}", file=sys.stderr)
        return 1
    return 0


def _interrupt(_number: int, _frame: object) -> None:
    # A second signal must not break the orderly end that the first one began.
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
    raise _Interrupted


@contextmanager
def _only_one(var: Path) -> Iterator[None]:
    """Let one clinic run over `var`; wait for one that is just ending."""
    postgres.make_var(var)
    with (var / "run.lock").open("a") as lock:
        deadline = time.monotonic() + _PREVIOUS_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise CannotStart(
                        f"it already runs over {var}; stop that one first, or set AIGUILLE_VAR."
                    ) from None
                time.sleep(0.2)
        yield


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deadline = time.monotonic() + 3
        while True:
            try:
                probe.bind((host, port))
            except OSError as error:
                # The web process of a killed run needs a moment to notice and end.
                if time.monotonic() < deadline:
                    time.sleep(0.2)
                    continue
                raise CannotStart(
                    f"{host}:{port} cannot be used ({error.strerror}): stop the program that has"
                    f" it, or choose another port, as in: make run PORT={min(port + 1, 65535)}"
                ) from error
            return


def _prepare(env: Env, var: Path) -> str:
    """Migrate and fill the demo when needed; return the demo's words on how to sign in."""
    owner = env.text("OWNER_DATABASE_URL") or (
        f"host={postgres.socket_folder(var)} dbname={postgres.DATABASE} user={postgres.OWNER_ROLE}"
        if not env.text("DATABASE_URL")
        else ""
    )
    stamps = schema.stamps(owner) if owner else {}
    if owner and stamps.get(schema.STAMP) != schema.wanted_digest():
        _run_to_end("migrate")
    if not env.flag("AIGUILLE_DEMO", default=env.text("AIGUILLE_ENV") != "production"):
        return ""
    words = var / "demo.txt"
    if stamps.get(schema.DEMO_STAMP) != schema.DEMO_FILLED or not words.is_file():
        words.write_bytes(_run_to_end("demo"))
    return words.read_text(encoding="utf-8")


def _run_to_end(name: str) -> bytes:
    """Run a command in a process of its own, whose memory goes with it; return what it printed."""
    process = subprocess.Popen(
        _command(name),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, FOLLOW_PARENT: "1"},
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode:
        raise CannotStart(f"{name} failed; its reason is above.")
    return printed


def _command(name: str) -> list[str]:
    return [sys.executable, "-m", "aiguille.cli", name]


@contextmanager
def _children(*names: str) -> Iterator[list[_Child]]:
    children: list[_Child] = []
    try:
        for name in names:
            children.append(_Child(name))  # noqa: PERF401 -- those that started must be ended
        yield children
    finally:
        for child in children:
            child.end()
        deadline = time.monotonic() + _END_SECONDS
        for child in children:
            child.wait(deadline)


def _wait_until_ready(host: str, port: int, children: list[_Child]) -> None:
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- read, not bound
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        for child in children:
            child.keep_alive()
        connection = http.client.HTTPConnection(address, port, timeout=10)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    raise CannotStart(f"no answer from {host}:{port} in {_READY_SECONDS:.0f} s.")


def _announce(out: TextIO, host: str, port: int, demo: str) -> None:
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- read, not bound
    shown = f"[{shown}]" if ":" in shown else shown
    print(f"\nAiguille is at http://{shown}:{port}/  (Ctrl-C ends it)", file=out)
    if demo.strip():
        print(f"\n{demo.strip()}", file=out)
    out.flush()
