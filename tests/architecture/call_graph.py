"""Who calls whom in the package, read from the files: what a function's names may lead to.

A node is a function, a class or a name at the top of a module, written "area.module:name"; the
rest of a module is "area.module:". Every name that a node mentions, called or handed on, counts as
reached, so that the graph says too much rather than too little.
"""

import ast
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "aiguille"
_ROOT = "aiguille."


@dataclass
class Node:
    """What one top-level definition mentions."""

    name: str
    reaches: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    tree: list[ast.AST] = field(default_factory=list)


Graph = dict[str, Node]


@cache
def package_graph() -> Graph:
    """Return the graph of the package without its tests and migrations."""
    modules = {
        module_of(path): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
        if not {"tests", "migrations"} & set(path.parts)
    }
    return graph_of(modules)


def module_of(path: Path) -> str:
    """Return a file's module, without the name of the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def graph_of(modules: dict[str, ast.Module]) -> Graph:
    """Return the graph of these modules."""
    graph: Graph = {}
    for module, tree in modules.items():
        tops = dict(_tops(tree))
        imported = _imports(module, tree, modules)
        for name, nodes in tops.items():
            graph[f"{module}:{name}"] = _read(module, name, nodes, imported, set(tops), modules)
    for node in graph.values():
        node.reaches = {target for each in node.reaches for target in _targets(each, graph)}
        node.reaches.discard(node.name)
    return graph


def reachable(graph: Graph, start: Iterable[str], *, without: Iterable[str] = ()) -> set[str]:
    """Return every node that `start` leads to, itself included, past none of `without`."""
    closed, found = set(without), set()
    queue = deque(name for name in start if name in graph and name not in closed)
    while queue:
        name = queue.popleft()
        if name not in found:
            found.add(name)
            queue.extend(graph[name].reaches - found - closed)
    return found


def _tops(tree: ast.Module) -> Iterator[tuple[str, list[ast.AST]]]:
    rest: list[ast.AST] = []
    assigned: dict[str, list[ast.AST]] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            assigned.setdefault(statement.name, []).append(statement)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        assigned.setdefault(name.id, []).append(statement)
        elif not isinstance(statement, ast.Import | ast.ImportFrom):
            rest.append(statement)
    yield from assigned.items()
    yield "", rest


def _imports(module: str, tree: ast.AST, modules: dict[str, ast.Module]) -> dict[str, str]:
    """Return what imported names of the package stand for: a node, or a module and a colon."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_ROOT[:-1]):
            source = (node.module or "").removeprefix("aiguille").lstrip(".")
            for alias in node.names:
                inner = f"{source}.{alias.name}".lstrip(".")
                local = alias.asname or alias.name
                found[local] = f"{inner}:" if inner in modules else f"{source}:{alias.name}"
    return found


def _read(
    module: str,
    name: str,
    nodes: list[ast.AST],
    imported: dict[str, str],
    tops: set[str],
    modules: dict[str, ast.Module],
) -> Node:
    made = Node(name=f"{module}:{name}", tree=nodes)
    for tree in nodes:
        # An import inside a function counts there, as it does at the top.
        known = imported | _imports(module, tree, modules)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                if node.id in known:
                    made.reaches.add(known[node.id])
                elif node.id in tops:
                    made.reaches.add(f"{module}:{node.id}")
            elif isinstance(node, ast.Attribute):
                made.attributes.add(node.attr)
                if isinstance(node.value, ast.Name) and known.get(node.value.id, "").endswith(":"):
                    made.reaches.add(known[node.value.id] + node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                made.texts.append(" ".join(re.sub(r"[\"']", "", node.value).split()))
    return made


def _targets(name: str, graph: Graph) -> set[str]:
    """Return the nodes that a name stands for, where a module only hands it on."""
    if name in graph:
        return {name}
    module, _, inner = name.partition(":")
    if not inner:
        return set()  # a module itself: its names are counted where they are mentioned
    # Handed on by another module: whoever defines the name anywhere below the same area.
    area = module.partition(".")[0]
    return {each for each in graph if each.endswith(f":{inner}") and each.partition(".")[0] == area}
