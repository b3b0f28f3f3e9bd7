"""What other files know of single rows, by their names: every such name is a row's, and where a
table must have all rows of a kind, none is missing.

Most of what there is to say of a row stands in the row. Texts of cures, what the printer shortens
and the code of the compiler stand elsewhere.
"""

import ast
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, find, settings
from strategies import SMOOTH, cases

import autodiff
from autodiff.checking.diagnosis import cancellation, causes, kinks, site
from autodiff.command import expression
from autodiff.compiler.ir import algebra, maps  # some enter their rules in LOWER
from autodiff.compiler.llvm import code, reductions, running_sums  # some enter their rules in LOWER
from autodiff.compiler.llvm.vector_math import EXPANSIONS
from autodiff.compiler.lowering import (  # some enter their rules in LOWER
    checks,
    indexing,
    products,
    rows,
    scans,
    systems,
)
from autodiff.compiler.lowering.whole import program_of
from autodiff.compiler.scheduling import repeats  # some enter their rules in LOWER
from autodiff.engine import strong_zeros
from autodiff.explanation import symbolic_rules
from autodiff.programs.tracing import traced
from autodiff.rules.primitive import TABLE, Primitive

LOADED = (checks, indexing, products, scans, systems)
PACKAGE = Path(autodiff.__file__).parent
TABLES = {
    "symbolic_rules.SIMPLER": symbolic_rules.SIMPLER,
    "compiler.ir.algebra.RULES": algebra.RULES,
    "compiler.llvm.code.DIRECT": code.DIRECT,
    "compiler.llvm.code.LOGIC": code.LOGIC,
    "compiler.llvm.code.ON_INTEGERS": code.ON_INTEGERS,
    "compiler.llvm.code.SIGNS": code.SIGNS,
    "compiler.llvm.code.TESTS": code.TESTS,
    "compiler.llvm.running_sums.COMBINE": [*running_sums.COMBINE, *running_sums.COMBINE.values()],
    "compiler.lowering.rows.LOWER": rows.LOWER,
    "compiler.ir.maps.BITS": [*maps.BITS, *maps.BITS.values()],
    "compiler.ir.maps.CHEAP": maps.CHEAP,
    "compiler.ir.maps.COMMUTES": maps.COMMUTES,
    "compiler.ir.maps.SAME": [*maps.SAME, *maps.SAME.values()],
    "compiler.ir.maps.SPECIAL": maps.SPECIAL,
    "compiler.ir.maps.UFUNCS": maps.UFUNCS,
    "compiler.llvm.reductions.COMBINE": [*reductions.COMBINE, *reductions.COMBINE.values()],
    "compiler.scheduling.repeats.PAIRS": [*repeats.PAIRS, *repeats.PAIRS.values()],
    "compiler.llvm.vector_math.EXPANSIONS": EXPANSIONS,
    "diagnosis.cancellation.EXACT": cancellation.EXACT,
    "diagnosis.cancellation.INSTEAD": cancellation.INSTEAD,
    "diagnosis.causes.VALUES": causes.VALUES,
    "diagnosis.kinks.COMPARISONS": kinks.COMPARISONS,
    "diagnosis.kinks.CONVENTIONS": kinks.CONVENTIONS,
    "diagnosis.site.PASSING": site.PASSING,
    "expression.NEURAL": expression.NEURAL,
    "expression.NOT_REAL": expression.NOT_REAL,
    "expression.SYNONYMS": expression.SYNONYMS.values(),
}
# Calls whose strings are names of rows, and what is compared with them.
TAKING = {"is_row", "made_by", "used_by", "lowers", "expansion"}
ROWS = {"row", "primitive"}

# Smooth rows that NumPy computes when a compiled program runs, beside the functions of SciPy.
NUMPYS = {
    *("add_at", "add_reduceat", "scatter_along_axis", "share_ties", "over_gaps"),
    *("hypot_reduce", "logaddexp_reduce", "logaddexp2_reduce"),
    *("nanmax", "nanmin", "masked_nanmax", "masked_nanmin"),
    *("cummax", "cummin", "nancummax", "nancummin", "partition", "put", "sort"),
    *("convolve", "correlate", "histogram", "i0", "imag", "interp", "modf_fraction", "sinc"),
    "cofactors",
    *("fft", "ifft", "rfft", "irfft"),
    *("eig", "eigh", "eigvals", "eigvalsh", "lstsq", "norm", "pinv", "qr", "svd", "svdvals"),
    *("expm_frechet", "logm_frechet", "sparse_product"),
    *("implicit_root", "linear_solve"),
    *("polygamma", "polygamma_difference", "scaled_ierfc", "student_moment"),
    *("gamma_moment", "beta_moment", "log_gammainc", "log_betainc", "log_stdtr"),
}
SEARCH = settings(
    max_examples=60, phases=[Phase.generate], database=None, deadline=None, derandomize=True
)


def is_known(name):
    return name in TABLE or f"scipy.special.{name}" in TABLE


def test_every_key_is_the_name_of_a_row():
    wrong = {(table, k) for table, keys in TABLES.items() for k in keys if not is_known(k)}
    assert not wrong


