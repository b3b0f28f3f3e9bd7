"""Code that takes the plain number out of a tracked value is refused: the error names the call that
does so, and what to write instead."""

from __future__ import annotations

import ast
import dis
import re
from threading import local
from types import TracebackType
from typing import Any

import numpy as np

from ..base.errors import NotDifferentiableError, location, passed_users, refuse, user_frame
from ..base.shapes import shape_of
from ..rules.primitive import Traced
from .user_calls import Call, Store, asking, expression, makes_array, module_of, named, under_way

TRUTH = "bool(x), as in `if x:` or `while x:`,"
WHOLE = {"int(x)": "__int__", "x used as an index": "__index__"}
DROP = "autodiff.stop_gradient(x) if the derivative should be dropped"
KEEP = "keep x as it is, use NumPy's functions (np.sin, not math.sin)"
NO_BRANCH = "use np.where instead of `if`"
LOOP = 'vmap(..., fallback="loop")'
# What NumPy, or SciPy, calls the functions of the module math, where the names differ.
OF_MATH = {
    "dist": "np.linalg.norm",
    "erf": "scipy.special.erf",
    "erfc": "scipy.special.erfc",
    "fabs": "np.abs",
    "fsum": "np.sum",
    "gamma": "scipy.special.gamma",
    "lgamma": "scipy.special.gammaln",
    "pow": "np.power",
}
# The families of autodiff.stats, which stand for SciPy's.
FAMILIES = (
    *("bernoulli", "beta", "binom", "cauchy", "chi2", "dirichlet", "expon", "f", "gamma"),
    *("genextreme", "genpareto", "geom", "gumbel_l", "gumbel_r", "invgamma", "invgauss"),
    *("laplace", "logistic", "lognorm", "multinomial", "multivariate_normal", "nbinom", "norm"),
    *("pareto", "poisson", "rayleigh", "skewnorm", "t", "truncnorm", "uniform", "vonmises"),
    *("weibull_max", "weibull_min"),
)
LATEST = local()  # what refuse_number refused last in a thread, and where
MASKED = "use plain arrays, and np.where(mask, x, 0) for what is masked"
RULE = "give it a derivative with autodiff.custom_rule"
# What to write in place of a function of SciPy's, by its module: the first that fits.
OF_SCIPY = {
    "scipy.optimize": "wrap the solver with autodiff.root, autodiff.fixed_point or autodiff.argmin",
    "scipy.integrate": f"sum over fixed nodes with NumPy's functions, or {RULE}",
    "scipy.stats": (
        "use a family of autodiff.stats, or write the density with NumPy's functions and the "
        f"ufuncs of scipy.special (gammaln, xlogy, log_ndtr), or {RULE}"
    ),
    "scipy.sparse.linalg": f"use autodiff.linear_solve, np.linalg.solve(A.toarray(), b), or {RULE}",
    "scipy.sparse": (
        "a sparse matrix holds plain numbers: A @ x and x @ A work for a tracked x; for anything "
        "else use A.toarray()"
    ),
    "scipy.signal": f"use np.convolve, np.correlate or np.fft, or {RULE}",
    "scipy.ndimage": f"use np.pad and slices, np.convolve or np.fft, or {RULE}",
    "scipy.spatial": f"use np.linalg.norm(x[:, None] - y, axis=-1) for distances, or {RULE}",
    "scipy.interpolate": f"use np.interp, or {RULE}",
    "scipy.linalg": f"use autodiff.linalg or np.linalg, or {RULE}",
    "scipy": f"use NumPy's functions, or {RULE}",
}


def refuse_number(batched: bool) -> NotDifferentiableError:
    """The error for ``float(x)``, whoever calls it."""
    what, cure = instead(asking("__float__"))
    complaint, drop = "of a tracked value would drop its derivative", DROP
    if batched:
        complaint, drop = "of a value that differs from example to example under vmap", LOOP
    refusal = refuse(f"{what} {complaint}", f"{cure}, or use {drop}")
    frame = user_frame()
    LATEST.refusal = refusal, frame and (id(frame), frame.f_lasti)
    return refusal


def unheeded(error: Exception) -> NotDifferentiableError | None:
    """The refusal that a solver of SciPy's in C met, and went on from until something else failed:
    it came from the same call of the user's as `error`."""
    refusal, place = getattr(LATEST, "refusal", (None, None))
    raised: TracebackType | None = error.__traceback__
    inside = False
    while raised is not None and place is not None:
        inside = inside or (id(raised.tb_frame), raised.tb_lasti) == place
        if inside and (not raised.tb_next or module_of(raised.tb_frame).startswith("scipy.")):
            return refusal
        raised = raised.tb_next
    return None


