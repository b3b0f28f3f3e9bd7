"""A traced program written as a module that runs alone."""

import ast
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest
from exported import loaded

import autodiff as ad

X = np.array([0.5, -1.0, 2.0])


@ad.custom_rule(vjp=lambda primals, output, cotangent: [cotangent])
def users_own(x):
    return np.floor(x)


def test_a_file_runs_alone(tmp_path):
    """In another process, isolated from everything but what is installed, from another folder."""
    path = tmp_path / "slope.py"
    table = np.arange(1200.0)
    ad.trace(ad.grad(lambda x: np.sum(np.sin(x) * table[:3]) + table @ table), X).export(path)
    script = (
        "import sys, runpy; sys.modules['autodiff'] = None; import numpy as np; "
        f"slope = runpy.run_path({str(path)!r})['slope']; "
        "print(repr(slope(np.array([0.5, -1.0, 2.0])).tolist()))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, cwd="/", check=True
    )
    assert done.stdout.strip() == repr((np.cos(X) * table[:3]).tolist())
    assert "autodiff" not in set(imported(path.read_text(encoding="utf-8")))


def imported(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_large_constants_are_stored_beside_it(tmp_path):
    path = tmp_path / "f.py"
    large, small = np.arange(1001.0), np.arange(1000.0) ** 2
    ad.trace(lambda x: (x * large, x * small), 2.0).export(path)
    with np.load(tmp_path / "f.npz", allow_pickle=False) as arrays:
        assert list(arrays) == ["large"]
    text = path.read_text(encoding="utf-8")
    assert "allow_pickle=False" in text
    assert "read from f.npz" in text
    first, second = loaded(path)(2.0)
    assert np.array_equal(first, 2 * large)
    assert np.array_equal(second, 2 * small)


def test_a_result_that_is_a_constant_is_not_shared(tmp_path):
    ad.trace(lambda x: X, 1.0).export(tmp_path / "f.py")
    f = loaded(tmp_path / "f.py")
    f(1.0)[0] = 99
    assert f(1.0)[0] == 0.5


def test_scipy_is_named(tmp_path):
    special = pytest.importorskip("scipy.special")
    ad.trace(lambda x: special.erf(x), X).export(tmp_path / "f.py")
    assert "It needs NumPy and SciPy (scipy.special.erf)." in docstring(tmp_path / "f.py")
    ad.trace(lambda x: np.exp(x), X).export(tmp_path / "f.py")
    assert "It needs NumPy alone." in docstring(tmp_path / "f.py")


def docstring(path):
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).replace("\n", " ")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (({"w": X}, [1.0]), None, ""),
        (({"w": X[:2]}, [1.0]), ValueError, r"p\['w'\] must be float64\[3\], not float64\[2\]"),
        (({"w": X.astype("f")}, [1.0]), TypeError, r"p\['w'\] must be float64\[3\], not float32"),
        (({"w": [1, 2, 3]}, [1.0]), TypeError, r"p\['w'\] must be float64\[3\], not list"),
        (({"v": X}, [1.0]), TypeError, r"p must be a dict with the keys \['w'\]"),
        (({"w": X}, [1]), TypeError, r"scale\[0\] must be float, not int"),
        (({"w": X}, (1.0,)), TypeError, "scale must be a list of 1"),
        (({"w": X}, [1.0, 2.0]), TypeError, "scale must be a list of 1"),
        (({"w": X}, [np.float64(1)]), TypeError, r"scale\[0\] must be float, not np.float64"),
    ],
)
def test_arguments_are_checked(given, error, message, tmp_path):
    def f(p, scale):
        return {"y": np.sum(p["w"]) * scale[0], "none": None}

    ad.trace(f, {"w": X}, [2.0]).export(tmp_path / "f.py")
    g = loaded(tmp_path / "f.py")
    if error is None:
        assert g(*given) == f(*given)
    else:
        with pytest.raises(error, match=message):
            g(*given)


def test_what_is_part_of_the_program_must_be_that(tmp_path):
    def f(x, name, none):
        return np.sin(x) if name == "sin" else np.cos(x)

    ad.trace(f, 1.0, "sin", None).export(tmp_path / "f.py")
    g = loaded(tmp_path / "f.py")
    assert g(1.0, "sin", None) == np.sin(1.0)
    with pytest.raises(TypeError, match="name must be 'sin', which is part of this program"):
        g(1.0, "cos", None)


@pytest.mark.parametrize("number", [complex(-0.0, 1.0), complex(2.0, -0.0), complex(-0.0, -0.0)])
@pytest.mark.parametrize("form", [complex, np.complex128, np.array, lambda x: np.array([x, 1])])
def test_complex_constants_keep_the_sign_of_their_zeros(number, form, tmp_path):
    c = form(number)
    ad.trace(lambda x: (np.conj(c), x), 1.0).export(tmp_path / "f.py")
    ad.trace(lambda x: np.real(x) * c, 1.0).export(tmp_path / "g.py")
    assert repr(np.asarray(loaded(tmp_path / "f.py")(1.0)[0]).tolist()) == repr(
        np.asarray(np.conj(c)).tolist()
    )
    assert repr(loaded(tmp_path / "g.py")(1.0)) == repr(1.0 * c)


