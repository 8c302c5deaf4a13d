"""Every way to take time, to move it or to free it goes through the one place, and its gate.

The paths are found, not listed: every address, sub-command, background job and public operation,
and what each may come to call. A writer of appointments, holds or occupancy that is not classified
here fails the test, and so does a path that comes to a writer past its operation.
"""

import ast
import re

import pytest
from django.urls import get_resolver

from aiguille.plumbing.access import views_of
from tests.architecture.call_graph import PACKAGE, Graph, graph_of, package_graph, reachable

MODELS = {f"booking.models:{name}" for name in ("Appointment", "Hold", "Occupancy")}
TABLES = r"booking_(?:appointment|hold|occupancy)\b"
WRITES = re.compile(
    rf"\b(?:insert into|update|delete from|merge into|truncate|copy) {TABLES}", re.IGNORECASE
)
VERBS = {
    "save",
    "create",
    "bulk_create",
    "get_or_create",
    "update_or_create",
    "delete",
    "update",
    "bulk_update",
}
INSERTION = "plumbing.statements:Insertion"
PLACE = "booking.placing:place"
GATE = "booking.gate:session_terms"

# What takes time: every one asks `place` for it, or is a part of it.
PARTS_OF_THE_PLACE = {
    "booking.placing:_TAKE",
    "booking.placing:occupy",
    "booking.placing:_FREE_EXPIRED",
    "booking.writing:_APPOINTMENT",
    "booking.writing:_TAKE",
    "booking.writing:insert_appointment",
}
TAKES = {
    "booking.operations:_book": "a booking, under the terms of a session",
    "booking.operations:move_appointment": "a move, under the terms of a session",
    "booking.holds:hold_slot": "a hold, which no session rests on",
}
# What frees time, or changes an appointment where it is: none of these takes any.
CHANGES = {
    "booking.operations:cancel_appointment": "frees",
    "booking.operations:_take_over": "hands a hold's time to the appointment that is being booked",
    "booking.states:mark_no_show": "frees",
    "booking.states:note": "writes of an appointment, in its history",
    "booking.states:_change": "changes the state, which the trigger checks",
    "booking.states:confirm_under_verdict": "changes the verdict, which the trigger checks",
    "booking.holds:release_hold": "frees",
    "booking.holds:sweep_holds": "frees",
    "booking.holds:_own_row": "a hold of nothing",
    "booking.courses:_Arranged": "frees what it then moves by `move_appointment`, and numbers anew",
    "booking.history:move_past_to_history": "puts away what is past",
}
CLASSIFIED = PARTS_OF_THE_PLACE | TAKES.keys() | CHANGES.keys()


def functions_that_write() -> set[str]:
    """Return the database's own functions, triggers aside, that write one of the tables."""
    laid = " ".join(
        path.read_text(encoding="utf-8") for path in sorted(PACKAGE.glob("*/migrations/*.py"))
    )
    bodies = re.findall(
        r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\s*\([^)]*\)\s*RETURNS (\w+)(.*?)\$\$;",
        laid,
        re.DOTALL | re.IGNORECASE,
    )
    return {
        name
        for name, returns, body in bodies
        if returns.lower() != "trigger" and WRITES.search(" ".join(body.split()))
    }


def writers(graph: Graph) -> set[str]:
    """Return what may write one of the tables by itself."""
    near = {name for name in graph if name.startswith("booking.")}
    by_model = {
        name
        for name in near
        if graph[name].reaches & MODELS
        and (writes_by_verb(graph[name].tree) or INSERTION in graph[name].reaches)
    }
    calls = re.compile(rf"\b(?:{'|'.join(functions_that_write()) or '$.'})\(")
    by_sql = {
        name
        for name, node in graph.items()
        if any(WRITES.search(text) or calls.search(text) for text in node.texts)
    }
    return (by_model | by_sql) - MODELS


def writes_by_verb(trees: list[ast.AST]) -> bool:
    """Tell whether something is saved, created, updated or deleted, a dictionary's update aside."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in VERBS
        and not (node.func.attr == "update" and node.args)
        for tree in trees
        for node in ast.walk(tree)
    )


def node_of(function: object) -> str:
    """Return a function's node, or that of the class whose view it is."""
    function = getattr(function, "view_class", function)
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    module = getattr(function, "__module__", "").removeprefix("aiguille.")
    return f"{module}:{getattr(function, '__qualname__', '').partition('.')[0]}"


def addresses() -> dict[str, str]:
    """Return each address of ours with its view's node."""
    return {
        f"address {route}": node_of(view)
        for route, view in views_of(get_resolver().url_patterns)
        if view.__module__.startswith("aiguille.")
    }


def commands(graph: Graph) -> dict[str, str]:
    """Return each sub-command of `aiguille` with what runs it."""
    runs = {
        f"cli:{node.args[1].id}"
        for node in ast.walk(graph["cli:_parser"].tree[0])
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Name)
    }
    return {f"command {name}": name for name in runs if name in graph}


