"""The page's interpreter beside NumPy: each row's value, and whole programs with their sweeps."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from programs import NETWORK, PARAMS, chain, logistic, network, random_program

import autodiff as ad
import nn
from autodiff.explanation.page_data import PageData
from autodiff.explanation.page_program import ENTRYWISE, GROUPED

NODE = shutil.which("node")
ROWS = Path(ad.__file__).parent / "explanation" / "page_rows.js"
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed: no JavaScript runs")

RUN = """
const rows = require(process.argv[1]);
const out = [];
for (const {slots, ops} of JSON.parse(require("fs").readFileSync(0))) {
  const values = slots.map(rows.value);
  for (const [, , , made] of ops) values[made].d = null;
  rows.run(ops, values);
  out.push(values.map((x) => x.d.map(String)));
}
console.log(JSON.stringify(out));
"""


def computed(programs):
    """All slots of each program, as JavaScript finds them."""
    done = subprocess.run(
        [NODE, "-e", RUN, str(ROWS)],
        input=json.dumps(programs), text=True, capture_output=True, check=True,
    )  # fmt: skip
    words = {"Infinity": "inf", "-Infinity": "-inf", "NaN": "nan"}
    return [[[float(words.get(v, v)) for v in x] for x in p] for p in json.loads(done.stdout)]


def page_of(f, *args, **options):
    data = PageData(ad.explain(f, *args, **options), "")
    found = data.found()
    assert data.program.lacking == [], data.program.lacking
    return found


def agree(pages, exact=1e-12):
    for page, found in zip(pages, computed(pages), strict=True):
        for k, (slot, x) in enumerate(zip(page["slots"], found, strict=True)):
            want = np.array([float(v) for v in slot["d"]])
            made = [op[:2] for op in page["ops"] if op[3] == k]
            np.testing.assert_allclose(x, want, rtol=exact, atol=1e-14, err_msg=str(made))


def test_every_function_that_is_written_is_there():
    names = subprocess.run(
        [NODE, "-p", "require(process.argv[1]).names.join()", str(ROWS)],
        text=True, capture_output=True, check=True,
    ).stdout.strip().split(",")  # fmt: skip
    others = {"take", "contract", "log_loss_at", "log_loss_slope_at"}
    assert set(names) == ENTRYWISE | set(GROUPED.values()) | others


X = np.array([0.3, 0.7, 0.45])
SIGNED = np.array([-1.5, 0.0, 0.5, 2.5])
A, B = (
    np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -3.0]]),
    np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 1.0]]),
)
UNARY = [
    *(np.negative, np.positive, np.square, np.sqrt, np.cbrt, np.reciprocal, np.exp, np.exp2),
    *(np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan, np.arcsin, np.arccos),
    *(np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arctanh, np.abs, np.fabs, np.deg2rad),
    *(np.rad2deg, ad.special.sigmoid, ad.special.softplus),
]
FUNCTIONS = {
    "arccosh": (lambda x: np.arccosh(1 + x), (X,)),
    "sign": (lambda x: x * np.sign(x), (SIGNED,)),
    "rounding": (lambda x: x * (np.floor(x) + np.ceil(x) + np.trunc(x) + np.rint(x)), (SIGNED,)),
    "comparisons": (
        lambda x: x * ((x > 0) * 1.0 + (x >= 0) + (x < 0.5) + (x <= 0.5) + (x == 0) + (x != 0)),
        (SIGNED,),
    ),
    "logic": (lambda x: np.where((x > 0) & ~(x > 1) | (x < -1), x, 2 * x), (SIGNED,)),
    "arithmetic": (lambda a, b: (a + b) * (a - b) / b, (A, B.T)),
    "broadcast": (lambda a, b: a * b[:, None] + 1.0, (A, np.array([2.0, 3.0]))),
    "powers": (lambda x: x**2 + x**-1.5 + x**0.5 + 2.0**x + x**x, (X,)),
    "extrema": (lambda x: np.maximum(x, 0.0) + np.minimum(x, 1.0) + np.clip(x, -1, 2), (SIGNED,)),
    "where": (lambda x: np.where(x > 0, x**3, -x), (SIGNED,)),
    "hypot": (lambda a: np.arctan2(a, 2.0) * np.hypot(a, 2.0) + np.logaddexp(a, 1.0), (A,)),
    "sum": (lambda a: np.sum(a, axis=0) * np.sum(a) + np.sum(a, axis=1, keepdims=True), (A,)),
    "mean": (lambda a: np.mean(a, axis=0) + np.var(a) + np.std(a, axis=1)[0], (A,)),
    "masked": (lambda a: np.sum(a, where=a > 0) * np.max(a, where=a > 0, initial=0.1), (A,)),
    "einsum": (lambda a, b: np.einsum("ij,jk->ki", a, b), (A, B)),
    "max": (lambda a: np.max(a, axis=0) * np.min(a) + np.prod(a, axis=0), (A,)),
    "ties": (lambda x: np.max(x), (np.array([1.0, 2.0, 2.0]),)),
    "cumsum": (lambda a: np.cumsum(a, axis=1), (A,)),
    "logsumexp": (lambda a: ad.special.logsumexp(a, axis=1), (A * 300,)),
    "softmax": (lambda a: ad.special.softmax(a, axis=0) * a, (A,)),
    "log_softmax": (lambda a: ad.special.log_softmax(a, axis=1), (A,)),
    "norm": (lambda a: np.linalg.norm(a) * np.linalg.norm(a, axis=1), (A,)),
    "matmul": (lambda a, b: a @ b, (A, B)),
    "batched": (lambda a, b: np.stack([a, 2 * a]) @ b, (A, B)),
    "matrix-vector": (lambda a, x: a @ x + x @ a.T, (A, X)),
    "dot": (lambda x: np.dot(x, x) + x @ x + np.inner(x, x), (X,)),
    "shaping": (lambda a: a.reshape(3, 2).T.ravel()[::-1] * np.broadcast_to(a[0, 0], 6), (A,)),
    "indexing": (lambda a: a[1, ::2] * a[0, [0, 2]] + a[:, None, 1][0], (A,)),
    "repeated": (lambda x: x[np.array([0, 0, 2])] ** 2, (X,)),
    "stack": (lambda x: np.stack([x, x * x], axis=1), (X,)),
    "concatenate": (lambda a: np.concatenate([a, a * a, np.ones((1, 3))], axis=0), (A,)),
    "flip": (lambda a: np.flip(a, 0) * np.roll(a, 1, axis=1) + np.diagonal(a)[0], (A,)),
    "cross entropy": (nn.losses.cross_entropy, (A, np.array([0, 2]))),
    "cross entropy, extreme": (nn.losses.cross_entropy, (300 * A, np.array([0, 2]))),
}  # fmt: skip


def test_each_row_has_numpys_values_and_the_tables_derivatives():
    agree([page_of(f, X) for f in UNARY])
    agree([page_of(f, *args) for f, args in FUNCTIONS.values()])


def test_values_beyond_numbers():
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -1.0])
    with np.errstate(all="ignore"):
        agree(
            [page_of(f, x) for f in (np.exp, np.log, np.sqrt, np.tanh, np.square, np.reciprocal)]
            + [page_of(lambda x: np.maximum(x, 0.5) + np.minimum(x, 0.5), x)]
        )


def test_the_programs_of_the_lessons():
    agree(
        [
            page_of(chain, 0.1),
            page_of(network, *NETWORK),
            page_of(logistic, PARAMS),
            page_of(ad.special.softmax, X),
            page_of(nn.losses.cross_entropy, A, np.array([1, 2]), detail="open"),
            page_of(ad.special.softmax, X, direction=np.ones(3), seed=np.array([0.0, 1.0, 2.0])),
        ]
    )


def test_each_row_at_other_inputs():
    """On both sides of kinks and ties too: the numbers, and the rules as they are written."""
    rng = np.random.default_rng(3)
    edited, wanted = [], []
    for f, args in [*FUNCTIONS.values(), *((f, (X,)) for f in UNARY)]:
        page, integers = page_of(f, *args), [a for a in args if a.dtype.kind == "i"]
        for _ in range(2):
            floats = [
                np.round(2 * rng.normal(size=a.shape)) / 2 for a in args[: len(page["inputs"])]
            ]
            with np.errstate(all="ignore"):
                there = page_of(f, *floats, *integers)
            changed = [dict(slot) for slot in page["slots"]]
            for k, x in zip(page["inputs"], floats, strict=True):
                changed[page["nodes"][k]["v"]]["d"] = x.ravel().tolist()
            edited.append(page | {"slots": changed})
            wanted.append(there)
    compare(edited, wanted)


def compare(edited, wanted):
    for found, page, there in zip(computed(edited), edited, wanted, strict=True):
        assert [n["n"] for n in page["nodes"]] == [n["n"] for n in there["nodes"]]
        pairs = [(a["v"], b["v"]) for a, b in zip(page["nodes"], there["nodes"], strict=True)]
        for ours, theirs in zip(page["sweeps"], there["sweeps"], strict=True):
            assert [s["r"] for s in ours["steps"]] == [s["r"] for s in theirs["steps"]]
            steps = zip(ours["steps"], theirs["steps"], strict=True)
            pairs += [(a["s"], b["s"]) for a, b in steps]
        for a, b in pairs:
            values = [float(v) for v in there["slots"][b]["d"]]
            np.testing.assert_allclose(found[a], values, rtol=1e-12, atol=1e-13)


def test_an_edited_input_gives_what_explain_gives_there():
    """The program travels once; with other inputs it is what explain finds there."""
    cases = [(chain, (0.1,), (0.5,)), (np.tanh, (0.5,), (-2.0,))]
    cases += [(ad.special.softmax, (X,), (np.array([3.0, -1.0, 0.5]),))]
    cases += [(lambda x: np.sum(np.maximum(x, 0) ** 2), (X,), (-X + 0.5,))]
    cases += [(network, NETWORK, (np.array([-1.0, 3.0]), NETWORK[1] - 3.0))]
    cases += [(random_program(seed), (0.3, -0.8), (-1.2, 0.4)) for seed in range(10)]
    edited, wanted = [], []
    for f, before, after in cases:
        page, there = page_of(f, *before), page_of(f, *after)
        for k, x in zip(page["inputs"], after, strict=True):
            page["slots"][page["nodes"][k]["v"]]["d"] = np.ravel(x).tolist()
        edited.append(page)
        wanted.append(there)
    compare(edited, wanted)
