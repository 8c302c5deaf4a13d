"""PostgreSQL from the wheel, started by our own call; and the ground that every database stands on.

The server keeps its data in `var/postgres` and listens on a Unix socket only, in a short folder of
its own: a socket's path may hold 107 bytes, a checkout's path may be longer. It outlives the
process that started it only when that process was killed; the next start adopts it. Several
processes may use one server: each holds a shared lock, and the last to leave stops it.

This module imports no Django, so that a command can start the server while Django loads.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiguille.plumbing.postgres_programs import (
    PostgresUnavailable,
    Runner,
    last_line,
    server_version,
)

if TYPE_CHECKING:
    from psutil import Process
    from psycopg import Connection

DATABASE = "aiguille"
ADMIN_ROLE = "postgres"
OWNER_ROLE = "aiguille_owner"
APPLICATION_ROLE = "aiguille_app"
EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")
EXTENSION_SCHEMA = "extensions"

_SOCKET_FILE = ".s.PGSQL.5432"
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_SERVER_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    # A booking holds some hundred tables and indexes, emptying a test's database all of them.
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",  # the data is in memory or on a solid-state disk
    "jit": "off",  # compiling costs more than the short queries of a page
    "max_parallel_workers_per_gather": "0",  # needs shared memory that small containers lack
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # A failed statement and its values are personal data; the program that sent it knows them.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# For tests only: what a crash loses is made again.
_FORGETFUL_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# The servers that this process started, which it must wait for when it stops them.
_started: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Server:
    """A running server: where its socket is, and its process."""

    socket_folder: Path
    pid: int

    def address(self, *, user: str, database: str) -> str:
        """Return a libpq connection string."""
        return f"host={self.socket_folder} user={user} dbname={database}"


def default_var() -> Path:
    """Return `var/` of the checkout, or of the working folder for an installed package."""
    checkout = Path(__file__).resolve().parents[3]
    return (checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()) / "var"


def socket_folder(var: Path) -> Path:
    """Return the short folder where the server whose data is under `var` has its socket."""
    key = hashlib.sha256(os.fsencode(var.resolve())).hexdigest()[:12]
    return Path("/tmp") / f"aiguille-{key}"  # noqa: S108 -- made private, and its owner checked


def make_var(var: Path) -> None:
    """Make the folder that holds everything local.

    Raises:
        PostgresUnavailable: it cannot be made or written.
    """
    try:
        var.mkdir(parents=True, exist_ok=True)
        for name in ("postgres.users", "postgres.lock"):
            (var / name).touch()
    except OSError as error:
        raise PostgresUnavailable(
            f"{error.filename}: {error.strerror}; {var} must be a folder, writable by this user."
            " Make it so, or move it away."
        ) from error


@contextmanager
def running(var: Path, *, durable: bool = True) -> Iterator[Server]:
    """Hold a server running over `var`, with its roles and database; stop it when nobody holds it.

    Raises:
        PostgresUnavailable: it cannot be started.
    """
    data = var / "postgres"
    make_var(var)
    with (var / "postgres.users").open("a") as users:
        with _starting(var):
            fcntl.flock(users, fcntl.LOCK_SH)
            server = _adopt_or_start(data, socket_folder(var), durable=durable)
        try:
            yield server
        finally:
            with _starting(var):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody else still uses it
                else:
                    _stop(data, socket_folder(var))


def keep_alive(var: Path) -> None:
    """Start the server again when it was killed; for a process that holds it `running`.

    Raises:
        PostgresUnavailable: it cannot be started.
    """
    data = var / "postgres"
    if _live_postmaster(data) is None:
        with _starting(var):
            _adopt_or_start(data, socket_folder(var), durable=True)


def bootstrap(
    admin: "Connection[Any]",
    *,
    database: str = DATABASE,
    owner: str = OWNER_ROLE,
    owner_password: str = "",
    application: str = APPLICATION_ROLE,
    application_password: str = "",
) -> None:
    """Create the two roles and the database through `admin`, a connection in autocommit.

    Run again, it changes passwords and nothing else. The owner may create databases, which only
    the tests need.
    """
    from psycopg import sql

    for role, password, attributes in (
        (owner, owner_password, "CREATEDB"),
        (application, application_password, "NOCREATEDB"),
    ):
        exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        admin.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEROLE {} PASSWORD {}").format(
                sql.SQL("ALTER" if exists else "CREATE"),
                sql.Identifier(role),
                sql.SQL(attributes),
                sql.Literal(password or None),
            )
        )
    if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        return
    # The administrator of a hosted server is no superuser and must be a member to give ownership.
    admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner)))
    admin.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
            sql.Identifier(database), sql.Identifier(owner)
        )
    )


def prepare_database(owner: Any, *, application: str) -> None:
    """Lay the ground of the database that `owner` (a cursor or connection of its owner) is in.

    Extensions get a schema of their own; nobody but the owner may create anything; the
    application's role will read and write the rows of every table that the owner makes. Run
    before every migration; run again, it changes nothing.
    """
    from psycopg import sql

    database, schema = owner.execute("SELECT current_database(), current_schema()").fetchone()
    names = {
        "database": sql.Identifier(database),
        "schema": sql.Identifier(schema),
        "extensions": sql.Identifier(EXTENSION_SCHEMA),
        "application": sql.Identifier(application),
    }
    defaults = "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema}"
    for statement in (
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {database} TO {application}",
        "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
        "CREATE SCHEMA IF NOT EXISTS {extensions}",
        "GRANT USAGE ON SCHEMA {schema}, {extensions} TO {application}",
        *(f"CREATE EXTENSION IF NOT EXISTS {name} SCHEMA {{extensions}}" for name in EXTENSIONS),
        "ALTER DATABASE {database} SET search_path = {schema}, {extensions}",
        "SET search_path = {schema}, {extensions}",
        f"{defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {{application}}",
        f"{defaults} GRANT USAGE, SELECT ON SEQUENCES TO {{application}}",
    ):
        owner.execute(sql.SQL(statement).format(**names))


# --- Start and stop -------------------------------------------------------------------------------


@contextmanager
def _starting(var: Path) -> Iterator[None]:
    """Let one process at a time start or stop the server under `var`."""
    with (var / "postgres.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _adopt_or_start(data: Path, folder: Path, *, durable: bool) -> Server:
    if not data.exists():
        runner = Runner.for_data(data)
        _initialise(data, folder, runner)
        return _start(data, folder, runner, durable=durable)
    _check_data(data)
    if pid := _live_postmaster(data):
        if _answers(folder):
            return Server(folder, pid)
        # It lost its socket (a cleaned /tmp, a moved checkout): nobody can reach it any more.
        _stop(data, folder)
    return _start(data, folder, Runner.for_data(data), durable=durable)


def _check_data(data: Path) -> None:
    """Refuse data that this server cannot read, in one line."""
    advice = (
        f"Move {data} away (or remove it) and start again:"
        " the demo is made anew; a clinic's data comes from its backup."
    )
    try:
        written_by = (data / "PG_VERSION").read_text().strip()
        complete = (data / "global" / "pg_control").is_file()
    except PermissionError as error:
        raise PostgresUnavailable(
            f"{data} belongs to another user; start as the user who made it, or move it away."
        ) from error
    except OSError as error:
        raise PostgresUnavailable(f"{data} is damaged ({error.strerror}). {advice}") from error
    if not complete:
        raise PostgresUnavailable(f"{data} is damaged (files are missing). {advice}")
    if written_by != (ours := server_version()):
        raise PostgresUnavailable(
            f"{data} was written by PostgreSQL {written_by} and this is {ours}. {advice}"
        )


def _initialise(data: Path, folder: Path, runner: Runner) -> None:
    """Make the data in a folder beside, then move it in place: an interrupted start leaves none."""
    import psycopg

    making = data.with_name("postgres.new")
    if left := _live_postmaster(making):
        _end(left)
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    runner.own(making)
    done = runner.run(
        "initdb",
        "--pgdata", str(making),
        "--username", ADMIN_ROLE,
        "--auth", "trust",  # the folder of the socket is the protection
        "--encoding", "UTF8",
        "--locale-provider", "builtin",
        "--builtin-locale", "C.UTF-8",
        "--locale", "C",
        "--no-instructions",
    )  # fmt: skip
    if done.returncode:
        reason = last_line(done.stderr) or f"initdb ended with {done.returncode}"
        raise PostgresUnavailable(f"PostgreSQL's data cannot be made under {data.parent}: {reason}")
    server = _start(making, folder, runner, durable=True)
    address = server.address(user=ADMIN_ROLE, database="postgres")
    with psycopg.connect(address, autocommit=True) as admin:
        bootstrap(admin)
    _stop(making, folder)
    making.rename(data)


def _start(data: Path, folder: Path, runner: Runner, *, durable: bool) -> Server:
    _end_server_without_data(folder)
    _make_socket_folder(folder, runner)
    _disown_pid_file(data)
    for left in (folder / _SOCKET_FILE, folder / f"{_SOCKET_FILE}.lock"):
        left.unlink(missing_ok=True)
    options = _SERVER_OPTIONS | ({} if durable else _FORGETFUL_OPTIONS)
    settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    log = data.with_name("postgres.log")
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with log.open("wb") as output:
            process = runner.start(
                "postgres", "-D", str(data), "-k", str(folder), *settings, output=output
            )
        while time.monotonic() < deadline and process.poll() is None:
            lines = _pid_file(data)
            if lines[:1] == [str(process.pid)] and lines[7:8] == ["ready"]:
                _started[process.pid] = process
                return Server(folder, process.pid)
            time.sleep(0.01)
        reason = last_line(log.read_text(errors="replace"))
        if process.poll() is None:
            process.kill()
            process.wait()
            reason = f"no answer in {_START_SECONDS:.0f} s; {reason}"
        elif "still in use" in reason and time.monotonic() < deadline:
            time.sleep(0.1)  # the connections of a killed server are just ending
            continue
        raise PostgresUnavailable(
            f"PostgreSQL does not start: {reason or 'no reason given'} ({log} has more)."
            f" If {data} is damaged, move it away and start again."
        )


def _disown_pid_file(data: Path) -> None:
    """Make a left postmaster.pid name no process: its number may be another program's by now.

    The file stays, because PostgreSQL reads in it which shared memory the killed server had, and
    waits for that server's connections to end.
    """
    if lines := _pid_file(data):
        (data / "postmaster.pid").write_text("\n".join([str(2**31 - 1), *lines[1:]]) + "\n")


def _stop(data: Path, folder: Path) -> None:
    """End the server over `data`, if one lives: politely, then firmly."""
    if pid := _live_postmaster(data):
        _end(pid)
    shutil.rmtree(folder, ignore_errors=True)


def _end(pid: int) -> None:
    import psutil

    child = _started.pop(pid, None)
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(sign)
            if _ends(process):
                break
    if child:
        child.poll()  # nobody else can take it off the list of processes


def _ends(process: "Process") -> bool:
    """Wait for a process to end, or to be a zombie that another process, still alive, started."""
    import psutil

    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def _end_server_without_data(folder: Path) -> None:
    """End a server whose data was moved away under it: it would remove our socket when it ends."""
    import psutil

    with suppress(OSError, ValueError, IndexError, psutil.Error):
        pid = int((folder / f"{_SOCKET_FILE}.lock").read_text().split()[0])
        if str(folder) in psutil.Process(pid).cmdline():
            _end(pid)


def _pid_file(data: Path) -> list[str]:
    """Return the lines of postmaster.pid: process, data, start, port, socket folder, …, status."""
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
    except OSError:
        return []


def _live_postmaster(data: Path) -> int | None:
    """Return the process of the server over `data`, and never some other process's number.

    A number left in the file may have been given to another program since, and a copied checkout
    holds the number of the original's server.
    """
    lines = _pid_file(data)
    if len(lines) < 2 or not lines[0].lstrip("-").isdigit():
        return None
    import psutil

    recorded = Path(lines[1])
    copied = recorded != data and recorded.exists() and not recorded.samefile(data)
    try:
        process = psutil.Process(abs(int(lines[0])))
        is_server = str(recorded) in process.cmdline()  # a zombie has no command line
    except psutil.Error:
        return None
    return process.pid if is_server and not copied else None


def _answers(folder: Path) -> bool:
    import socket

    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(folder / _SOCKET_FILE))
        except OSError:
            return False
    return True


def _make_socket_folder(folder: Path, runner: Runner) -> None:
    """Make the folder private; refuse one that somebody else laid in wait."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        runner.own(folder)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {runner.uid, os.geteuid()}:
        raise PostgresUnavailable(f"{folder} belongs to somebody else; remove it and start again.")
    runner.own(folder)
    folder.chmod(0o700)