def jobs() -> dict[str, str]:
    """Return each background job with its function's node."""
    from procrastinate.contrib.django import app

    app.perform_import_paths()
    return {
        f"job {name}": node_of(task.func)
        for name, task in app.tasks.items()
        if task.func.__module__.startswith("aiguille.")
    }


def operations(graph: Graph) -> dict[str, str]:
    """Return each public function of the areas and journeys: what any code may call."""
    return {
        f"operation {name}": name
        for name, node in graph.items()
        if node.tree
        and isinstance(node.tree[0], ast.FunctionDef)
        and not name.partition(":")[2].startswith("_")
    }


@pytest.fixture(scope="module")
def graph():
    return package_graph()


@pytest.fixture(scope="module")
def entries(graph):
    return addresses() | commands(graph) | jobs() | operations(graph)


def test_every_writer_is_classified(graph):
    found = writers(graph)
    assert found - CLASSIFIED == set(), "does it go through `place`? say so in this test"
    assert CLASSIFIED - graph.keys() == set(), "classified, and not there any more"


def test_what_takes_time_asks_the_place_for_it(graph):
    inserts = {"booking.placing:occupy", "booking.writing:insert_appointment"}
    takers = {
        name
        for name, node in graph.items()
        if node.reaches & (inserts | {"booking.placing:_TAKE", "booking.writing:_TAKEN"})
    }
    assert takers - PARTS_OF_THE_PLACE - {"booking.writing:_statement"} == TAKES.keys()
    for name in TAKES:
        assert PLACE in graph[name].reaches, name


def test_what_books_or_moves_a_session_asks_the_gate(graph):
    for name in ("booking.operations:_book", "booking.operations:move_appointment"):
        assert GATE in reachable(graph, [name]), name
    closed = reachable(graph, ["booking.operations:_book"], without=["booking.operations:_terms"])
    assert GATE not in closed, "the terms are asked in one function, which this test looks at"


def test_no_path_comes_to_a_writer_past_its_operation(graph, entries):
    """Without the classified operations nothing that a person or a clock starts writes."""
    found = writers(graph)
    past = {
        entry: sorted(reached)
        for entry, name in entries.items()
        if name not in CLASSIFIED
        if (reached := reachable(graph, [name], without=CLASSIFIED) & found)
    }
    assert past == {}


def test_the_paths_are_seen(graph, entries):
    """What is known to write is among what was found: the graph is not blind."""
    assert set(entries.values()) - graph.keys() == set()
    for ending, writer in {
        "/book/<slug:service_code>/": "booking.holds:hold_slot",
        "/book/details/": "booking.operations:_book",
        "/space/sessions/<uuid:plan_id>/book/": "booking.operations:_book",
        "/w/<str:token>/accept/": "booking.operations:_book",
        "/a/<str:token>/move/": "booking.operations:move_appointment",
        "/agenda/appointments/<uuid:appointment_id>/move/": "booking.operations:move_appointment",
        "/a/<str:token>/cancel/": "booking.operations:cancel_appointment",
        "/desk/appointments/<uuid:appointment_id>/begin/": "booking.states:_change",
        "command cli:_demo": "booking.operations:_book",
        "job aiguille.booking.jobs.sweep": "booking.holds:sweep_holds",
        "operation booking.courses:book_course": "booking.operations:_book",
        "operation booking.courses:move_course": "booking.operations:move_appointment",
    }.items():
        (entry,) = [name for entry, name in entries.items() if entry.endswith(ending)]
        assert writer in reachable(graph, [entry]), ending


def test_no_other_area_names_the_tables():
    named = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if path.parts[len(PACKAGE.parts)] != "booking"
        and not {"tests", "migrations"} & set(path.parts)
        and re.search(TABLES, path.read_text(encoding="utf-8"))
    ]
    assert named == []


@pytest.mark.parametrize(
    "slip",
    [
        "def slip(row):\n    Occupancy.objects.filter(appointment=row).delete()",
        "def slip(row: Appointment):\n    row.save()",
        "def slip():\n    Occupancy.objects.bulk_create([])",
        "ROWS = Insertion(Occupancy)",
        "def slip(cursor):\n    cursor.execute('UPDATE booking_appointment SET x = 1')",
        "def slip(cursor):\n    cursor.execute('insert into \"booking_occupancy\" values (1)')",
    ],
)
def test_a_new_writer_is_found(slip):
    text = (
        "from aiguille.booking.models import Appointment, Occupancy\n"
        "from aiguille.plumbing.statements import Insertion\n" + slip
    )
    modules = {
        "booking.models": ast.parse("class Appointment: ...\nclass Occupancy: ...\n"),
        "plumbing.statements": ast.parse("class Insertion: ...\n"),
        "booking.new": ast.parse(text),
        "desk.new": ast.parse(
            "from aiguille.booking import new\ndef view(request):\n    new.slip(request)"
        ),
    }
    graph = graph_of(modules)
    found = writers(graph)
    assert len(found) == 1
    assert found - CLASSIFIED
    if "booking.new:slip" in found:
        assert found <= reachable(graph, ["desk.new:view"], without=CLASSIFIED)
