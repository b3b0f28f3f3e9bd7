"""What every family has: shapes, `loc` and `scale`, the support, and the methods of SciPy's.

A family states formulas of the standard variable z = (x - loc) / scale, in NumPy's functions, the
ufuncs of scipy.special and rows; here they become SciPy's methods. A formula meets only numbers of
its support: outside of it, and for parameters that SciPy calls bad, the answer is written here, and
so is its derivative: 0 outside of the support, nan for bad parameters.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, NoReturn

import numpy as np

from ..arrays.dispatch import operand
from ..base.errors import refuse
from ..numpy_api.arguments import as_dtype, dtype_of, number
from .drawing import drawn

METHODS = {
    "continuous": ("pdf", "logpdf"),
    "discrete": ("pmf", "logpmf"),
    "both": ("cdf", "logcdf", "sf", "logsf", "ppf", "isf"),
    "moments": ("entropy", "mean", "var", "std"),
}


def real(x: Any, method: str) -> Any:
    """`x` as SciPy takes it: a real operand in double precision or better."""
    x = operand(x)
    dtype = dtype_of(x)
    if dtype.kind == "c":
        raise refuse(f"{method} of a complex number", "pass real numbers")
    return as_dtype(x, np.promote_types(dtype, np.float64))


def log_of(part: Any, rest: Any) -> Any:
    """log(part) for part + rest = 1, without cancellation where the part is nearly all."""
    is_most = np.greater(part, 0.5)
    return np.where(
        is_most,
        np.log1p(-np.where(is_most, rest, 0)),
        np.log(np.where(is_most, 1, part)),
    )


def deep(part: Any, log_part: Any) -> Any:
    """A tail by its logarithm, where SciPy's function has fewer digits."""
    is_deep = np.less(part, 1e-20) & np.greater(part, 0)
    return np.where(is_deep, np.exp(np.where(is_deep, log_part, 0)), part)


class Support(NamedTuple):
    """The two ends, and a point between them, as functions of the shapes. Where it is not closed,
    the density has no formula at the ends."""

    limits: Callable[..., tuple[Any, Any]]
    inside: Callable[..., Any]
    closed: bool = True