def instead(call: Call | Store | None) -> tuple[str, str]:
    """What the user's code does, and what to write instead."""
    if isinstance(call, Store):
        shape = f", shape={shape_of(call.array)}" if isinstance(call.array, np.ndarray) else ""
        return (
            f"{call.text} = ..., assignment into a plain array,",
            "write `import autodiff.numpy as np` at the top of the program, start from "
            f"np.zeros_like(x{shape}) with a tracked x, or join the entries with np.stack([...])",
        )
    if call is None:
        return (
            "float(x), math.sin(x) or assignment into a plain array (`a[0] = x`)",
            f"{KEEP}, start from np.zeros_like(x) or np.stack([...]) instead of filling a plain "
            "array",
        )
    function = call.function
    if getattr(function, "__module__", "") == "math":
        ours = OF_MATH.get(function.__name__, f"np.{function.__name__}")
        return call.text, f"use NumPy's functions: {ours}, not math.{function.__name__}"
    if function is str.__mod__:
        return call.text, 'use an f-string: f"{x:.3f}"'
    if type(getattr(function, "__self__", None)).__module__.startswith("numpy.random"):
        return call.text, "scale and shift a standard number: mean + scale * rng.normal()"
    if of_scipy(call):
        return call.text, of_scipy(call)
    if call.mended:
        leave = "leave the dtype out, or " if makes_array(function) else ""
        return call.text, f"{leave}write {call.mended}"
    if makes_array(function) or (isinstance(function, type) and issubclass(function, np.generic)):
        return call.text, "keep x as it is, or cast it with x.astype(...)"
    return call.text, KEEP


def of_scipy(call: Call) -> str:
    """What to write in place of a function of SciPy's; ``""`` for any other."""
    home = call.home or getattr(call.function, "__module__", None) or ""
    if home.startswith("scipy.stats"):
        families = [word for word in re.findall(r"\w+", call.text) if word in FAMILIES]
        if families:
            return f"use autodiff.stats.{families[0]}"
    return next((cure for module, cure in OF_SCIPY.items() if home.startswith(module)), "")


def refuse_to_look(what: str, complaint: str, cure: str, level: float) -> NotDifferentiableError:
    """The error for code that needs the number itself, where there is more than one. NumPy asks
    each entry of a list for it, but need not do so for one array."""
    call = asking("__bool__") if what is TRUTH else asking(WHOLE[what]) if what in WHOLE else None
    if isinstance(call, Call) and call.mended:
        what = f"{call.text} looks at the entries one by one, which"
        cure = f"write {call.mended}, or {cure}"
    elif isinstance(call, Call) and what in WHOLE:
        what = call.text if what == call.text else f"{call.text}: {what}"
        if call.function is np.take:
            cure = "pass np.asarray(table, like=x), a tracked array, as its first argument"
    error = refuse(f"{what} {complaint}", cure)
    error._level = level
    return error


def refuse_decision() -> NotDifferentiableError:
    """The error for a solver written in Python that compares tracked values: the derivative of the
    path that it takes is not that of the solution, and 0 where it stops at once."""
    call = asking("compare")
    what = call.text if isinstance(call, Call) else "a solver of scipy.optimize"
    return refuse(
        f"{what} decides by tracked values, and the derivative of its steps is not that of the "
        "solution",
        f"{OF_SCIPY['scipy.optimize']}, or use {DROP}",
    )


def refuse_objects(error: Exception) -> NotDifferentiableError:
    """The error for a function that does not accept arrays of objects, from NumPy's message."""
    raised = passed_users(error)
    call = called_in(raised) if raised else None
    said = " ".join(str(error).split()).partition(". Please cast")[0]  # SciPy's cure is none here
    what, made = said, "np.array([...]) of tracked values is an array of objects"
    cure = "join them with np.stack([...]) or np.block([[...]]) instead"
    if call is not None and call.mended and not call.home.startswith("scipy."):
        what, cure = call.text, f"write {call.mended}"
    elif call is not None:
        what, made = (
            f"{call.text}: {said}",
            "NumPy makes an array of objects of a tracked value here",
        )
        cure = (
            MASKED
            if call.home.startswith("numpy.ma.")
            else of_scipy(call) or f"use NumPy's functions, or {RULE}"
        )
    if "Tensor" in said:
        made = "a tracked value is not a plain array"
    elif "NoneType" in said:
        made, cure = "None is not a number or an array", "pass a number or an array"
    return NotDifferentiableError(
        f"{what}: {made}, which this function does not accept{location(raised)}; {cure}"
    )


