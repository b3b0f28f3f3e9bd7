"""Names with escape sequences reached the terminal, and moved its cursor or named its window; and a
dtype of a saved program could be a text that NumPy reads as anything."""

import json
import zipfile

import numpy as np
import pytest

import autodiff as ad

ESCAPE = "\x1b]0;owned\x07"


def harmless(text):
    return all(c.isprintable() or c == "\n" for c in text) and "\\x1b" in text


def f(x):
    return np.sin(x) * 2


f.__name__ = f"f{ESCAPE}"


@ad.custom_rule
def rule(x):
    return 2 * x


rule.defvjp(lambda primals, y, y_bar: (2 * y_bar,))
rule.f.__name__ = f"rule{ESCAPE}"
KEY = f"k{ESCAPE}"


def compiled():
    g = ad.jit(f, backend="numpy")
    g(1.0)
    return g


PRINTED = {
    "trace": lambda: str(ad.trace(f, 1.0)),
    "repr of a trace": lambda: repr(ad.trace(f, 1.0)),
    "explain": lambda: str(ad.explain(f, 1.0)),
    "report": lambda: compiled().report(),
    "program": lambda: str(compiled().program),
    "rule": lambda: repr(rule),
    "rule in a trace": lambda: str(ad.trace(lambda x: rule(x), 1.0)),
    "tensor": lambda: ad.tensor(1.0, name=KEY).name,
    "key": lambda: str(ad.trace(lambda d: d[KEY] * 2, {KEY: 1.0})),
}
RAISED = {
    "grad": lambda: ad.grad(f)(np.ones(2)),
    "argument": lambda: ad.grad(f)("a"),
    "vmap": lambda: ad.vmap(f)(1.0),
    "key": lambda: ad.grad(lambda d: d[KEY])({KEY: True}),
}


@pytest.mark.parametrize("name", PRINTED)
def test_printed(name):
    assert harmless(PRINTED[name]())


@pytest.mark.parametrize("name", RAISED)
def test_raised(name):
    with pytest.raises(ad.AutodiffError) as caught:
        RAISED[name]()
    assert harmless(str(caught.value))


def changed(path, change):
    """A saved program with what its JSON says changed."""
    ad.trace(lambda x: np.sin(x) * np.ones(2), 1.0).save(path)
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    program = json.loads(held["program.json"])
    change(program["program"])
    held["program.json"] = json.dumps(program).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return path


def test_loaded(tmp_path):
    def name_all(program):
        program["name"] += ESCAPE
        program["inputs"][0][0] += ESCAPE
        for operation in program["operations"]:
            operation["name"] = f"v{ESCAPE}"
            operation["line"] += ESCAPE
        for constant in program["constants"]:
            constant[1] += ESCAPE

    graph = ad.load(changed(tmp_path / "f.npz", name_all))
    assert harmless(str(graph))
    assert harmless(repr(graph))
    assert "\x1b" not in str(ad.explain(graph, 1.0))
    np.testing.assert_allclose(graph(1.0), np.sin(1.0) * np.ones(2))


@pytest.mark.parametrize("text", [",", "(1,", "\x00", "", "f", "3f8", "<f8,<f8", "<f3", "O", "<M8"])
def test_dtypes_of_saved_programs(text, tmp_path):
    def change(program):
        program["operations"][-1]["result"][1] = text

    with pytest.raises(ad.AutodiffError, match="dtype"):
        ad.load(changed(tmp_path / "f.npz", change))