class Family:
    """A family of distributions, called as SciPy's: ``norm.logpdf(x, loc, scale)``, or frozen:
    ``norm(loc, scale).logpdf(x)``. Parameters, points and probabilities may be tracked."""

    densities: tuple[str, str]
    places: tuple[str, ...]  # the parameters after the shapes
    step = 0  # from a point of the support to the next

    def __init__(
        self,
        name: str,
        *,
        on: Support,
        valid: Callable[..., Any] = lambda *shapes: True,
        **formulas: Callable[..., Any],
    ) -> None:
        self.__name__ = self.name = name
        self.shapes = tuple(inspect.signature(formulas["mean"]).parameters)
        self.on, self.valid = on, valid
        self.formulas = formulas
        self.__doc__ = f"{name}({', '.join(self.parameters)}): {self.__class__.__doc__}"

    @property
    def parameters(self) -> tuple[str, ...]:
        return (*self.shapes, *self.places)

    def __repr__(self) -> str:
        return f"autodiff.stats.{self.name}"

    def __call__(self, *args: Any, **kwds: Any) -> Frozen:
        self.bound("__call__", args, kwds)
        return Frozen(self, args, kwds)

    # -- parameters
    def bound(self, method: str, args: tuple[Any, ...], kwds: dict[str, Any]) -> dict[str, Any]:
        """The parameters by their names, as real operands."""
        called = f"{self.name}.{method}"
        return {key: real(x, called) for key, x in self.given(method, args, kwds).items()}

    def given(self, method: str, args: tuple[Any, ...], kwds: dict[str, Any]) -> dict[str, Any]:
        """The parameters by their names, as SciPy binds them."""
        names, called = self.parameters, f"{self.name}.{method}"
        if len(args) > len(names):
            raise TypeError(f"{called}: {len(args)} parameters, but there are {', '.join(names)}")
        given = dict(zip(names, args, strict=False))
        for key, value in kwds.items():
            if key not in names or key in given:
                what = "given twice" if key in given else f"not one of {', '.join(names)}"
                raise TypeError(f"{called}: the parameter {key} is {what}")
            given[key] = value
        for key, default in (("loc", 0.0), ("scale", 1.0)):
            given.setdefault(key, default)
        missing = [key for key in self.shapes if key not in given]
        if missing:
            raise TypeError(f"{called}: the parameter {missing[0]} is missing")
        return given

    def checked(self, given: dict[str, Any]) -> tuple[list[Any], Any, Any]:
        """Shapes, loc and scale: nan where they are bad."""
        shapes = [given[key] for key in self.shapes]
        loc, scale = given["loc"], given["scale"]
        good = np.greater(scale, 0) & np.equal(loc, loc)
        if shapes:
            good = good & self.valid(*shapes)
        return [np.where(good, x, np.nan) for x in shapes], loc, np.where(good, scale, np.nan)

    def of_standard(self, key: str, z: Any, shapes: list[Any]) -> Any:
        """The formula named `key`, or what follows from the others."""
        formula = self.formulas.get(key)
        if formula is not None:
            return formula(z, *shapes)
        return getattr(self, f"_{key}")(z, shapes)

    def _density(self, z: Any, shapes: list[Any]) -> Any:
        return np.exp(self.of_standard("logdensity", z, shapes))

    def _logdensity(self, z: Any, shapes: list[Any]) -> Any:
        return np.log(self.of_standard("density", z, shapes))

    def _sf(self, z: Any, shapes: list[Any]) -> Any:
        return 1 - self.of_standard("cdf", z, shapes)

    def _logcdf(self, z: Any, shapes: list[Any]) -> Any:
        return log_of(self.of_standard("cdf", z, shapes), self.of_standard("sf", z, shapes))

    def _logsf(self, z: Any, shapes: list[Any]) -> Any:
        return log_of(self.of_standard("sf", z, shapes), self.of_standard("cdf", z, shapes))

    def _isf(self, q: Any, shapes: list[Any]) -> Any:
        return self.of_standard("ppf", 1 - q, shapes)

    # -- methods
    def standard(self, method: str, x: Any, args: Any, kwds: Any) -> tuple[Any, list[Any], Any]:
        """The standard variable, the shapes and the scale."""
        shapes, loc, scale = self.checked(self.bound(method, args, kwds))
        return (real(x, f"{self.name}.{method}") - loc) / scale, shapes, scale

    def selected(self, key: str, z: Any, shapes: list[Any], below: Any, above: Any) -> Any:
        """A formula inside of the support, and the two numbers beside it."""
        low, high = self.on.limits(*shapes)
        at_most, at_least = np.less_equal, np.greater_equal
        if key in ("density", "logdensity") and self.on.closed:
            at_most, at_least = np.less, np.greater
        is_below = at_most(z, low) | np.equal(z, -np.inf)
        is_above = at_least(z, high) | np.equal(z, np.inf)
        z = np.where(is_below | is_above, self.on.inside(*shapes), z)
        with np.errstate(all="ignore"):
            y = self.of_standard(key, z, shapes)
        return np.where(is_below, below, np.where(is_above, above, y))

    def cdf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        return self.cumulated("cdf", x, args, kwds, 0.0, 1.0)

    def sf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        return self.cumulated("sf", x, args, kwds, 1.0, 0.0)

    def logcdf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        return self.cumulated("logcdf", x, args, kwds, -np.inf, 0.0)

    def logsf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        return self.cumulated("logsf", x, args, kwds, 0.0, -np.inf)

    def cumulated(
        self, method: str, x: Any, args: Any, kwds: Any, below: float, above: float
    ) -> Any:
        z, shapes, _ = self.standard(method, x, args, kwds)
        return number(self.selected(method, z, shapes, below, above))

    def ppf(self, q: Any, *args: Any, **kwds: Any) -> Any:
        return self.quantile("ppf", q, args, kwds)

    def isf(self, q: Any, *args: Any, **kwds: Any) -> Any:
        return self.quantile("isf", q, args, kwds)

    def quantile(self, method: str, q: Any, args: Any, kwds: Any) -> Any:
        shapes, loc, scale = self.checked(self.bound(method, args, kwds))
        q = real(q, f"{self.name}.{method}")
        q = np.where(np.less(q, 0) | np.greater(q, 1), np.nan, q)
        low, high = self.on.limits(*shapes)
        ends = (low - self.step, high) if method == "ppf" else (high, low - self.step)
        at_first, at_last = np.equal(q, 0), np.equal(q, 1)
        with np.errstate(all="ignore"):
            z = self.of_standard(method, np.where(at_first | at_last, 0.5, q), shapes)
            z = np.where(at_first, ends[0], np.where(at_last, ends[1], z))
            return number(loc + scale * np.where(np.isnan(q), np.nan, z))

    def moment(self, key: str, args: Any, kwds: Any) -> tuple[Any, Any, Any]:
        """A formula of the shapes alone, with loc and scale."""
        shapes, loc, scale = self.checked(self.bound(key, args, kwds))
        formula = self.formulas.get(key)
        if formula is None:
            raise refuse(
                f"{self.name}.{key} has no formula here", f"use scipy.stats.{self.name}.{key}"
            )
        with np.errstate(all="ignore"):
            return formula(*shapes) + 0 * (loc + scale), loc, scale

    def mean(self, *args: Any, **kwds: Any) -> Any:
        mean, loc, scale = self.moment("mean", args, kwds)
        return number(loc + scale * mean)

    def var(self, *args: Any, **kwds: Any) -> Any:
        var, _, scale = self.moment("var", args, kwds)
        return number(scale * scale * var)

    def std(self, *args: Any, **kwds: Any) -> Any:
        return np.sqrt(self.var(*args, **kwds))

    def entropy(self, *args: Any, **kwds: Any) -> Any:
        entropy, _, scale = self.moment("entropy", args, kwds)
        return number(entropy + np.log(scale))

    def support(self, *args: Any, **kwds: Any) -> tuple[Any, Any]:
        shapes, loc, scale = self.checked(self.bound("support", args, kwds))
        return tuple(number(loc + scale * end) for end in self.on.limits(*shapes))  # type: ignore[return-value]

    def rvs(self, *args: Any, size: Any = None, random_state: Any = None, **kwds: Any) -> Any:
        """Draws, each a differentiable function of the parameters. Those of families without
        shapes, and of discrete ones, are SciPy's for the same `random_state`."""
        names = self.parameters
        if len(args) == len(names) + 1:
            *args, size = args  # type: ignore[assignment]
        given = self.given("rvs", tuple(args), kwds)
        real_ones = {key: real(x, f"{self.name}.rvs") for key, x in given.items()}
        return drawn(self, given, real_ones, size, random_state)

    def fit(self, *args: Any, **kwds: Any) -> NoReturn:
        raise refuse(
            f"{self.name}.fit", "minimise the sum of -logpdf, or use scipy.stats on plain data"
        )


