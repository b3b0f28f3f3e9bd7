"""A program as data for the page: values of rows, one after another, and where each comes from.

What moves entries, or adds them up, travels as positions: found here by letting the row itself move
numbered entries. So the page's interpreter needs few functions, and knows no derivative. Rules come
as what they compute: the graph of the table's own rule, on the values that it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base.shapes import Shape
from ..engine.graph import TraceNode, ancestors
from ..programs.numbers import brief, summary
from ..rules.primitive import Structural, Traced, payload

# Functions that the page has by the same name, entry by entry.
ENTRYWISE = frozenset(
    [
        *("negative", "positive", "square", "sqrt", "root", "cbrt", "reciprocal", "exp", "exp2"),
        *("expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "arcsin", "arccos"),
        *("arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "one_minus_square"),
        *("sech_squared", "absolute", "fabs", "sign", "sigmoid", "sigmoid_slope", "softplus"),
        *("floor", "ceil", "trunc", "rint", "isnan", "isfinite", "isinf", "logical_not", "deg2rad"),
        *("radians", "rad2deg", "degrees", "add", "subtract", "multiply", "divide", "power"),
        *("float_power", "maximum", "minimum", "fmax", "fmin", "greater", "greater_equal", "less"),
        *("less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_xor"),
        *(
            "shifted",
            "hypot",
            "sine",
            "arctan2",
            "arctan2_slope",
            "direction",
            "logaddexp",
            "xlogy",
            "where",
        ),
    ]
)
SAME = frozenset(["stop_gradient", "real", "conj"])
MOVES = frozenset(
    [
        *("index", "reshape", "transpose", "broadcast_to", "flip", "roll", "diagonal"),
        *("concatenate", "triangle"),
    ]
)
# Functions of groups of entries, which `axis` makes. Those KEPT have results as large as operands.
GROUPED = {
    "sum": "add_at",
    "prod": "multiply_at",
    "max": "max_at",
    "min": "min_at",
    "any": "any_at",
    "all": "all_at",
    "logsumexp": "logsumexp_at",
    "norm": "norm_at",
    "softmax": "softmax_at",
    "parts": "softmax_at",
    "log_softmax": "log_softmax_at",
    "cumsum": "cumsum_at",
    "cumprod": "cumprod_at",
}
# What a masked entry counts as, and how `initial` joins in.
MASKED = {
    "masked_sum": (0.0, "add"),
    "masked_prod": (1.0, "multiply"),
    "masked_max": (-np.inf, "maximum"),
    "masked_min": (np.inf, "minimum"),
}
KEPT = frozenset(["softmax", "parts", "log_softmax", "cumsum", "cumprod"])
PRODUCTS = frozenset(["matmul", "dot", "inner", "vecdot", "matvec", "vecmat"])
TRIPLES = 20_000  # products of two entries in one operation
MOST = 20_000  # entries of all values that are computed in the page
ENTRIES = 64  # of a value that travels entry by entry where nothing is edited


class UnknownRowError(Exception):
    """A row that the page's interpreter lacks."""


