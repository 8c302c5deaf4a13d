"""The `aiguille` command: it answers at once and loads what a sub-command needs, not more."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO, TypeAlias

_Run: TypeAlias = Callable[[argparse.Namespace, TextIO], int]
_Add: TypeAlias = Callable[[str, _Run, str], argparse.ArgumentParser]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiguille.config.settings")


def main(arguments: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for a refusal, 2 for a wrong command line."""
    options = _parser().parse_args(arguments)
    run: _Run = options.run
    try:
        return run(options, out or sys.stdout)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (`head`) went away; nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if line := _refusal(error):
            print(f"aiguille: {line}", file=sys.stderr)
            return 1
        raise


def _refusal(error: Exception) -> str | None:
    """Return what a person can do about an anticipated failure; None for any other."""
    from django.core.exceptions import ImproperlyConfigured

    from aiguille.plumbing.postgres_programs import PostgresUnavailable

    if isinstance(error, (PostgresUnavailable, ImproperlyConfigured)):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aiguille", description="The platform of an aesthetic skin-care clinic."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def adder(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> _Add:
        def add(name: str, run: _Run, text: str) -> argparse.ArgumentParser:
            added = commands.add_parser(name, help=text, description=text)
            added.set_defaults(run=run)
            return added

        return add

    def group(name: str, text: str) -> _Add:
        added = commands.add_parser(name, help=text, description=text)
        return adder(added.add_subparsers(required=True, metavar="ACTION"))

    command = adder(commands)
    up = command("up", _up, "start everything: database, demo, web and worker (make run)")
    up.add_argument("--with-parent", action="store_true", help="end when the parent process ends")
    command("serve", _serve, "serve web pages")
    command("worker", _worker, "run background jobs")
    command("migrate", _migrate, "bring the database up to date, as its owner")
    bootstrap = command("bootstrap", _bootstrap, "create the two roles and the database")
    bootstrap.add_argument("admin_url", help="postgresql:// address of an administrator")
    demo = command("demo", _demo, "fill the demo clinic, once")
    demo.add_argument("--reset", action="store_true", help="empty it and anchor it on today")
    command("shell", _shell, "open a Python shell with the models loaded")

    slots = command("slots", _slots, "answer scheduling scenarios, one JSON document each")
    slots.add_argument("--scenario", nargs="+", required=True, metavar="FILE")
    decide = command("decide", _decide, "decide the cases of a JSON-lines file")
    decide.add_argument("file", type=Path, metavar="FILE")

    rules = group("rules", "check or explain the rule files")
    check = rules("check", _rules_check, "name every mistake of rule files; of the shipped ones")
    check.add_argument("files", nargs="*", type=Path, metavar="FILE")
    explain = rules("explain", _rules_explain, "print a rule or question with its sources")
    explain.add_argument("rule", metavar="ID")

    protocols = group("protocols", "check or rehearse protocol files")
    check = protocols("check", _protocols_check, "name every mistake of protocol files")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    export = protocols("export", _protocols_export, "print a protocol as a FHIR PlanDefinition")
    export.add_argument("protocol", type=Path, metavar="PROTOCOL")
    rehearse = protocols("rehearse", _protocols_rehearse, "run a file of events through a protocol")
    rehearse.add_argument("protocol", type=Path, metavar="PROTOCOL")
    rehearse.add_argument("--events", type=Path, required=True, metavar="FILE")
    rehearse.add_argument("--json", action="store_true", help="as one JSON document")

    zones = group("zones", "compare what was promised with the time zone data of today")
    check = zones("check", _zones_check, "list the appointments ahead that would shift")
    check.add_argument("--json", action="store_true", help="as one JSON document")

    audit = group("audit", "verify the chain of audit events")
    verify = audit("verify", _audit_verify, "check every chain")
    verify.add_argument("--heads", type=Path, metavar="FILE", help="heads exported earlier")
    audit("heads", _audit_heads, "write the end of every chain, to be kept on another machine")

    signatures = group("signatures", "verify what was signed")
    signatures("verify", _signatures_verify, "reckon every signature again from its row")

    bits = group("bits", "verify the busy bits that searches read")
    bits("check", _bits_check, "compare them with what is booked")
    bits("rebuild", _bits_rebuild, "make them again from what is booked, as the owner")
    return parser