class Continuous(Family):
    """a family of continuous distributions."""

    densities = METHODS["continuous"]  # type: ignore[assignment]
    places = ("loc", "scale")

    def pdf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        z, shapes, scale = self.standard("pdf", x, args, kwds)
        return number(self.selected("density", z, shapes, 0.0, 0.0) / scale)

    def logpdf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        z, shapes, scale = self.standard("logpdf", x, args, kwds)
        return number(self.selected("logdensity", z, shapes, -np.inf, -np.inf) - np.log(scale))


class Discrete(Family):
    """a family of distributions on integers."""

    densities = METHODS["discrete"]  # type: ignore[assignment]
    places = ("loc",)
    step = 1

    def pmf(self, k: Any, *args: Any, **kwds: Any) -> Any:
        return self.massed("pmf", "density", k, args, kwds, 0.0)

    def logpmf(self, k: Any, *args: Any, **kwds: Any) -> Any:
        return self.massed("logpmf", "logdensity", k, args, kwds, -np.inf)

    def massed(self, method: str, key: str, k: Any, args: Any, kwds: Any, beside: float) -> Any:
        z, shapes, _ = self.standard(method, k, args, kwds)
        whole = np.floor(z)
        y = self.selected(key, whole, shapes, beside, beside)
        return number(np.where(np.not_equal(whole, z) & np.equal(z, z), beside, y))

    def cumulated(
        self, method: str, x: Any, args: Any, kwds: Any, below: float, above: float
    ) -> Any:
        z, shapes, _ = self.standard(method, x, args, kwds)
        whole = np.floor(z)
        low, high = self.on.limits(*shapes)
        is_below, is_above = np.less(whole, low), np.greater_equal(whole, high)
        whole = np.where(is_below | is_above, self.on.inside(*shapes), whole)
        with np.errstate(all="ignore"):
            y = self.of_standard(method, whole, shapes)
        return number(np.where(is_below, below, np.where(is_above, above, y)))

    def entropy(self, *args: Any, **kwds: Any) -> Any:
        return number(self.moment("entropy", args, kwds)[0])