class Program:
    """`slots` are the values, `ops` how they are made: ``[function, operands, parameters, slot]``.
    `lacking` says why nothing may be edited, if so."""

    def __init__(self) -> None:
        self.slots: list[Any] = []
        self.ops: list[list[Any]] = []
        self.known: dict[TraceNode, int] = {}
        self.lacking: list[str] = []

    def slot(self, value: Any) -> int:
        value = np.asarray(payload(value))
        if value.dtype not in (np.float64, np.int64, np.bool_):
            self.lack(f"values of type {value.dtype}")
        self.slots.append(value)
        return len(self.slots) - 1

    def lack(self, why: str) -> None:
        if why not in self.lacking:
            self.lacking.append(why)

    def call(self, function: str, operands: Sequence[int], value: Any, **params: Any) -> int:
        made = self.slot(value)
        self.ops.append([function, list(operands), params, made])
        return made

    def result(self, root: Any, shape: Shape) -> int:
        """The slot of what a rule made, spread over a shape: a traced value, or a constant."""
        if root.__class__ is Structural:
            return self.slot(np.full(shape, float(root.factor)))
        if not isinstance(root, Traced):
            return self.slot(np.broadcast_to(np.asarray(payload(root), float), shape))
        for node in ancestors([root.node]):
            assert isinstance(node, TraceNode)
            if node not in self.known:
                self.known[node] = (
                    self.slot(node.value) if node.primitive is None else self.operation(node)
                )
        made = self.known[root.node]  # type: ignore[index]
        return self.spread(made, shape)

    def spread(self, made: int, shape: Shape) -> int:
        value = self.slots[made]
        if value.shape == shape:
            return made
        at = np.broadcast_to(np.arange(value.size).reshape(value.shape), shape)
        return self.call("take", [made], np.broadcast_to(value, shape), at=flat(at))

    def total(self, parts: Sequence[int]) -> int:
        """The sum of contributions, in their order."""
        made = parts[0]
        for part in parts[1:]:
            made = self.call("add", [made, part], self.slots[made] + self.slots[part])
        return made

    def operation(self, node: TraceNode) -> int:
        """The slot of an operation. If the page lacks it, its value stays that of Python."""
        assert node.primitive is not None
        operands = [
            self.known[x] if isinstance(x, TraceNode) else self.slot(x) if x is not None else -1
            for x in node.inputs
        ]
        if isinstance(node.value, tuple):
            self.lack(f"the row {node.primitive.name}")
            return -1
        try:
            return self.lowered(node, operands)
        except UnknownRowError:
            self.lack(f"the row {node.primitive.name}")
            return self.slot(node.value)

    def lowered(self, node: TraceNode, operands: list[int]) -> int:
        assert node.primitive is not None
        name, value, params = node.primitive.name, np.asarray(payload(node.value)), node.params
        if any(k < 0 for k in operands) and name != "clip":
            raise UnknownRowError
        inside = [self.slots[k] for k in operands if k >= 0]
        if name in SAME:
            return operands[0]
        if name in ENTRYWISE:
            return self.call(name, operands, value)
        if name == "monomial":
            return self.call("power", [*operands, self.slot(params["exponent"])], value)
        if name == "clip":
            return self.clip(operands, value)
        if name == "cast":
            return self.cast(operands[0], value)
        if name in ("bitwise_and", "bitwise_or", "invert") and value.dtype == bool:
            logical = {"bitwise_and": "logical_and", "bitwise_or": "logical_or"}
            return self.call(logical.get(name, "logical_not"), operands, value)
        if name in MOVES:
            at = moved(node.primitive, inside, params, value)
            return self.call("take", operands, value, at=at)
        if name == "scatter_add":
            at = np.arange(value.size).reshape(value.shape)[params["key"]]
            spread = self.spread(operands[0], at.shape)
            return self.call("add_at", [spread], value, at=flat(at))
        if name in GROUPED:
            return self.grouped(name, operands, value, params)
        if name in ("log_loss", "log_loss_slope"):
            groups = group(inside[0].shape, (-1,))
            return self.call(f"{name}_at", operands, value, at=groups)
        if name == "keep":
            return self.call("where", [operands[1], operands[0], self.slot(0.0)], value)
        if name in MASKED:
            return self.masked(name, operands, value, params)
        if name in PRODUCTS:
            return self.product(name, operands, value)
        if name == "einsum":
            return self.contraction(operands, value, params["subscripts"])
        raise UnknownRowError

    def clip(self, operands: Sequence[int], value: Any) -> int:
        made, low, high = operands
        if low >= 0:
            larger = np.maximum(self.slots[made], self.slots[low])
            made = self.call("maximum", [made, low], larger)
        return self.call("minimum", [made, high], value) if high >= 0 else made

    def cast(self, operand: int, value: Any) -> int:
        kinds = self.slots[operand].dtype.kind + value.dtype.kind
        if kinds[1] == "f" or kinds in ("bi", "ii", "bb"):
            return operand
        if kinds[1] == "b":
            return self.call("not_equal", [operand, self.slot(0.0)], value)
        return self.call("trunc", [operand], value)

    def grouped(self, name: str, operands: list[int], value: Any, params: dict[str, Any]) -> int:
        shape = self.slots[operands[0]].shape
        if len(operands) != 1 or params.get("ord") is not None or params.get("dtype") is not None:
            raise UnknownRowError
        axis = params.get("axis")
        axes = tuple(range(len(shape))) if axis is None else axis
        axes = axes if isinstance(axes, tuple) else (axes,)
        at = group(shape, axes)
        if name not in KEPT and value.size != (max(at) + 1 if at else value.size):
            raise UnknownRowError
        return self.call(GROUPED[name], operands, value, at=at)

    def masked(self, name: str, operands: list[int], value: Any, params: dict[str, Any]) -> int:
        """The masked entries as what changes nothing, then the rest, then `initial`."""
        start, combine = MASKED[name]
        a, mask = self.slots[operands[0]], self.slots[operands[1]]
        kept = np.where(mask, a, start)
        first = self.call("where", [operands[1], operands[0], self.slot(start)], kept)
        rows = name.removeprefix("masked_")
        if len(operands) < 3:
            return self.grouped(rows, [first], value, params)
        made = self.grouped(rows, [first], value, params)
        return self.call(combine, [made, operands[2]], value)

    def contraction(self, operands: list[int], value: Any, subscripts: str) -> int:
        """Two operands by letters, each once in an operand, and all of the result's."""
        given, arrow, result = subscripts.replace(" ", "").partition("->")
        parts = given.split(",")
        letters = list(dict.fromkeys(given.replace(",", "")))
        alone = all(len(set(part)) == len(part) and part.isalpha() for part in parts)
        if len(operands) != 2 or not arrow or not alone:
            raise UnknownRowError
        shapes = [self.slots[k].shape for k in operands]
        sizes: dict[str, int] = {}
        for part, shape in zip(parts, shapes, strict=True):
            for letter, n in zip(part, shape, strict=True):
                if sizes.setdefault(letter, n) != n:
                    raise UnknownRowError
        whole = tuple(sizes[letter] for letter in letters)
        if int(np.prod(whole)) > TRIPLES:
            raise UnknownRowError

        def places(part: str, shape: Shape) -> list[int]:
            kept = [letter for letter in letters if letter in part]
            numbered = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)
            ordered = numbered.transpose([part.index(letter) for letter in kept])
            spread = [sizes[letter] if letter in part else 1 for letter in letters]
            return flat(np.broadcast_to(ordered.reshape(spread), whole))

        a, b = (places(part, shape) for part, shape in zip(parts, shapes, strict=True))
        return self.call("contract", operands, value, a=a, b=b, o=places(result, value.shape))

    def product(self, name: str, operands: list[int], value: Any) -> int:
        a, b = (np.arange(self.slots[k].size).reshape(self.slots[k].shape) for k in operands)
        if name == "vecdot" or (name == "inner" and b.ndim == 1):
            left, right = np.broadcast_arrays(a[..., None, :, None], b[..., None, :, None])
        elif name == "inner" or (name == "dot" and b.ndim > 2):
            raise UnknownRowError
        else:
            rows = a[None, :] if a.ndim == 1 else a
            columns = b[:, None] if b.ndim == 1 else b
            if (name == "vecmat" and a.ndim > 1) or (name == "matvec" and b.ndim > 1):
                raise UnknownRowError
            left, right = np.broadcast_arrays(rows[..., :, :, None], columns[..., None, :, :])
        out = np.arange(value.size).reshape(*left.shape[:-2], 1, left.shape[-1])
        if left.size > TRIPLES or value.size * left.shape[-2] != left.size:
            raise UnknownRowError
        into = np.broadcast_to(out, left.shape)
        return self.call("contract", operands, value, a=flat(left), b=flat(right), o=flat(into))

    def too_large(self) -> None:
        entries = sum(x.size for x in self.slots)
        if entries > MOST:
            self.lack(f"{entries} numbers in all (at most {MOST})")

    def data(self, editable: bool) -> dict[str, Any]:
        """All of it for JSON. Large values that are not computed in the page travel as a text."""
        return {
            "slots": [written(v, editable) for v in self.slots],
            "ops": self.ops if editable else [],
        }


