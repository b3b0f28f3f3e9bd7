"""The shape of the code is a law too: rooms, sizes, where derivatives stand, what is loaded. One
test a rule, which lists every offender."""

import ast
import importlib
import inspect
import re
import subprocess
from collections.abc import Iterable
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import rooms

import autodiff
from autodiff.base.above import ABOVE, FILLED, above

ROOT = Path(__file__).parent.parent
INSIDE = ROOT / "autodiff"

# What makes a row, by hand or through its class.
RULES = {"elementwise", "linear", "bilinear", "choice", "special", "flat", "register"}
RULES |= {"Elementwise", "Linear", "Bilinear", "Choice", "Special", "Flat"}
UNSAFE = {"eval", "exec", "pickle", "compile", "marshal", "shelve", "dill", "cloudpickle"}
NODES = {"node", "innermost", "handler"}  # what variables that hold a node are called


def sources(*folders):
    return sorted(p for folder in folders for p in (ROOT / folder).rglob("*.py"))


def name_of(path):
    return path.relative_to(ROOT).as_posix()


PACKAGE = sources("autodiff")
CODE = sources("autodiff", "nn")
EVERYTHING = sources("autodiff", "nn", "tests", "tools", "benchmarks")


@cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def nodes_of(path):
    return list(ast.walk(tree_of(path)))


def nobody(offenders: Iterable[str]) -> None:
    listed = list(offenders)
    assert not listed, "\n".join([f"{len(listed)} offenders", *listed])


# -- rooms -----------------------------------------------------------------------------------------
def module_of(path):
    """`engine/graph` for autodiff/engine/graph.py."""
    return path.relative_to(INSIDE).with_suffix("").as_posix()


def imports():
    """What each file imports from the package, wherever in the file and for whatever: (importing
    module, imported module, line)."""
    for path in PACKAGE:
        for node in nodes_of(path):
            if isinstance(node, ast.ImportFrom) and node.level:
                source = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
                for alias in node.names:
                    places = (source / alias.name, source)  # a module of that folder, or a name
                    used = next(filter(None, map(module_at, places)))
                    yield module_of(path), used, node.lineno


@cache
def module_at(place):
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.exists():
            return module_of(file)
    return None


DEPTH = {room: depth for depth, layer in enumerate(rooms.LAYERS) for room in layer}
DEPTH |= {room: DEPTH["__init__"] - 1 / (k + 2) for k, room in enumerate(rooms.NAMESPACES)}


def depth_within(module):
    """How deep a module lies among the rooms within its room, where `__init__` gathers them all."""
    room, *inner = module.split("/")
    order = rooms.WITHIN.get(room, ("",))
    if inner == ["__init__"]:
        return len(order)
    return order.index(inner[0] if inner and inner[0] in order else "")


def test_every_room_is_declared_once():
    named = [room for layer in (*rooms.LAYERS, rooms.NAMESPACES) for room in layer]
    there = {module_of(p).split("/")[0] for p in PACKAGE}
    nobody(sorted(room for room in named if named.count(room) > 1))
    nobody(f"{room} is in tests/rooms.py or in autodiff/, not both" for room in {*named} ^ there)
    nobody(
        f"{room}/{part}: no such folder"
        for room, parts in rooms.WITHIN.items()
        for part in parts
        if not (INSIDE / room / part).is_dir()
    )


def test_a_room_imports_only_earlier_rooms():
    def is_later(user, used):
        other, room = used.split("/")[0], user.split("/")[0]
        if other == room:
            return depth_within(used) > depth_within(user)
        return DEPTH[other] >= DEPTH[room]

    nobody(
        f"autodiff/{user}.py:{line} must not import {used}, which is not in an earlier row"
        for user, used, line in imports()
        if is_later(user, used)
    )


