"""Sparse Jacobians and Hessians beside those of CasADi, and of JAX with asdex and dense.

python benchmarks/sparse.py [engine ...]      first call, a later call, the most memory, sweeps

Each case of each engine runs in a process of its own, on the same point; an engine that is not
installed, or that takes more than LIMIT seconds, is left out with the reason. Ours is measured with
jit and without. CasADi's functions are in SX, evaluated in its virtual machine, as by default.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

LIMIT = 120.0
ENGINES = ("eager", "jit", "casadi", "asdex", "jax")


# -- the functions, for any module of arrays -----------------------------------------------------
def tridiagonal(np: Any, x: Any) -> Any:
    """Broyden's."""
    inside = (3 - 2 * x[1:-1]) * x[1:-1] - x[:-2] - 2 * x[2:] + 1
    return inside


def arrow(np: Any, x: Any) -> Any:
    return np.concatenate((np.sum(x**2).reshape(1), x[:1] * x[1:] ** 2))


def separable(np: Any, x: Any) -> Any:
    return np.sum(np.sin(x) * x)


def rosenbrock(np: Any, x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def laplacian(np: Any, x: Any) -> Any:
    """With a source, zero on the border."""
    n = round(x.shape[0] ** 0.5)
    u = np.pad(x.reshape(n, n), 1)
    neighbours = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2]
    return (4 * u[1:-1, 1:-1] - neighbours + 0.01 * np.exp(u[1:-1, 1:-1])).reshape(-1)


CAMERAS, POINTS, SEEN = 100, 3000, 10_000
RANDOM = np.random.default_rng(0)
CAMERA = RANDOM.integers(0, CAMERAS, SEEN)
POINT = np.arange(SEEN) % POINTS


def bundle(np: Any, x: Any) -> Any:
    """Pinhole cameras: a turn by three small angles, a shift, a focal length and one distortion."""
    c = x[: 8 * CAMERAS].reshape(CAMERAS, 8)[CAMERA]
    p = x[8 * CAMERAS :].reshape(POINTS, 3)[POINT]
    a, b, g = c[:, 0], c[:, 1], c[:, 2]
    u = p[:, 0] - g * p[:, 1] + b * p[:, 2] + c[:, 3]
    v = p[:, 1] + g * p[:, 0] - a * p[:, 2] + c[:, 4]
    w = p[:, 2] - b * p[:, 0] + a * p[:, 1] + c[:, 5] + 5
    u, v = u / w, v / w
    scale = c[:, 6] * (1 + c[:, 7] * (u**2 + v**2))
    return np.stack((scale * u, scale * v), 1).reshape(-1)


STEPS = 200


def control(np: Any, x: Any) -> Any:
    """A planar vehicle with two controls, 200 steps by the midpoint rule: defects of 6 states."""
    z = x.reshape(STEPS + 1, 8)
    now, after, h = z[:-1], z[1:], 0.05
    m = (now[:, :6] + after[:, :6]) / 2
    thrust, turn = now[:, 6], now[:, 7]
    slope = np.stack(
        (
            m[:, 3],
            m[:, 4],
            m[:, 5],
            -thrust * np.sin(m[:, 2]) - 0.1 * m[:, 3],
            thrust * np.cos(m[:, 2]) - 9.8 - 0.1 * m[:, 4],
            turn - 0.2 * m[:, 5],
        ),
        1,
    )
    return (after[:, :6] - now[:, :6] - h * slope).reshape(-1)


Function = Callable[[Any, Any], Any]
CASES: dict[str, tuple[Function, str, int]] = {
    "tridiagonal Jacobian, 1 000": (tridiagonal, "jacobian", 1000),
    "tridiagonal Jacobian, 100 000": (tridiagonal, "jacobian", 100_000),
    "arrow Jacobian, 1 000": (arrow, "jacobian", 1000),
    "separable Hessian, 1 000": (separable, "hessian", 1000),
    "Rosenbrock Hessian, 100 000": (rosenbrock, "hessian", 100_000),
    "bundle adjustment, 10 000 observations": (bundle, "jacobian", 8 * CAMERAS + 3 * POINTS),
    "optimal control, 200 steps of 6 states": (control, "jacobian", 8 * (STEPS + 1)),
    "2-D Laplacian, 1 000 x 1 000": (laplacian, "jacobian", 1_000_000),
}


# -- the engines: a function of x, and how many sweeps it takes ------------------------------------
def ours(f: Function, kind: str, compiled: bool) -> tuple[Any, Any]:
    import autodiff as ad

    made = getattr(ad, kind)(lambda x: f(np, x), sparse=True)
    return (ad.jit(made) if compiled else made), made