def called_in(raised: TracebackType) -> Call | None:
    """The call in which an error was raised; an operator of a class of SciPy's is one."""
    home = module_of(raised.tb_next.tb_frame) if raised.tb_next else ""
    call = under_way(raised.tb_frame, raised.tb_lasti)
    if isinstance(call, Call):
        return call._replace(home=home)
    text = expression(raised.tb_frame, raised.tb_lasti)[1]
    return Call(text, home=home) if home.startswith("scipy.") else None


def fails_inside(error: Exception) -> bool:
    """Does a function of SciPy's or NumPy's fail because it was given tracked values?"""
    raised = passed_users(error)
    if raised is None or raised.tb_next is None:
        return False
    frame = raised.tb_next.tb_frame
    home = module_of(frame)
    about_kinds = isinstance(error, (TypeError, AttributeError, IndexError, NotImplementedError))
    if not home.startswith(("scipy.", "numpy.") if about_kinds else "scipy.sparse."):
        return False  # what is wrong with a value may well be wrong with a plain one
    below: TracebackType | None = raised.tb_next
    found = False
    while below is not None and module_of(below.tb_frame).startswith(("scipy.", "numpy.")):
        found = found or any(map(is_or_holds_tracked, below.tb_frame.f_locals.values()))
        below = below.tb_next
    return found


def is_or_holds_tracked(x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return x.dtype == object and any(isinstance(entry, Traced) for entry in x.flat)
    if isinstance(x, (list, tuple, dict)):
        entries = x.values() if isinstance(x, dict) else x
        return any(isinstance(entry, Traced) for entry in entries)
    return isinstance(x, Traced)


def refuse_index(error: IndexError) -> NotDifferentiableError | None:
    """The error for ``table[k]``, a plain array at a tracked index: NumPy needs the numbers in the
    index, which are not known under jit and vmap. `None` where the index is not tracked."""
    raised = passed_users(error)
    if raised is None:
        return None
    frame = raised.tb_frame
    node, text = expression(frame, raised.tb_lasti)
    if not isinstance(node, ast.Subscript):
        return None
    names = [part for part in ast.walk(node.slice) if isinstance(part, ast.Name)]
    inside = {part.id: named(part, frame) for part in names}
    if not any(isinstance(x, Traced) for x in inside.values()):
        return None
    table, key = (ast.get_source_segment(text, part) for part in (node.value, node.slice))
    like = next((k for k, x in inside.items() if is_tracked_array(x)), "x")
    cure = f"write np.asarray({table}, like={like})[{key}]"
    if dis.opname[frame.f_code.co_code[raised.tb_lasti]] == "STORE_SUBSCR":
        _, cure = instead(Store(text, named(node.value, frame)))
    elif isinstance(node.slice, ast.Compare) or is_mask(named(node.slice, frame)):
        cure = f"write np.where({key}, {table}, 0)"
    return NotDifferentiableError(
        f"{text}: a plain array cannot be indexed by a tracked value, whose numbers are not "
        f"known{location(raised)}; {cure}"
    )


def refuse_key(error: TypeError) -> NotDifferentiableError:
    """The error for a tracked value as the key of a dict, or in a set."""
    return NotDifferentiableError(
        f"{error}: a tracked value cannot be a key{location(passed_users(error))}: a dict, a set "
        "and functools.lru_cache look it up by its number, and would find what was stored for "
        "another value, with another derivative; use a name or an index as the key"
    )


def refuse_shape(error: TypeError) -> NotDifferentiableError:
    """The error for a shape whose numbers are not known while jit traces, or under vmap."""
    return NotDifferentiableError(
        f"a tracked value in a shape{location(passed_users(error))}: {error}; under jit, name "
        "its argument in static_argnums; under vmap, take the shape of an array"
    )


def no_iteration(x: Any) -> TypeError:
    """The error for iteration over a number. NumPy iterates when an axis is not an integer."""
    if x.dtype.kind in "iu":
        x.node.check_concrete("x used as an index")
    return TypeError("iteration over a tracked scalar")


def is_tracked_array(x: Any) -> bool:
    return isinstance(x, Traced) and x.ndim > 0  # type: ignore[attr-defined]


def is_mask(x: Any) -> bool:
    return isinstance(x, Traced) and x.dtype.kind == "b"  # type: ignore[attr-defined]
