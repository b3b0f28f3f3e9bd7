"""Nests of arguments and results go the quick way only where they are what was compiled for."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

import autodiff as ad

Pair = namedtuple("Pair", "a b")
X, Y = np.array([1.0, 2.0]), np.array([3.0, 5.0])

NESTS = {
    "dict": {"a": X, "b": Y},
    "list": [X, Y],
    "tuple": (X, Y),
    "nested": {"a": [X, {"b": Y, "c": (X, 2.0)}], "d": Y},
    "with None": {"a": X, "b": None, "c": [Y, None]},
    "empty": {"a": X, "b": [], "c": {}},
    "named tuple": Pair(X, Y),
    "ordered": OrderedDict(a=X, b=Y),
}


def leaves(nest: Any) -> list[Any]:
    if isinstance(nest, dict):
        return [x for k in nest for x in leaves(nest[k])]
    if isinstance(nest, (list, tuple)):
        return [x for part in nest for x in leaves(part)]
    return [] if nest is None else [nest]


def weighted(nest: Any, x: Any) -> Any:
    """Depends on the order of the leaves."""
    return sum(k * np.sum(np.sin(leaf) * x) for k, leaf in enumerate(leaves(nest), 1))


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("name", NESTS)
def test_nests_come_back_as_they_are(name: str, backend: str) -> None:
    nest = NESTS[name]
    f = ad.value_and_grad(weighted)
    compiled = ad.jit(f, backend=backend)
    for _ in range(3):
        found, expected = compiled(nest, X), f(nest, X)
        assert type(found[1]) is type(expected[1])
        assert str(found[1]).count("array") == str(expected[1]).count("array")
        for y, e in zip(leaves(found), leaves(expected), strict=True):
            np.testing.assert_allclose(y, e, rtol=1e-14)


def test_another_order_of_keys_is_another_program() -> None:
    compiled = ad.jit(weighted)
    for nest in ({"a": X, "b": Y}, {"b": Y, "a": X}, {"a": X, "b": Y}):
        assert compiled(nest, X) == pytest.approx(weighted(nest, X))


def test_what_has_another_structure_is_compiled_anew() -> None:
    compiled = ad.jit(weighted)
    nests = ([X, Y], (X, Y), [X], [X, [Y]], [X, None], [X, 2.0], {"a": X}, {0: X, 1: Y}, X, [Y, X])
    for nest in (*nests, *nests):
        assert compiled(nest, X) == pytest.approx(weighted(nest, X))


def test_tracked_leaves_of_a_nest_are_seen_by_the_transform() -> None:
    compiled = ad.jit(weighted)
    compiled({"a": X, "b": Y}, X)
    found = ad.grad(lambda x: compiled({"a": x, "b": Y}, X))(X)
    np.testing.assert_allclose(found, np.cos(X) * X)


def test_settings_in_a_nest_stay_part_of_the_program() -> None:
    compiled = ad.jit(lambda p: np.sum(p["x"]) if p["mode"] == "sum" else np.prod(p["x"]))
    for mode, expected in (("sum", 3.0), ("prod", 2.0), ("sum", 3.0)):
        assert compiled({"x": X, "mode": mode}) == expected
