"""Run the tests against Debian's PostgreSQL 15, the oldest that SQL here is written for.

Installs it where it is missing (as root), makes a throw-away cluster under `var/test-server` on a
Unix socket, creates the roles as an administrator of a hosted server would, and runs pytest.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION = "15"
PROGRAMS = Path("/usr/lib/postgresql") / VERSION / "bin"


def main() -> int:
    """Make the cluster, run the suite, remove the cluster."""
    install()
    # A short folder of its own: a socket's path may hold 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="aiguille-pg15-", dir="/tmp"))
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    os.chown(folder, account.pw_uid, account.pw_gid)

    def program(name: str, *arguments: str) -> None:
        subprocess.run(
            [str(PROGRAMS / name), *arguments],
            cwd="/", check=True, stdout=subprocess.DEVNULL, user=account.pw_uid if os.geteuid() == 0 else None,
            group=account.pw_gid if os.geteuid() == 0 else None,
        )  # fmt: skip

    data = str(folder / "data")
    program(
        "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
    )
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c synchronous_commit=off"
    program("pg_ctl", "start", "-w", "-D", data, "-l", str(folder / "log"), "-o", options)
    try:
        at = f"host={folder}"
        environment = {
            **os.environ,
            "DATABASE_URL": f"postgresql:///aiguille?user=aiguille_app&{at}",
            "OWNER_DATABASE_URL": f"postgresql:///aiguille?user=aiguille_owner&{at}",
        }
        admin = f"postgresql:///postgres?user=postgres&{at}"
        python = str(ROOT / ".venv" / "bin" / "python")
        bootstrap = [python, "-m", "aiguille.cli", "bootstrap", admin]
        subprocess.run(bootstrap, cwd=ROOT, env=environment, check=True)
        tests = [python, "-m", "pytest", "-q", "-n", "2", *sys.argv[1:]]
        return subprocess.run(tests, cwd=ROOT, env=environment, check=False).returncode
    finally:
        program("pg_ctl", "stop", "-m", "immediate", "-D", data)
        shutil.rmtree(folder, ignore_errors=True)


def install() -> None:
    """Install Debian's server without letting it start one of its own."""
    if PROGRAMS.is_dir():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"test-server: install PostgreSQL {VERSION} first (Debian: postgresql-{VERSION})")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    command = ["apt-get", "install", "--yes", "--no-install-recommends", f"postgresql-{VERSION}"]
    if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode:
        sys.exit(f"test-server: apt-get cannot install postgresql-{VERSION}; see its message above")


if __name__ == "__main__":
    sys.exit(main())
