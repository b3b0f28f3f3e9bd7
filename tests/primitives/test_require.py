"""`require`: the same error in plain code, under every transform, compiled, and from a file."""

import threading

import numpy as np
import pytest

import autodiff as ad
from autodiff.rules.primitive import TABLE

BACKENDS = ["numpy", "llvm"]
TEXT = "s must be above 0, not -2.0"


def f(x, s):
    ad.require(s > 0, ValueError("s must be above 0, not {}"), s)
    return x / s - np.log(np.abs(s))


WRAPPED = {
    "plain": f,
    "grad": ad.grad(f, (0, 1)),
    "jvp": lambda x, s: ad.jvp(f, (x, s), (1.0, 1.0)),
    "vjp": lambda x, s: ad.vjp(f, x, s)[1](1.0),
    "hessian": ad.hessian(f, 1),
    "grad of grad": ad.grad(ad.grad(f, 1), 0),
    "linearize": lambda x, s: ad.linearize(lambda s: f(x, s), s)[1](1.0),
    "checkpoint": ad.grad(ad.checkpoint(f), 1),
    "jit": ad.jit(f),
    "vmap": lambda x, s: ad.vmap(f, (None, 0))(x, np.stack([s, s])),
    "vmap of grad": lambda x, s: ad.vmap(ad.grad(f, 1), (None, 0))(x, np.stack([s, s])),
    "grad of vmap": ad.grad(lambda x, s: np.sum(ad.vmap(f)(np.stack([x]), np.stack([s]))), 1),
    "loop": lambda x, s: ad.vmap(f, (None, 0), fallback="loop")(x, np.stack([s, s])),
    "trace": lambda x, s: ad.trace(f, 1.0, 1.0)(x, s),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_the_error_of_the_plain_call(name):
    g = WRAPPED[name]
    with pytest.raises(ValueError, match=f"^{TEXT}$") as caught:
        g(1.0, -2.0)
    assert type(caught.value) is ValueError
    g(1.0, 2.0)


@pytest.mark.share(3)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", WRAPPED)
@pytest.mark.parametrize("first", ["right", "wrong"])
def test_compiled(name, backend, first):
    g = WRAPPED[name]
    compiled = ad.jit(g, backend=backend)
    for s in (2.0, -2.0, -2.0, 3.0) if first == "right" else (-2.0, 2.0, -2.0, 3.0):
        if s > 0:
            found, expected = compiled(1.0, s), g(1.0, s)
            for a, b in zip(*(ad.tree.flatten(y)[0] for y in (found, expected)), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)
        else:
            with pytest.raises(ValueError, match=f"^{TEXT}$") as caught:
                compiled(1.0, s)
            assert type(caught.value) is ValueError
            assert caught.value.__context__ is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_lies_outside_is_checked_too(backend):
    scales = np.array([1.0, 2.0])
    compiled = ad.jit(lambda x: np.sum(f(x, scales[0])), backend=backend, pure=False)
    assert compiled(1.0) == 1.0
    scales[0] = -2.0
    with pytest.raises(ValueError, match=TEXT):
        compiled(1.0)
    scales[0] = 1.0
    assert compiled(1.0) == 1.0


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("result", "structure"),
    [
        (lambda s: None, None),
        (lambda s: (), ()),
        (lambda s: 2 * s, 4.0),
        (lambda s: (s + 1, {"a": [s]}), (3.0, {"a": [2.0]})),
        (lambda s: [s > 1], [True]),  # the checked condition itself
    ],
)
def test_results_of_any_form(result, structure, backend):
    def g(s):
        ad.require(s > 1, ZeroDivisionError("no"))
        return result(s)

    compiled = ad.jit(g, backend=backend)
    for _ in range(2):
        assert compiled(2.0) == structure
        with pytest.raises(ZeroDivisionError, match=r"^no$"):
            compiled(0.5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_of_several_the_first_raises(backend):
    def g(x):
        ad.require(x > 0, ValueError("not above 0"))
        ad.require(x != -1, KeyError("minus one"))
        return np.sum(x)

    compiled = ad.jit(g, backend=backend)
    assert compiled(np.ones(3)) == 3
    with pytest.raises(ValueError, match="not above 0"):
        compiled(-np.ones(3))


@pytest.mark.parametrize("backend", BACKENDS)
def test_it_comes_before_the_error_that_it_forestalls(backend):
    def g(x, i):
        ad.require((i >= 0) & (i < 3), ValueError("index {} of 3"), i)
        return x[i]

    compiled = ad.jit(g, backend=backend)
    assert compiled(np.arange(3.0), 2) == 2
    with pytest.raises(ValueError, match=r"^index 5 of 3$"):
        compiled(np.arange(3.0), 5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_after_an_error_that_comes_first(backend):
    def g(x, i):
        y = x[i]
        ad.require(i < 3, ValueError("index {} of 3"), i)
        return y

    compiled = ad.jit(g, backend=backend)
    assert compiled(np.arange(3.0), 2) == 2
    with pytest.raises(IndexError):
        compiled(np.arange(3.0), 5)


@pytest.mark.parametrize("compiled", [False, True])
def test_of_a_batch_the_first_example_that_fails_is_told(compiled):
    def g(s, t):
        ad.require(s < t, ValueError("{} and {}"), s, t)
        return s - t

    s, t = np.arange(6.0).reshape(2, 3), np.array([9.0, 9.0, 9.0])
    twice = ad.vmap(ad.vmap(g), (0, None))
    twice = ad.jit(twice) if compiled else twice
    np.testing.assert_array_equal(twice(s, t), s - t)
    with pytest.raises(ValueError, match=r"^4\.0 and 2\.0$"):
        twice(s, np.array([9.0, 2.0, 5.0]))
    shared = ad.vmap(g, (0, None))
    shared = ad.jit(shared) if compiled else shared
    with pytest.raises(ValueError, match=r"^2\.0 and 2\.0$"):
        shared(np.arange(4.0), 2.0)
    assert shared(np.zeros(0), 2.0).shape == (0,)


def test_a_condition_of_a_batch_may_have_axes():
    g = ad.vmap(lambda x: (ad.require(x > 0, ValueError("found {}"), np.min(x)), x)[1])
    g(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"^found -1\.0$"):
        g(np.array([[1.0, 2.0], [3.0, -1.0]]))


@pytest.mark.parametrize("condition", [True, np.True_, [], [True, 1], np.ones((2, 2)), "text"])
def test_what_holds(condition):
    assert ad.require(condition, ValueError("no")) is None


@pytest.mark.parametrize("condition", [False, np.False_, [True, False], np.array([[1, 0]]), None])
def test_what_does_not(condition):
    error = ValueError("no {}")
    with pytest.raises(ValueError, match=r"^no {}$") as caught:
        ad.require(condition, error)
    assert caught.value is error


class OwnError(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")
        self.a = a


def test_errors_of_any_class_and_new_ones_each_time():
    compiled = ad.jit(lambda s: (ad.require(s > 0, OwnError("{}", 2), s), s)[1])
    assert compiled(1.0) == 1
    raised = []
    for s in (-1.0, -2.0):
        with pytest.raises(OwnError) as caught:
            compiled(s)
        raised.append(caught.value)
    assert [str(e) for e in raised] == ["-1.0 and 2", "-2.0 and 2"]
    assert raised[0].a == "{}"


@pytest.mark.parametrize("error", ["text", ValueError, None, KeyboardInterrupt()])
def test_an_error_is_an_exception(error):
    with pytest.raises(TypeError, match="require: error must be an exception, such as ValueError"):
        ad.require(True, error)


def test_braces_are_text_without_values_and_beyond_them():
    for values, text in (((), "{} {0} {x}"), ((1,), "1 {0} {x}"), ((1, 2), "1 {0} {x}")):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
            ad.require(False, ValueError("{} {0} {x}"), *values)
        assert str(caught.value) == text
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        ad.require(False, ValueError(3), 4)
    assert caught.value.args == (3,)


def test_a_known_condition_is_not_part_of_the_program():
    compiled = ad.jit(lambda s, n: (ad.require(np.ndim(s) == 0, ValueError("no")), s * n)[1])
    assert compiled(2.0, 3.0) == 6
    assert len(compiled.program.outputs) == 1
    with pytest.raises(ValueError, match=r"^found 2\.0$"):
        ad.jit(lambda s: ad.require(False, ValueError("found {}"), s))(2.0)


def test_a_program_without_checks_is_called_without_more():
    checked = ad.jit(lambda s: f(1.0, s), pure=True)
    plain = ad.jit(np.sin, pure=True)
    checked(1.0), plain(1.0)
    assert type(plain._latest("").run).__name__ == "builtin_function_or_method"
    assert type(checked._latest("").run).__name__ == "Checked"


def test_native_code_checks_whole_arrays():
    compiled = ad.jit(lambda x: (ad.require(x > 0, ValueError("no")), np.sum(x))[1], backend="llvm")
    compiled(np.ones(100))
    assert "left to NumPy" not in compiled.report()


def test_a_program_shows_its_checks():
    assert str(ad.trace(f, 1.0, 2.0)).splitlines()[1:3] == [
        "    v1 = s > 0                    # bool",
        "    v2 = require(v1, ValueError)  # bool",
    ]


def test_an_explanation_and_a_diagnosis_are_of_the_value():
    def checked(x):
        ad.require(np.abs(x) < 1, ValueError("{} is beyond 1"), np.sqrt(x))
        return 2 * x

    assert "abs" not in str(ad.explain(checked, 0.0))
    report = ad.diagnose(checked, 0.0)
    assert report.ok
    assert report.operations == 1
    for look in (ad.explain, ad.diagnose):
        with pytest.raises(ValueError, match=r"^2\.0 is beyond 1$"):
            look(checked, 4.0)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("found {}"),
        ad.ShapeError("found {}"),
        np.linalg.LinAlgError("found {}"),
        ZeroDivisionError(),
        KeyError("found {}", 2),
    ],
)
def test_on_disk(tmp_path, error):
    def g(s):
        ad.require(s > 0, error, s)
        return 2 * s

    ad.trace(g, 1.0).save(tmp_path / "g.npz")
    loaded = ad.load(tmp_path / "g.npz")
    for h in (loaded, ad.jit(loaded), ad.grad(loaded)):
        h(1.0)
        with pytest.raises(type(error)) as caught:
            h(-2.0)
        assert type(caught.value) is type(error)
        assert str(caught.value) == str(error).replace("{}", "-2.0")


def test_an_error_of_the_users_own_class_cannot_be_saved(tmp_path):
    graph = ad.trace(lambda s: (ad.require(s > 0, OwnError(1, 2)), 2 * s)[1], 1.0)
    with pytest.raises(ad.AutodiffError, match=r"error= of require .* is of type OwnError"):
        graph.save(tmp_path / "g.npz")


def test_no_row_explains_it():
    """The equation of a root is run by a row, which explains a ValueError of NumPy's."""
    root = ad.root(lambda x, a: (ad.require(a > 0, ValueError("a is {}"), a), x * x - a)[1])
    slope = ad.jit(ad.grad(lambda a: root(1.0, a)))
    assert slope(4.0) == pytest.approx(0.25)
    with pytest.raises(ValueError, match=r"^a is -4\.0$"):
        slope(-4.0)


def test_threads():
    compiled = ad.jit(f)
    compiled(1.0, 1.0)
    wrong = []

    def work(k):
        for i in range(200):
            s = (k + 1.0) * (-1) ** i
            try:
                found = compiled(1.0, s)
                if s < 0 or not np.isclose(found, f(1.0, s)):
                    wrong.append(s)
            except ValueError as error:
                if str(error) != f"s must be above 0, not {s}":
                    wrong.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_only_this_row_is_kept_for_what_it_may_raise():
    assert [name for name, row in TABLE.items() if row.checks] == ["require"]
