"""Names of values, read from the user's own code: nobody is asked for one."""

from types import SimpleNamespace

import numpy as np
import pytest

import autodiff as ad
from autodiff.programs import names as naming


def names(f, *args):
    return [node.name for node in ad.trace(f, *args).operations]


def test_a_second_use_of_a_name_gets_a_suffix():
    def f(x):
        for _ in range(2):
            x = np.sin(x)
        return x

    assert names(f, 0.5) == ["x_2", "x_3"]


def test_a_suffix_steps_around_the_users_names():
    def f(x):
        x_2 = x + 1
        x = np.sin(x_2)
        return x

    assert names(f, 0.5) == ["x_2", "x_3"]


def test_what_has_no_name_is_numbered_around_the_users_names():
    def f(x):
        v1 = x + 1
        return np.sin(v1 * 2)

    assert names(f, 0.5) == ["v1", "v2", "y"]


def test_an_unnamed_result_takes_no_name_of_the_users():
    def f(x):
        y = x + 1
        return np.sin(y)

    def pair(x, y1):
        return x * y1, x + y1

    assert names(f, 0.5) == ["y", "z"]
    assert names(lambda x, y: x * y, 0.5, 0.5) == ["z"]
    assert names(lambda y, z, w: y * z * w, 0.5, 0.5, 0.5) == ["v1", "y_2"]
    assert names(pair, 0.5, 0.5) == ["z1", "z2"]


def test_a_result_has_the_name_of_its_variable_to_itself():
    def f(x):
        y = x * x
        y = np.sin(y) + y
        y += 1
        return y

    def beside_other_names(x):
        h_1 = x + 1
        h = np.sin(h_1)
        h = np.cos(h)
        return h, h_1

    def an_argument_keeps_its_own(x, y):
        h = x * y
        y = h * h
        return y

    assert names(f, 0.5) == ["y_1", "v1", "y_2", "y"]
    assert names(beside_other_names, 0.5) == ["h_1", "h_2", "h"]
    assert names(an_argument_keeps_its_own, 0.5, 2.0) == ["h", "y_2"]


def test_tuples_in_place_operators_walrus_and_chained_assignment():
    def f(x):
        a, b = np.sin(x), np.cos(x)
        b += a
        c = d = a * b
        if (e := np.exp(c)) > 0:
            d = e * c
        return d

    assert names(f, 0.5) == ["a", "b", "b_2", "c", "e", "d"]


def test_entries_of_an_array_that_is_unpacked():
    def f(x):
        first, second = x
        return first * second

    assert names(f, np.ones(2)) == ["first", "second", "y"]


def test_entries_of_an_array_in_a_loop_and_in_a_comprehension():
    def f(x):
        total = 0.0
        for entry in x:
            total = total + entry
        return total + sum([np.sin(entry) for entry in x][:0])

    assert names(f, np.ones(2)) == ["entry", "total", "entry_2", "total_2", "y"]


def layer(W, x):
    h = W @ x
    return np.maximum(h, 0)


def test_a_helper_returns_into_the_callers_name():
    def f(W, x):
        z = layer(W, x)
        out = layer(W, z)
        return np.sum(out)

    assert names(f, np.ones((2, 2)), np.ones(2)) == ["h", "z", "h_2", "out", "y"]


def test_a_name_that_only_the_finished_function_knows():
    def helper(x):
        inner = np.sin(x)
        return inner

    def f(x):
        z = helper(x)
        return z * 2

    assert names(f, 1.0) == ["z", "y"]


def test_one_call_of_many_rows_gives_its_name_to_the_last():
    def f(x):
        spread = np.std(x)
        return spread * 2

    found = names(f, np.arange(3.0))
    assert found[-2:] == ["spread", "y"]
    assert all(name.startswith("v") for name in found[:-2])


def test_attributes_and_items():
    cell, store = SimpleNamespace(), {}

    def f(x):
        cell.h = np.sin(x)
        store["k"] = np.cos(cell.h)
        return store["k"] + 1

    assert names(f, 1.0) == ["cell.h", "store['k']", "y"]


def test_assignment_into_an_array_makes_a_new_one_of_the_name():
    def f(x):
        out = np.zeros_like(x)
        for k in range(2):
            out[k] = x[k] * 2
        out[0] = x[1]
        return out

    shown = [n for n in ad.trace(f, np.ones(2)).operations if n.primitive.name == "set_at"]
    assert [n.name for n in shown] == ["out_1", "out_2", "out"]