class Frozen:
    """A family with its parameters: ``norm(0, 2).logpdf(x)``."""

    def __init__(self, family: Family, args: tuple[Any, ...], kwds: dict[str, Any]) -> None:
        self.dist, self.args, self.kwds = family, args, kwds

    def __repr__(self) -> str:
        return f"{self.dist!r} with its parameters"

    def __getattr__(self, name: str) -> Any:
        if name not in self.__dir__():
            raise AttributeError(f"{self!r} has no attribute {name!r}", name=name)
        method = getattr(self.dist, name)
        if name in (*METHODS["moments"], "support", "rvs"):
            return partial(method, *self.args, **self.kwds)
        return lambda x: method(x, *self.args, **self.kwds)

    def __dir__(self) -> list[str]:
        kinds = (self.dist.densities, METHODS["both"], METHODS["moments"], ("support", "rvs"))
        return [name for kind in kinds for name in kind] + list(vars(self))


def changed(
    name: str,
    family: Family,
    *,
    on: Support,
    into: Callable[..., Any],
    out: Callable[..., Any],
    log_slope: Callable[..., Any] = lambda z, *shapes: 0.0,
    shapes: Callable[..., Any] = lambda *shapes: shapes,
    falls: bool = False,
    valid: Callable[..., Any] | None = None,
    **formulas: Callable[..., Any],
) -> Continuous:
    """The family of z where ``into(z)``, which rises or `falls`, is of another family; `out` is its
    inverse, `log_slope` the logarithm of its slope, and `shapes` those of the other family."""
    turned = {
        "cdf": "sf",
        "sf": "cdf",
        "logcdf": "logsf",
        "logsf": "logcdf",
        "ppf": "isf",
        "isf": "ppf",
    }

    def inner(key: str, z: Any, own: Any) -> Any:
        return family.of_standard(turned.get(key, key) if falls else key, z, list(shapes(*own)))

    def at(key: str) -> Callable[..., Any]:
        return lambda z, *own: inner(key, into(z, *own), own)

    def back(key: str) -> Callable[..., Any]:
        return lambda q, *own: out(inner(key, q, own), *own)

    taken_over = {
        "logdensity": lambda z, *own: at("logdensity")(z, *own) + log_slope(z, *own),
        **{key: at(key) for key in ("cdf", "sf", "logcdf", "logsf")},
        **{key: back(key) for key in ("ppf", "isf")},
    }
    valid = valid or (lambda *own: family.valid(*shapes(*own)))
    return Continuous(name, on=on, valid=valid, **{**taken_over, **formulas})


def reflected(name: str, family: Family) -> Continuous:
    """The family of -z for z of `family`."""

    def limits(*shapes: Any) -> tuple[Any, Any]:
        low, high = family.on.limits(*shapes)
        return -high, -low

    def opposite(*shapes: Any) -> Any:
        return -family.formulas["mean"](*shapes)

    opposite.__signature__ = inspect.signature(family.formulas["mean"])  # type: ignore[attr-defined]
    return changed(
        name,
        family,
        on=Support(limits, lambda *shapes: -family.on.inside(*shapes), family.on.closed),
        into=lambda z, *shapes: -z,
        out=lambda z, *shapes: -z,
        falls=True,
        entropy=family.formulas["entropy"],
        var=family.formulas["var"],
        mean=opposite,
    )