def test_scipys_functions_with_code_of_their_own_are_known_without_llvm():
    assert {name for name in EXPANSIONS if name.startswith("scipy.")} == maps.SPECIAL


def test_every_name_that_is_compared_is_the_name_of_a_row():
    found = [(path, *use) for path in sorted(PACKAGE.rglob("*.py")) for use in names_in(path)]
    assert len(found) > 100
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line}: {name}"
        for path, line, name in found
        if not is_known(name)
    ]
    assert not wrong


def names_in(path):
    """The strings of a file that stand where a row's name does, each with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        places = []
        match node:
            case ast.Compare(left=left, comparators=others) if is_name_of_row(left, path):
                places = others
            case ast.Call(func=ast.Name(id=f) | ast.Attribute(attr=f), args=given) if f in TAKING:
                places = given
            case ast.Subscript(value=ast.Name(id="TABLE"), slice=key):
                places = [key]
        for place in places:
            entries = place.elts if isinstance(place, (ast.Tuple, ast.Set)) else [place]
            for entry in entries:
                if isinstance(entry, ast.Constant) and isinstance(entry.value, str):
                    yield node.lineno, entry.value


def is_name_of_row(left, path):
    match left:
        case ast.Call(func=ast.Name(id="row_name")):
            return True
        case ast.Attribute(attr="name", value=ast.Name(id=at) | ast.Attribute(attr=at)):
            return at in ROWS
        case ast.Name(id="name"):
            return path.parent.name == "diagnosis"
        case ast.Attribute(attr="function") | ast.Name(id="function"):  # of a map
            return "compiler" in path.parts
    return False


# -- what a row says of itself -----------------------------------------------------------------
def test_every_form_of_a_row_has_a_rule():
    """How strong zeros pass: but for a power, and for kinds through which they become plain."""
    named = {row.form for row in TABLE.values() if row.form != row.kind}
    assert named == strong_zeros.RULES.keys() - {"linear", "bilinear"} | {"power"}


WITH_OPERATORS = [row for row in TABLE.values() if row.operator]


@pytest.mark.parametrize("row", WITH_OPERATORS, ids=lambda row: row.name)
@pytest.mark.parametrize("convert", [float, np.float64, lambda x: np.array([x, 2 * x])])
def test_an_operator_is_the_row(row, convert):
    operands = [convert(1.7), convert(0.3)][: len(row.partials)]
    params = {"exponent": 2.5} if row.name == "monomial" else {}
    written = row.operator.format("a", "b", exponent="exponent")
    scope = dict(zip("ab", operands, strict=False)) | params
    seen = eval(written, scope)  # noqa: S307
    expected = row.value(*operands, **params)
    assert type(seen) is type(expected)
    assert np.asarray(seen).tobytes() == np.asarray(expected).tobytes()


def test_of_a_silent_row_numpy_warns_never():
    silent = [row for row in TABLE.values() if row.silent]
    assert silent
    odd = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1.8e308])
    with warnings.catch_warnings(action="error"), np.errstate(all="raise"):
        for row in silent:
            row.value(odd)


def test_a_convention_is_said_of_kinks_alone():
    smooth = {k for k in kinks.CONVENTIONS if not TABLE[k].kinks}
    assert smooth == {
        "where",
        "sign",
    }  # a kink where the condition is decided; a jump in a gradient


# -- no smooth row is missing ------------------------------------------------------------------
def test_a_smooth_row_is_lowered_or_computed_by_numpy():
    """`flat` rows, and SciPy's own functions, may be calls without being named."""
    without = {
        row.name
        for row in SMOOTH
        if row.name not in rows.LOWER
        and rows.function_name(row) is None
        and not row.name.startswith("scipy.")
        and is_called(row)
    }
    assert sorted(without) == sorted(NUMPYS)


def is_called(row):
    """Whether compiled code leaves the row to NumPy."""
    case = find(cases(row), lambda case: all(map(np.size, case.inputs)), settings=SEARCH)
    with np.errstate(all="ignore"):
        graph = traced(case, list(case.inputs), abstract=True)
        pending = list(program_of(graph).outputs)
    while pending:
        v = pending.pop()
        if v.op == "call" and v.params["row"] is row:
            return True
        pending += v.inputs
    return False


def test_llvm_has_code_for_every_function_that_is_lowered_to_a_map():
    double, logical = np.dtype(np.float64), np.dtype(bool)
    missing = {
        name
        for name in {*maps.UFUNCS, *maps.SPECIAL}
        if not any(code.can_map(name, dtype, dtype) for dtype in (double, logical))
    }
    assert missing == {"ldexp"}  # of a whole number beside a float


def test_a_smooth_row_has_a_rule_that_series_run():
    """Series need no rules of their own, but for products, quotients and powers: they run the
    row's JVP, or the transpose of its VJP, which a row has by its kind."""
    without = {
        row.name
        for row in SMOOTH
        if type(row).jvp is Primitive.jvp and type(row).vjp is Primitive.vjp
    }
    assert not without