def test_rules_and_solvers_are_refused_by_name(tmp_path):
    path = tmp_path / "f.py"
    with pytest.raises(
        ad.AutodiffError, match=r"export: .*custom_rule.users_own is a rule of your"
    ):
        ad.trace(lambda x: users_own(x) * 2, 1.5).export(path)
    root = ad.root(lambda x, a: x**3 - a, solver=lambda g, x0: 2.0)
    with pytest.raises(ad.AutodiffError, match=r"export: .*is found by a solver"):
        ad.trace(lambda a: root(1.0, a), 8.0).export(path)
    with pytest.raises(ad.AutodiffError, match=r'does not end in "\.py"'):
        ad.trace(np.sin, 1.0).export(tmp_path / "f.txt")
    assert not list(tmp_path.iterdir())


def test_loops_are_refused_by_name(tmp_path):
    def f(x):
        return ad.fori_loop(0, 3, lambda k, y: np.sin(y) * x, x)

    for program in (ad.trace(f, 0.5), ad.jit(f), ad.jit(ad.grad(f))):
        given = () if isinstance(program, ad.Graph) else (0.5,)
        with pytest.raises(ad.AutodiffError, match=r"holds a program of its own"):
            program.export(tmp_path / "f.py", *given)
    assert not [*tmp_path.iterdir()]


def test_containers_of_the_users_are_refused_by_name(tmp_path):
    class Pair:
        def __init__(self, a, b):
            self.a, self.b = a, b

    ad.register_container(Pair, lambda p: ((p.a, p.b), None), lambda _, ab: Pair(*ab))
    with pytest.raises(ad.AutodiffError, match="the argument p: p is a Pair, which the file"):
        ad.trace(lambda p: p.a * p.b, Pair(1.0, 2.0)).export(tmp_path / "f.py")
    with pytest.raises(ad.AutodiffError, match="the result is a Pair"):
        ad.trace(lambda x: Pair(x, x), 1.0).export(tmp_path / "f.py")
    assert not list(tmp_path.iterdir())


def test_named_tuples_are_named(tmp_path):
    class Point(NamedTuple):
        x: float
        y: float

    def f(p):
        return Point(p.y, 2 * p.x), np.linalg.slogdet(np.diag(X) * p.x)

    ad.trace(f, Point(1.0, 2.0)).export(tmp_path / "f.py")
    point, found = loaded(tmp_path / "f.py")(Point(3.0, 4.0))
    assert (point.x, point.y) == (4.0, 6.0)
    assert found.logabsdet == np.linalg.slogdet(np.diag(X) * 3.0).logabsdet


def test_a_check_of_data_raises(tmp_path):
    def f(x):
        ad.require(x > 0, ValueError("x must be above 0, not {}"), x)
        return np.log(x)

    ad.trace(f, 2.0).export(tmp_path / "f.py")
    g = loaded(tmp_path / "f.py")
    assert g(3.0) == np.log(3.0)
    with pytest.raises(ValueError, match=r"x must be above 0, not -1\.0"):
        g(-1.0)


def test_errors_are_pythons_or_refused(tmp_path):
    class OwnError(ValueError):
        pass

    def f(x, error):
        ad.require(x > 0, error)
        return np.log(x)

    ad.trace(lambda x: f(x, ad.ShapeError("negative")), 2.0).export(tmp_path / "f.py")
    with pytest.raises(ValueError, match="negative"):
        loaded(tmp_path / "f.py")(-1.0)
    with pytest.raises(ad.AutodiffError, match="OwnError is an error of your own"):
        ad.trace(lambda x: f(x, OwnError("negative")), 2.0).export(tmp_path / "g.py")


@pytest.mark.parametrize(
    "name",
    ['"""; boom()', "x\nboom()", "\\", 'a"""', "lambda", "__file__", "np", "µ", "check", "x" * 500],
)
def test_names_of_the_users_do_not_become_code(name, tmp_path):
    def f(x):
        return np.sin(x) * np.exp(x)

    graph = ad.trace(f, X)
    graph.name = name
    for node in graph.nodes:
        node.name = name
    graph.constants = {}
    graph.export(tmp_path / "f.py")
    text = (tmp_path / "f.py").read_text(encoding="utf-8")
    calls = [n.func for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call)]
    assert not [c for c in calls if isinstance(c, ast.Name) and c.id == "boom"]
    assert np.array_equal(loaded(tmp_path / "f.py")(X), f(X))


def test_keys_of_the_users_do_not_become_code(tmp_path):
    key = '"]; boom(); ["'
    ad.trace(lambda p: {key: p[key] * 2}, {key: 1.0}).export(tmp_path / "f.py")
    assert loaded(tmp_path / "f.py")({key: 1.0}) == {key: 2.0}


def test_a_loaded_program_is_exported(tmp_path):
    graph = ad.trace(ad.grad(lambda x: np.sum(np.linalg.svd(x)[1])), np.diag(X))
    graph.save(tmp_path / "f.npz")
    ad.load(tmp_path / "f.npz").export(tmp_path / "g.py")
    assert np.array_equal(loaded(tmp_path / "g.py")(np.diag(X)), graph(np.diag(X)))


def test_each_operation_is_a_line(tmp_path):
    def f(x):
        angle = 2 * x
        return np.sin(angle)[1:]

    ad.trace(f, X).export(tmp_path / "f.py")
    lines = (tmp_path / "f.py").read_text(encoding="utf-8").splitlines()
    assert [line.split("#")[0].strip() for line in lines if "  # " in line] == [
        "angle = 2 * x",
        "v1 = np.sin(angle)",
        "y = v1[1:]",
    ]
