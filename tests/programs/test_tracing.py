"""Traces: the operations in order, with the user's own names, and a program that runs again."""

import gc
import inspect
import threading
import weakref

import numpy as np
import pytest
from programs import chain

import autodiff as ad
from autodiff.programs import names as naming
from autodiff.programs.tracing import traced


def names(f, *args):
    return [node.name for node in ad.trace(f, *args).operations]


# -- nodes -----------------------------------------------------------------------------------------
def test_nodes_are_the_inputs_and_then_the_operations_in_order():
    graph = ad.trace(chain, 0.1)
    assert [n.name for n in graph.nodes] == ["x", "f1", "f2", "f3", "f4", "f5", "y"]
    rows = [n.primitive and n.primitive.name for n in graph.nodes]
    assert rows == [None, "exp", "monomial", "add", "exp", "sin", "add"]
    x, f1, f2, f3, *_ = graph.nodes
    assert f3.inputs == [f1, f2]
    assert f1.inputs == [x]
    assert f2.params == {"exponent": 2}
    assert f2.value == np.exp(0.1) ** 2


def test_a_node_knows_its_source_line():
    node = ad.trace(chain, 0.1).operations[2]
    first = inspect.getsourcelines(chain)[1]
    assert node.line == f"programs.py:{first + 4}: f3 = f1 + f2"


def test_it_prints_as_a_program():
    def loss(params, x):
        h = params["W"] @ x
        return {"loss": np.sum(h**2), "h": h}

    graph = ad.trace(loss, {"W": np.ones((2, 3))}, np.ones(3))
    assert str(graph).splitlines() == [
        "def loss(params['W']: float64[2, 3], x: float64[3]):",
        "    h = params['W'] @ x  # float64[2]",
        "    v1 = h^2             # float64[2]",
        "    y1 = sum(v1)         # float64",
        "    return {'loss': y1, 'h': h}",
    ]
    assert repr(graph) == "<Graph of loss: 2 inputs, 3 operations, 2 outputs>"


def test_the_branch_taken_is_followed():
    def relu(x):
        if x > 0:
            return 2 * x
        return 0 * x

    assert str(ad.trace(relu, 1.0)).splitlines()[1].strip() == "y = 2 * x  # float64"
    assert str(ad.trace(relu, -1.0)).splitlines()[1].strip() == "y = 0 * x  # float64"


def test_what_no_result_needs_is_left_out():
    def f(x):
        unused = np.cos(x)
        flat = x > 0
        assert flat
        del unused
        return np.sin(x)

    assert names(f, 1.0) == ["y"]


def test_a_flat_row_that_is_needed_stays():
    def f(x):
        positive = x > 0
        return np.where(positive, x, 0)

    assert names(f, np.ones(2)) == ["positive", "y"]


# -- a program that runs again ---------------------------------------------------------------------
def test_a_graph_gives_the_same_bits():
    graph = ad.trace(chain, 0.1)
    for x in (0.1, -0.7, 1.3):
        assert graph(x) == chain(x)


def test_a_graph_differentiates_batches_and_traces_again():
    graph = ad.trace(chain, 0.1)
    assert ad.grad(graph)(0.3) == ad.grad(chain)(0.3)
    assert ad.grad(ad.grad(graph))(0.3) == ad.grad(ad.grad(chain))(0.3)
    x = np.linspace(0.0, 1.0, 4)
    np.testing.assert_array_equal(ad.vmap(graph)(x), ad.vmap(chain)(x))
    again = ad.trace(graph, 0.2)
    assert [n.primitive.name for n in again.operations] == [
        n.primitive.name for n in graph.operations
    ]


def test_nests_of_arguments_and_results():
    def f(params, x):
        return {"y": params["w"] * x, "both": (x, params["b"])}

    graph = ad.trace(f, {"w": 2.0, "b": 3.0}, 5.0)
    assert graph({"w": 7.0, "b": 1.0}, 2.0) == {"y": 14.0, "both": (2.0, 1.0)}
    with pytest.raises(ad.ShapeError, match="structure"):
        graph({"w": 7.0}, 2.0)


def test_the_arguments_of_a_call_are_checked():
    graph = ad.trace(lambda x, how: x * 2 if how == "twice" else x, np.ones(2), "twice")
    np.testing.assert_array_equal(graph(np.ones(2), "twice"), [2.0, 2.0])
    with pytest.raises(ad.ShapeError, match="shape"):
        graph(np.ones(3), "twice")
    with pytest.raises(ad.ShapeError, match="trace again"):
        graph(np.ones(2), "once")


def test_assignment_into_a_tracked_array():
    def f(x):
        y = np.zeros_like(x)
        y[0] = x[1] * 2
        return y

    graph = ad.trace(f, np.array([1.0, 2.0]))
    np.testing.assert_array_equal(graph(np.array([1.0, 5.0])), [10.0, 0.0])
    np.testing.assert_array_equal(graph(np.array([1.0, 3.0])), [6.0, 0.0])


def test_a_result_that_depends_on_nothing():
    graph = ad.trace(lambda x: (x, 2.0, np.zeros_like(x)), np.ones(2))
    x, two, zeros = graph(np.full(2, 7.0))
    assert two == 2.0
    np.testing.assert_array_equal(x, [7.0, 7.0])
    np.testing.assert_array_equal(zeros, [0.0, 0.0])


def test_a_row_with_a_trace_inside_a_gradient():
    def f(x):
        return ad.trace(lambda z: np.sin(z) * x, x)(x)

    assert ad.grad(f)(0.4) == pytest.approx(np.cos(0.4) * 0.4 + np.sin(0.4), rel=1e-14)


# -- what tracing must not do ----------------------------------------------------------------------
def test_a_graph_is_freed_without_the_garbage_collector():
    gc.collect()
    gc.disable()
    try:
        graph = ad.trace(chain, 0.1)
        watched = weakref.ref(graph)
        del graph
        assert watched() is None
        before = len(gc.get_objects())
        for _ in range(50):
            ad.trace(chain, 0.1)
        assert len(gc.get_objects()) - before < 50
    finally:
        gc.enable()


def test_after_an_exception_nothing_is_held():
    held = []

    def f(x):
        y = np.sin(x)
        held.append(weakref.ref(y.node.level_info.observe.__self__))
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        ad.trace(f, 1.0)
    gc.collect()
    assert held[0]() is None


def test_only_tracing_looks_for_names(monkeypatch):
    def never(self, node):
        raise AssertionError("an eager mode looked for a name")

    monkeypatch.setattr(naming.Names, "observe", never)
    assert ad.grad(chain)(0.1) > 0
    assert ad.jvp(chain, (0.1,), (1.0,))[1] > 0


def test_threads_trace_at_once():
    found = {}

    def work(k):
        def f(x):
            for _ in range(50):
                x = np.sin(x) * k
            return x

        found[k] = [n.name for n in ad.trace(f, 0.5).operations]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 8
    assert len({tuple(v) for v in found.values()}) == 1


def test_a_long_chain():
    def f(x):
        for _ in range(20_000):
            x = x * 1.0001
        return x

    graph = ad.trace(f, 1.0)
    assert len(graph.operations) == 20_000
    assert graph(1.0) == f(1.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x if x > 0 else -x,
        lambda x: [10.0, 20.0][int(x)] * x,
        lambda x: np.ones(int(x)) * x,
    ],
)
def test_an_abstract_trace_refuses_to_look_at_a_value(f):
    with pytest.raises(ad.NotDifferentiableError, match=r"test_tracing\.py:\d+.*np\.where"):
        traced(f, (1.0,), abstract=True)
