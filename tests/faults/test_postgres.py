"""The wheel's PostgreSQL after every kind of death, and on every kind of path."""

import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import psycopg
import pytest

from aiguille.plumbing import postgres
from aiguille.plumbing.postgres_programs import PostgresUnavailable

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A server's data, made once; each test works on a copy."""
    var = tmp_path_factory.mktemp("made") / "var"
    with postgres.running(var, durable=False):
        pass
    return var


@pytest.fixture
def var(made, tmp_path):
    """The data under a path with spaces that is longer than a socket's may be."""
    copy = tmp_path / ("a long name " * 8).strip() / ("and another " * 8).strip() / "var"
    copy.mkdir(parents=True)
    subprocess.run(["cp", "-a", f"{made}/.", str(copy)], check=True)
    return copy


def lives(pid):
    """Tell whether the process still does something: a zombie waits for who started it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def answer(server):
    address = server.address(user=postgres.APPLICATION_ROLE, database=postgres.DATABASE)
    with psycopg.connect(address) as connection:
        return connection.execute("SELECT 1").fetchone()


def refused(var):
    with pytest.raises(PostgresUnavailable) as refusal, postgres.running(var):
        pass
    return str(refusal.value)


def test_a_long_path_with_spaces_works_and_nothing_stays(var):
    with postgres.running(var, durable=False) as server:
        assert answer(server) == (1,)
        assert len(os.fsencode(server.socket_folder / ".s.PGSQL.5432")) <= 107
    assert not lives(server.pid)
    assert not server.socket_folder.exists()


def test_the_socket_is_private(var):
    with postgres.running(var, durable=False) as server:
        assert server.socket_folder.stat().st_mode & 0o077 == 0


def test_the_last_to_leave_stops_it(var):
    with postgres.running(var, durable=False) as first:
        with postgres.running(var, durable=False) as second:
            assert second.pid == first.pid
        assert answer(first) == (1,)
    assert not lives(first.pid)


def test_a_server_whose_starter_left_it_to_us_and_lives_on_is_stopped_at_once(var):
    program = (
        "import sys, pathlib; from aiguille.plumbing import postgres\n"
        "with postgres.running(pathlib.Path(sys.argv[1]), durable=False) as server:\n"
        "    print(server.pid, flush=True); sys.stdin.readline()\n"
        "print('left', flush=True); sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(var)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdin
        assert starter.stdout
        pid = int(starter.stdout.readline())
        with postgres.running(var, durable=False) as server:
            assert server.pid == pid
            starter.stdin.write("\n")
            starter.stdin.flush()
            assert starter.stdout.readline() == "left\n"
            began = time.monotonic()
        assert time.monotonic() - began < 10
        assert starter.poll() is None
        assert not lives(pid)


def test_a_server_left_by_a_killed_process_is_adopted(var):
    program = (
        "import os, signal, sys, pathlib; from aiguille.plumbing import postgres\n"
        "with postgres.running(pathlib.Path(sys.argv[1]), durable=False) as server:\n"
        "    print(server.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, str(var)], capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    with postgres.running(var, durable=False) as server:
        assert server.pid == int(killed.stdout)
        assert answer(server) == (1,)
    assert not lives(server.pid)


def test_a_killed_server_is_started_again(var):
    with postgres.running(var, durable=False) as server:
        os.kill(server.pid, signal.SIGKILL)
        psutil.Process(server.pid).wait(5)
        postgres.keep_alive(var)
        assert answer(server) == (1,)


def test_a_number_that_another_program_got_since_is_left_alone(var):
    (var / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{var / 'postgres'}\n")
    with postgres.running(var, durable=False) as server:
        assert server.pid != os.getpid()
        assert answer(server) == (1,)


def test_a_server_that_lost_its_socket_is_replaced(var):
    with postgres.running(var, durable=False) as lost:
        shutil.rmtree(lost.socket_folder)
        with postgres.running(var, durable=False) as server:
            assert server.pid != lost.pid
            assert answer(server) == (1,)


def test_data_moved_away_under_its_server_is_made_anew(var):
    with postgres.running(var, durable=False) as old:
        (var / "postgres").rename(var / "moved")
        with postgres.running(var, durable=False) as server:
            assert not lives(old.pid)
            assert answer(server) == (1,)


def test_a_copy_of_a_running_checkout_has_a_server_of_its_own(var, tmp_path):
    with postgres.running(var, durable=False) as original:
        copy = tmp_path / "copy"
        subprocess.run(["cp", "-a", str(var), str(copy)], check=True)
        with postgres.running(copy, durable=False) as server:
            assert server.pid != original.pid
        assert answer(original) == (1,)


def remove_control(data):
    (data / "global" / "pg_control").unlink()


def remove_log(data):
    shutil.rmtree(data / "pg_wal")


def age(data):
    (data / "PG_VERSION").write_text("15\n")


def empty(data):
    shutil.rmtree(data)
    data.mkdir()


@pytest.mark.parametrize("damage", [remove_control, remove_log, age, empty])
def test_damage_is_told_in_one_line(var, damage):
    damage(var / "postgres")
    refusal = refused(var)
    assert "away" in refusal
    assert "\n" not in refusal


def test_a_file_in_the_place_of_var_is_told_in_one_line(tmp_path):
    (tmp_path / "var").write_text("")
    assert "must be a folder" in refused(tmp_path / "var")