def test_calls_of_later_rooms_are_declared():
    for name in ABOVE:
        assert callable(above(name)), name
    called = {
        node.args[0].value: module_of(path)
        for path in PACKAGE
        for node in nodes_of(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "above"
    }
    assert called.keys() == ABOVE.keys()


def test_a_table_is_filled_by_the_room_that_says_so():
    for table, room in FILLED.items():
        module, name = table.rsplit(".", 1)
        entries = getattr(importlib.import_module(f"autodiff.{module}"), name)
        homes = {f.__module__ for f in entries.values() if inspect.isfunction(f)}
        assert any(home.startswith(f"autodiff.{room}.") for home in homes), table
        allowed = (f"autodiff.{room}.", f"autodiff.{module}")
        nobody(f"{table}: {home}" for home in sorted(homes) if not home.startswith(allowed))


def test_modules_import_each_other_in_no_circle():
    edges = {}
    for user, used, _ in imports():
        edges.setdefault(user, set()).add(used)
    nobody(" <- ".join(circle) for circle in circles(edges))


def circles(edges):
    """Some circle, then some circle of the modules that were in none before, and so on."""
    while True:
        try:
            return TopologicalSorter(edges).prepare()
        except CycleError as error:
            circle = error.args[1]
            yield circle
            edges = {user: used - {*circle} for user, used in edges.items()}


def test_the_package_is_imported_relatively():
    def named(node):
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        return [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []

    nobody(
        f"{name_of(path)}:{node.lineno}"
        for path in PACKAGE
        for node in nodes_of(path)
        if any(name.split(".")[0] == "autodiff" for name in named(node))
    )


def test_there_are_few_rooms_on_few_layers():
    layers = len(rooms.LAYERS)
    entries = {p.name for p in INSIDE.iterdir() if p.name != "__pycache__"} - {*rooms.NAMESPACES}
    assert layers <= rooms.MOST_LAYERS, f"{layers} layers of rooms"
    assert len(entries) <= rooms.MOST_ENTRIES, f"{len(entries)} entries in autodiff/"


def test_contributing_has_the_same_table():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    written = re.findall(r"^\| `autodiff/(\w+)/` \| (.*) \|$", text, re.MULTILINE)
    declared = [pair for layer in (*rooms.LAYERS, rooms.NAMESPACES) for pair in layer.items()]
    folders = [(room, phrase) for room, phrase in declared if (INSIDE / room).is_dir()]
    table = "\n".join(f"| `autodiff/{room}/` | {phrase} |" for room, phrase in folders)
    assert written == folders, f"the table in CONTRIBUTING.md should have the lines\n{table}"


ROOT_FILES = {
    *(".gitattributes", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile"),
    *("README.md", "conftest.py", "pyproject.toml"),
}


def test_the_root_holds_what_it_should():
    """What a tool leaves in the folder where it ran is not committed."""
    git = ["git", "ls-files"]
    listed = subprocess.run(git, capture_output=True, text=True, cwd=ROOT, check=False)
    if listed.returncode:  # an archive without its history
        return
    files = {line.strip('"') for line in listed.stdout.splitlines() if "/" not in line}
    nobody(sorted(files - ROOT_FILES))


# -- files -----------------------------------------------------------------------------------------
def test_a_file_has_one_idea_and_says_it_first():
    nobody(
        f"{name_of(path)}: the first statement is not a docstring"
        for path in EVERYTHING
        if not ast.get_docstring(tree_of(path))
    )


def test_no_file_is_long():
    lines = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in [*EVERYTHING, *sources("notebooks")]
    }
    nobody(f"{name_of(p)}: {n} lines, split it by its ideas" for p, n in lines.items() if n > 400)


def test_derivatives_stand_in_the_table_alone():
    allowed = {INSIDE / maker for maker in rooms.MAKERS}
    assert all(path.exists() for path in allowed)
    nobody(
        f"{name_of(path)}:{node.lineno}: {name}(...) makes a row"
        for path in CODE
        if path not in allowed and (INSIDE / "primitives") not in path.parents
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and (name := row_made(path, node.func)) in RULES
    )


def row_made(path, called):
    match called:
        case ast.Name(id=name) if name in names_from_kinds(path):
            return name
        case ast.Attribute(value=ast.Name(id="kinds" | "primitive"), attr=name):
            return name
    return None


@cache
def names_from_kinds(path):
    return {
        alias.asname or alias.name
        for node in nodes_of(path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(("kinds", "primitive"))
        for alias in node.names
    }


def test_nodes_are_asked_and_not_probed():
    """Every node answers to all of `Node` in primitive.py: a misspelled question is an error."""

    def probed(node):
        match node:
            case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[asked, *_]):
                return asked.attr if isinstance(asked, ast.Attribute) else ast.unparse(asked)

    nobody(
        f"{name_of(path)}:{node.lineno}"
        for path in CODE
        for node in nodes_of(path)
        if probed(node) in NODES
    )


def test_nothing_is_evaluated_or_unpickled():
    writers = {INSIDE / writer for writer in rooms.WRITERS}
    assert all(path.exists() for path in writers)
    nobody(
        f"{name_of(path)}:{node.lineno}"
        for path in CODE
        for node in nodes_of(path)
        if is_unsafe(node, UNSAFE - {"compile", "exec"} if path in writers else UNSAFE)
    )


def is_unsafe(node, names):
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in names
        case ast.keyword(arg="allow_pickle", value=value):
            return getattr(value, "value", True) is not False
        case ast.Import(names=aliases):
            return any(alias.name.split(".")[0] in UNSAFE for alias in aliases)
        case ast.ImportFrom(module=module):
            return (module or "").split(".")[0] in UNSAFE
    return False


# -- nn --------------------------------------------------------------------------------------------


def names_used(tree):
    """``autodiff.linalg.solve`` for every name of autodiff's that is imported or looked up."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "autodiff")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "autodiff":
            yield from (f"{node.module}.{a.name}" for a in node.names)
        elif isinstance(node, ast.Attribute):
            first, *rest = ast.unparse(node).split(".")
            if first in ("ad", "autodiff"):
                yield ".".join(["autodiff", *rest])


def is_public(name):
    """Of a public submodule the name in it counts too; what comes after is the object's own."""
    _, *parts = name.split(".")
    if not parts or parts[0] == "__version__":
        return True
    if parts[0] not in rooms.PUBLIC:
        return parts[0] in autodiff.__all__
    return len(parts) == 1 or parts[1] in getattr(autodiff, parts[0]).__all__


def test_a_name_inside_is_found():
    tree = ast.parse(
        "import autodiff.tape\nfrom autodiff.tree import walk\nad.special.real(ad.grad)"
    )
    offenders = {name for name in names_used(tree) if not is_public(name)}
    assert offenders == {"autodiff.tape", "autodiff.tree.walk", "autodiff.special.real"}


def test_nn_stands_on_public_names_alone():
    nobody(
        f"{name_of(path)}: {name} is not a public name of autodiff"
        for path in sources("nn")
        for name in names_used(tree_of(path))
        if not is_public(name)
    )