# --- The clinic -----------------------------------------------------------------------------------


def _up(options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.config import supervisor

    return supervisor.run(out=out, with_parent=options.with_parent)


def _serve(_options: argparse.Namespace, _out: TextIO) -> int:
    from aiguille.config import processes

    return processes.serve()


def _worker(_options: argparse.Namespace, _out: TextIO) -> int:
    from aiguille.config import processes

    return processes.work()


def _migrate(_options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.config import processes

    with processes.database():
        _load_django()
        from aiguille.plumbing import schema

        schema.migrate()
        print("The database is up to date.", file=out)
    return 0


def _bootstrap(options: argparse.Namespace, out: TextIO) -> int:
    import psycopg

    from aiguille.config.env import Env
    from aiguille.plumbing import postgres

    env = Env.of_process()
    application, owner = env.database("DATABASE_URL"), env.database("OWNER_DATABASE_URL")
    if not application or not owner:
        print("aiguille: set DATABASE_URL and OWNER_DATABASE_URL first", file=sys.stderr)
        return 1
    with psycopg.connect(options.admin_url, autocommit=True) as admin:
        postgres.bootstrap(
            admin,
            database=application.name,
            owner=owner.user,
            owner_password=owner.password,
            application=application.user,
            application_password=application.password,
        )
    print(f"{application.name} exists; {owner.user} owns it, {application.user} uses it.", file=out)
    return 0


def _demo(options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.config import processes

    with processes.database():
        _load_django()
        from aiguille.config import demo_clinic

        demo_clinic.fill(reset=options.reset, out=out)
    return 0


def _shell(_options: argparse.Namespace, _out: TextIO) -> int:
    from aiguille.config import processes

    with processes.database():
        _load_django()
        from django.core.management import call_command

        call_command("shell")
    return 0


def _load_django() -> None:
    import django

    django.setup()


def _zones_check(options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.config import processes

    with processes.database():
        _load_django()
        from aiguille.booking import zones_cli
        from aiguille.plumbing import clock

        return zones_cli.check_zones(out, as_json=options.json, at=clock.now())


def _audit_verify(options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.config import processes

    with processes.database():
        _load_django()
        from aiguille.audit import cli

        return cli.verify(out, heads=options.heads)


def _signatures_verify(_options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.config import processes

    with processes.database():
        _load_django()
        from aiguille.journeys import signatures

        return signatures.verify(out)


def _bits_check(_options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.config import processes

    with processes.database():
        _load_django()
        from aiguille.booking import cli

        return cli.check(out)


def _bits_rebuild(_options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.config import processes

    with processes.database():
        _load_django()
        from aiguille.booking import cli

        return cli.rebuild(out)


def _audit_heads(_options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.config import processes

    with processes.database():
        _load_django()
        from aiguille.audit import cli

        return cli.export_heads(out)


# --- The engines: no Django, no database ----------------------------------------------------------


def _slots(options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.scheduling import cli

    return cli.run(options.scenario, out)


def _decide(options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.rulebook import cli

    return cli.decide_file(options.file, out)


def _rules_check(options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.rulebook import cli

    return cli.check_files(options.files or None, out)


def _rules_explain(options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.rulebook import cli

    return cli.explain_rule(options.rule, out)


def _protocols_check(options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.protocols import cli

    return max(cli.check_file(file, out) for file in options.files)


def _protocols_export(options: argparse.Namespace, out: TextIO) -> int:
    from aiguille.protocols import cli
    from aiguille.rulebook import load_rulebook

    return cli.export(options.protocol, out, citations=load_rulebook().sources)


def _protocols_rehearse(options: argparse.Namespace, out: TextIO) -> int:
    from aiguille import rulebook
    from aiguille.protocols import cli
    from aiguille.protocols.references import RuleAnswer

    def decide(question: Mapping[str, object]) -> RuleAnswer:
        return RuleAnswer.from_mapping(rulebook.decide(question))

    return cli.rehearse(options.protocol, options.events, out, decide, is_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