def written(value: Any, whole: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"s": list(value.shape), "b": value.dtype == bool}
    if whole or value.size <= ENTRIES:
        return found | {"d": [number(x) for x in value.ravel().tolist()]}
    return found | {"t": summary(value), "u": brief(value)}


def number(x: Any) -> Any:
    """A number for JSON, which has neither inf nor nan nor the sign of a zero."""
    if isinstance(x, complex):
        return repr(x)
    if isinstance(x, float) and not np.isfinite(x):
        return "nan" if x != x else "inf" if x > 0 else "-inf"
    return int(x) if isinstance(x, bool) else x


def moved(row: Callable[..., Any], inside: Sequence[Any], params: Any, value: Any) -> list[int]:
    """For every entry of the result, the place of what it is among the entries of the operands;
    -1 for a zero that the row puts there."""
    starts = np.cumsum([1, *(x.size for x in inside)])
    numbered = [
        np.arange(k, k + x.size).reshape(x.shape) for k, x in zip(starts, inside, strict=False)
    ]
    found = np.asarray(row(*numbered, **params))
    if found.shape != value.shape:
        raise UnknownRowError
    return flat(found - 1)


def group(shape: Shape, axes: tuple[int, ...]) -> list[int]:
    """For every entry the number of its group, where entries along `axes` belong together."""
    kept = [1 if k in {a % len(shape) for a in axes} else n for k, n in enumerate(shape)]
    numbers = np.arange(int(np.prod(kept, dtype=int))).reshape(kept)
    return flat(np.broadcast_to(numbers, shape))


def flat(x: Any) -> list[int]:
    return [int(k) for k in np.ravel(x)]
