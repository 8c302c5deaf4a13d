"""The two kinds of process of an installation: web and worker. Both are stateless."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiguille.config.env import Env
from aiguille.plumbing import postgres

# A child of `aiguille up` ends with it, even when it is killed.
FOLLOW_PARENT = "AIGUILLE_FOLLOW_PARENT"
WEB_THREADS = 4


@contextmanager
def database() -> Iterator[None]:
    """Hold the wheel's PostgreSQL running, unless `DATABASE_URL` names another server."""
    env = Env.of_process()
    if env.text("DATABASE_URL"):
        yield
        return
    with postgres.running(env.folder("AIGUILLE_VAR", postgres.default_var())):
        yield


def serve() -> int:
    """Serve web pages on HOST and PORT until interrupted."""
    env = Env.of_process()
    threads = env.integer("AIGUILLE_WEB_THREADS", WEB_THREADS, least=1, most=64)
    os.environ.setdefault("AIGUILLE_DATABASE_POOL", str(threads))
    _follow_parent_if_asked()
    with database():
        from granian import Granian
        from granian.constants import Interfaces
        from granian.log import LogLevels

        server = Granian(
            "aiguille.config.wsgi:application",
            address=env.text("HOST", "127.0.0.1"),
            port=env.integer("PORT", 8000, least=1, most=65535),
            interface=Interfaces.WSGI,
            workers=env.integer("AIGUILLE_WEB_PROCESSES", 1, least=1, most=256),
            blocking_threads=threads,
            backlog=1024,
            log_level=LogLevels.warning,
            workers_kill_timeout=8,
            respawn_failed_workers=True,
        )
        server.serve(target_loader=_load_application, wrap_loader=False)
    return 0


def work() -> int:
    """Run background jobs until interrupted; a job under way is finished first."""
    _follow_parent_if_asked()
    with database():
        import django

        django.setup()
        from django.core.management import call_command

        call_command("procrastinate", "worker", "--concurrency=2", "--shutdown-graceful-timeout=8")
    return 0


def follow_parent(end: Callable[[], Any]) -> None:
    """Call `end` once when the process that started this one is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        end()

    threading.Thread(target=watch, daemon=True, name="follow-parent").start()


def _follow_parent_if_asked() -> None:
    if FOLLOW_PARENT in os.environ:
        follow_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))


def _load_application() -> Any:
    """Return the WSGI application; runs in each web process, which ends with its main process."""
    follow_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    from aiguille.config.wsgi import application

    return application