def test_globals_and_closures():
    def f(x):
        nonlocal seen
        global SEEN  # noqa: PLW0603 - that such a name is found is what is tested
        seen = np.sin(x)
        SEEN = np.cos(seen)
        return SEEN + 1

    seen = None
    try:
        assert names(f, 1.0) == ["seen", "SEEN", "y"]
    finally:
        globals().pop("SEEN", None)
    del seen


def test_arrays_from_outside_are_called_what_the_user_calls_them():
    X = np.ones((4, 2))
    graph = ad.trace(lambda w: X @ w, np.ones(2))
    assert graph.expression(graph.operations[0]).loose == "X @ w"


def test_inputs_have_the_names_of_the_signature():
    def f(a, *rest, k=2.0):
        return a + rest[0]["p"] * rest[1] * k

    graph = ad.trace(f, 1.0, {"p": 2.0}, 3.0)
    assert [n.name for n in graph.inputs] == ["a", "rest[0]['p']", "rest[1]"]
    assert [n.name for n in ad.trace(np.tanh, 1.0).inputs] == ["x"]
    assert [n.name for n in ad.trace(np.hypot, 1.0, 2.0).inputs] == ["x1", "x2"]


def test_names_inside_another_transform_stop_at_the_trace():
    # The gradient's own operations are not what `slope` is assigned from, one by one.
    def f(x):
        slope = ad.grad(lambda x: np.sin(x) ** 2)(x)
        return slope * 2

    found = names(f, 0.5)
    assert found.count("slope") == 1
    assert found[-1] == "y"


def test_the_code_around_a_trace_gives_no_names():
    graph = ad.trace(np.sin, 1.0)
    assert graph.operations[0].name == "y"


def instructions(*pairs):
    return [
        SimpleNamespace(opname=name, argval=value, arg=0 if name != "COPY" else value, offset=2 * k)
        for k, (name, value) in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    ("code", "target"),
    [
        ([("BINARY_OP", 0), ("STORE_FAST", "a")], "a"),
        ([("CALL", 1), ("STORE_FAST_LOAD_FAST", ("a", "b"))], "a"),  # Python 3.13
        ([("CALL", 1), ("UNPACK_SEQUENCE", 2), ("STORE_FAST_STORE_FAST", ("q", "r"))], ("q", "r")),
        ([("PRECALL", 1), ("CALL", 1), ("STORE_NAME", "a")], "a"),  # Python 3.11
        ([("CALL", 1), ("COPY", 1), ("STORE_DEREF", "a")], "a"),
        ([("CALL", 1), ("LOAD_FAST_BORROW", "s"), ("STORE_ATTR", "h")], "s.h"),  # Python 3.14
        (
            [("CALL", 1), ("LOAD_NAME", "s"), ("LOAD_SMALL_INT", 3), ("STORE_SUBSCR", None)],
            "s[3]",
        ),
        ([("CALL", 1), ("RETURN_VALUE", None)], naming.RETURN),
        ([("CALL", 1), ("POP_TOP", None)], None),
        ([("CALL", 1), ("SWAP", 2)], None),
        ([("STORE_SUBSCR", None)], None),
    ],
)
def test_bytecode_of_every_python(code, target):
    for k, instruction in enumerate(found := instructions(*code)):
        if k and instruction.opname.startswith("UNPACK"):
            found[k].arg = 2
    assert naming.decode([*found, *instructions(("NOP", None))]).get(0) == target


@pytest.mark.parametrize(
    ("before", "target"),
    [
        ([("LOAD_FAST", "y"), ("LOAD_CONST", (0, 1))], "y"),
        ([("POP_TOP", None), ("LOAD_FAST_LOAD_FAST", ("y", "k"))], "y"),  # Python 3.13
        ([("LOAD_ATTR", "y"), ("LOAD_CONST", 0)], None),
        ([("LOAD_FAST", "k"), ("BUILD_TUPLE", 2)], None),
    ],
)
def test_bytecode_of_an_assignment_into_an_array(before, target):
    found = instructions(*before, ("STORE_SUBSCR", None), ("NOP", None))
    assert naming.decode(found).get(4) == target


def test_unpacking_fewer_names_than_two_instructions_store():
    found = instructions(("CALL", 1), ("UNPACK_SEQUENCE", 3), ("STORE_FAST_STORE_FAST", ("a", "b")))
    found[1].arg = 3
    assert naming.destination([*found[1:], *instructions(("STORE_FAST", "c"))], "CALL") == (
        "a",
        "b",
        "c",
    )