class Symbols:
    """The few functions of arrays that the cases use, on objects of CasADi's in NumPy arrays."""

    def __init__(self, casadi: Any) -> None:
        self.casadi = casadi

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def of_each(self, name: str, x: Any) -> Any:
        return np.array([getattr(self.casadi, name)(v) for v in x.ravel()], object).reshape(x.shape)

    def sin(self, x: Any) -> Any:
        return self.of_each("sin", x)

    def cos(self, x: Any) -> Any:
        return self.of_each("cos", x)

    def exp(self, x: Any) -> Any:
        return self.of_each("exp", x)

    def sum(self, x: Any) -> Any:
        y = np.empty((), object)
        y[()] = self.casadi.sum1(self.casadi.vertcat(*x.ravel()))
        return y

    def pad(self, x: Any, width: int) -> Any:
        return np.pad(x, width, constant_values=self.casadi.SX(0))


def casadis(f: Function, kind: str, n: int) -> Any:
    import casadi

    def first(x: Any) -> Any:
        symbol = casadi.SX.sym("x", n)
        found = f(Symbols(casadi), np.array(casadi.vertsplit(symbol), object))
        y = casadi.vertcat(*np.ravel(found).tolist())
        if kind == "jacobian":
            expression = casadi.jacobian(y, symbol)
        else:
            expression, _ = casadi.hessian(y, symbol)
        first.function = casadi.Function("f", [symbol], [expression])  # type: ignore[attr-defined]
        return first.function(x)  # type: ignore[attr-defined]

    def call(x: Any) -> Any:
        made = getattr(first, "function", None)
        return first(x) if made is None else made(x)

    return call


def jaxs(f: Function, kind: str, sparse: bool) -> Any:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def function(x: Any) -> Any:
        return f(jnp, x)

    if sparse:
        import asdex

        made: Any = None

        def call(x: Any) -> Any:
            nonlocal made
            if made is None:
                coloring = getattr(asdex, f"{kind}_coloring")(function, x)
                made = jax.jit(getattr(asdex, f"{kind}_from_coloring")(function, coloring))
            return jax.block_until_ready(made(x))

        return call
    dense = jax.jit(getattr(jax, "hessian" if kind == "hessian" else "jacrev")(function))
    return lambda x: jax.block_until_ready(dense(x))


def load_ours() -> None:
    import scipy.sparse  # noqa: F401

    import autodiff as ad

    ad.jit(ad.jacobian(lambda x: x * x, sparse=True))(np.ones(2))


def load_casadi() -> None:
    import casadi  # noqa: F401


def load_jax() -> None:
    import jax

    jax.block_until_ready(jax.jit(lambda x: x * x)(np.ones(2)))


LOADED = {  # before the clock starts
    "eager": load_ours,
    "jit": load_ours,
    "casadi": load_casadi,
    "asdex": load_jax,
    "jax": load_jax,
}


def measure(engine: str, case: str) -> dict[str, Any]:
    f, kind, n = CASES[case]
    if engine == "jax" and n > 10_000:
        raise MemoryError(f"{8e-9 * n * n:.0f} GB")
    x = np.random.default_rng(1).normal(size=n) * 0.1
    LOADED[engine]()
    made: Any = None
    start = perf_counter()  # what is made and compiled belongs to the first call
    if engine in ("eager", "jit"):
        call, made = ours(f, kind, engine == "jit")
    elif engine == "casadi":
        call = casadis(f, kind, n)
    else:
        call = jaxs(f, kind, engine == "asdex")
    call(x)
    first = perf_counter() - start
    times: list[float] = []
    while len(times) < 3 or (sum(times) < 1.0 and len(times) < 1000):
        start = perf_counter()
        call(x)
        times.append(perf_counter() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"first": first, "later": median(times), "memory": memory}
    if engine == "eager":
        found["sweeps"] = made.sweeps
    return found


def in_a_process(engine: str, case: str) -> dict[str, Any] | str:
    command = [sys.executable, __file__, "--one", engine, case]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return f"more than {LIMIT:.0f} s"
    if done.returncode:
        return done.stderr.strip().rsplit("\n", 1)[-1][:70]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def spelled(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"


def main(engines: list[str]) -> None:
    print(f"{'':8} {'first':>10} {'later':>10} {'memory':>9}")
    for case in CASES:
        print(case)
        for engine in engines or ENGINES:
            found = in_a_process(engine, case)
            if isinstance(found, str):
                print(f"  {engine:8} {found}")
                continue
            sweeps = f"  {found['sweeps']} sweeps" if "sweeps" in found else ""
            print(
                f"  {engine:8} {spelled(found['first']):>10} {spelled(found['later']):>10} "
                f"{found['memory']:>6.0f} MB{sweeps}",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(*sys.argv[2:])))
    else:
        main(sys.argv[1:])
