"""`Tensor`: a value and the node that watches it, with the interface of a NumPy array.

Forward mode, reverse mode, batching and tracing differ only in the node. A tensor is a handle:
assignment (`y[0] = v`) re-points it at a new value, and never changes a value that another handle
shows.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, Self

import numpy as np

from ..base.containers import LEAVES
from ..base.errors import refuse
from ..base.shapes import PYTHON_SCALARS, Shape
from ..primitives import elementwise as rows, sparse
from ..rules.primitive import BELOW, Primitive, Structural, Traced
from .dispatch import FUNCTIONS, UFUNCS, call_ufunc, creator, is_plain, operand
from .methods import ATTRIBUTES, METHODS, SETTERS, missing
from .operators import comparison, in_place, reflected, unary
from .refusals import TRUTH, no_iteration, refuse_number
from .views import (
    VIEWING,
    is_array,
    is_or_holds_ellipsis,
    link,
    link_results,
    set_shape,
    shares_memory,
)

# NumPy's mean, var and nanmean of a list end in ``total.dtype.type(total / n)``, a plain number; of
# a total without a dtype, in ``total / n``. So the dtype of a tracked value is not there for them.
# Where a NumPy keeps them elsewhere, the plain number is refused as float(x) is.
MEANS = getattr(sys.modules.get("numpy._core._methods"), "__dict__", None)
NAN_MEANS = getattr(sys.modules.get("numpy.lib._nanfunctions_impl"), "__dict__", None)
SCALAR_EXPONENTS = (float, int, np.number)


class Tensor(Traced):
    """A tracked array or number. Make one with :func:`autodiff.tensor`, or let a transform do it.

    >>> import numpy as np, autodiff as ad
    >>> ad.grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    __slots__ = ("__weakref__", "_link", "_views")  # views.py sets the last two, where needed
    __array_priority__ = 1000.0
    __pandas_priority__ = 5000  # series * x is ours too
    __hash__ = None  # type: ignore[assignment]  # == is elementwise, as for an ndarray

    def __init__(self, value: Any, node: Any) -> None:
        self.value = value
        self.node = node

    # -- NumPy's protocols -------------------------------------------------------------------
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        row = UFUNCS.get(ufunc)
        if method == "__call__" and not kwargs and isinstance(row, Primitive):
            if len(inputs) == 1:
                return self.node.record(row, inputs, {})  # np.sin(x): straight to the node
            return row(*map(operand, inputs))
        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if (
            self.node.level == BELOW
            and function not in VIEWING
            and is_plain(function, args, kwargs)
        ):
            return self.node.handed(function, args, kwargs)
        y = (FUNCTIONS.get(function) or creator(function, self))(*args, **kwargs)
        if function in VIEWING:
            link_results(y, function, args, kwargs)
        return y

    @property
    def __array__(self) -> Any:
        """Raises AttributeError, so that np.asarray(x) is an object array of tracked scalars; a
        function that cannot work on one is refused."""
        return FUNCTIONS["__array__"](self)

    # -- what an array knows of itself -------------------------------------------------------
    @property
    def shape(self) -> Shape:
        x: Any = self
        hidden = 0  # axes of examples, one for each vmap
        while x.__class__ is Tensor:
            if x.node.batch_axis:
                hidden += 1
            x = x.value
        shape: Shape = () if x.__class__ in PYTHON_SCALARS else x.shape
        return shape[hidden:] if hidden else shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        set_shape(self, shape)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        n = 1
        for k in self.shape:
            n *= k
        return n

    @property
    def dtype(self) -> np.dtype[Any]:
        caller = sys._getframe(1).f_globals
        if caller is MEANS or caller is NAN_MEANS:
            raise AttributeError("dtype")
        x: Any = self
        while x.__class__ is Tensor:  # `payload` inline: this runs for each operation
            x = x.value
        return x.dtype if hasattr(x, "dtype") else np.dtype(type(x))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a tracked scalar")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise no_iteration(self)
        return (self[i] for i in range(self.shape[0]))

    # -- tensors made by autodiff.tensor -------------------------------------------------------
    @property
    def name(self) -> str | None:
        """The name given to `autodiff.tensor`, or None."""
        return self.node.name

    @property
    def grad(self) -> Any:
        """What `backward` has accumulated here: None before the first call, and for results."""
        return self.node.grad

    @grad.setter
    def grad(self, value: Any) -> None:
        self._object_node("x.grad = ...").grad = value

    def backward(self, cotangent: Any = None, keep_graph: bool = False) -> None:
        """Add dy/dx to ``x.grad`` of every leaf `x` that this tensor, y, was computed from.

        A tensor that is not a scalar needs a `cotangent` of its shape. The graph is freed by the
        sweep; with `keep_graph` it can be swept again.

        >>> import autodiff as ad
        >>> x = ad.tensor(0.5, name="x")
        >>> (x * x).backward()
        >>> x.grad
        1.0
        """
        self._object_node("backward()").backward(self.value, cotangent, keep_graph)

    def _repr_svg_(self) -> str | None:
        """The picture of the graph in a notebook."""
        draw = self.node.picture
        return None if draw is None else draw(self)

    def _object_node(self, what: str) -> Any:
        if self.node.backward is None:
            raise refuse(
                f"{what} on a tensor that a transform is tracking",
                "inside a transform, use the transform's own result; "
                "backward() is for values computed from autodiff.tensor(...)",
            )
        return self.node

    # -- indexing and assignment -------------------------------------------------------------
    def __getitem__(self, key: Any) -> Any:
        y = FUNCTIONS["getitem"](self, key)
        if shares_memory(y, self) and (is_array(y) or is_or_holds_ellipsis(key)):
            link(y, self, operator.itemgetter(key))
        return y

    def __setitem__(self, key: Any, value: Any) -> None:
        FUNCTIONS["setitem"](self, key, value)

    def __delitem__(self, key: Any) -> None:
        raise ValueError("cannot delete array elements; use np.delete")

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self == value))

    # -- operators ---------------------------------------------------------------------------
    def __pow__(self, exponent: Any, modulo: Any = None) -> Any:
        if modulo is not None:
            raise refuse("pow() with a modulus", "use % after **")
        if isinstance(exponent, SCALAR_EXPONENTS) and not isinstance(exponent, np.complexfloating):
            return self.node.record(rows.monomial, (self,), {"exponent": exponent})
        return rows.power(self, operand(exponent))

    def __rpow__(self, base: Any) -> Any:
        return rows.power(operand(base), self)

    def __matmul__(self, other: Any) -> Any:
        if other.__class__ is not np.ndarray and sparse.is_sparse(other):
            return sparse.reflected_product(self, other)
        return np.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return sparse.product(other, self) if sparse.is_sparse(other) else np.matmul(other, self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    # -- conversions that cannot carry a derivative ------------------------------------------
    def __bool__(self) -> bool:
        decided = self.node.check_concrete(TRUTH)
        return bool(self.value) if decided is None else decided

    def __int__(self) -> int:  # truncation is flat: its derivative is zero wherever it has one
        self.node.check_concrete("int(x)")
        return int(self.value)

    def __index__(self) -> int:
        self.node.check_concrete("x used as an index")
        return operator.index(self.value)

    def __floor__(self) -> int:
        self.node.check_concrete("math.floor(x)")
        return math.floor(self.value)

    def __ceil__(self) -> int:
        self.node.check_concrete("math.ceil(x)")
        return math.ceil(self.value)

    def __trunc__(self) -> int:
        self.node.check_concrete("math.trunc(x)")
        return math.trunc(self.value)

    def __round__(self, digits: int | None = None) -> Any:
        if digits is not None:
            return np.round(self, digits)
        self.node.check_concrete("round(x)")
        return round(self.value)

    def __float__(self) -> float:
        if self.node.level == BELOW:
            return float(self.value)
        raise refuse_number(self.node.batch_axis)

    def __complex__(self) -> complex:
        if self.node.level == BELOW:
            return complex(self.value)
        raise refuse("complex(x) of a tracked value would drop its derivative", "keep x as it is")

    def __repr__(self) -> str:
        self.node.looked_at("repr(x)")
        name = self.node.name
        shown = (
            repr(self.value)
            if isinstance(self.value, Tensor)
            else np.array2string(np.asarray(self.value), threshold=10, precision=6, separator=", ")
        )
        return f"Tensor({shown}{f', name={name!r}' if name else ''})"

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        self.node.check_concrete("format(x, spec)")
        return format(self.value, spec)

    def __copy__(self) -> Self:
        return type(self)(self.value, self.node)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)(self.value, self.node)

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self.node.level == BELOW:
            return self.value.__reduce_ex__(protocol)
        raise refuse(
            "pickling a tracked value would cut it off from its graph",
            "pickle autodiff.stop_gradient(x)",
        )

    # -- the attributes of an ndarray that are not in the table of array_methods ----------------
    @property
    def flat(self) -> Any:
        """The entries in one dimension: ``x.flat[i]``, and assignment into them."""
        entries = copy(FUNCTIONS[np.ravel](self))
        link(entries, self, np.ravel)
        return entries

    @flat.setter
    def flat(self, values: Any) -> None:
        np.put(self, np.arange(self.size), values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name) if name[0] == "_" else missing(name)  # views.py asks often


# Operators go straight to the node: a fifth of a scalar operation's time.
def _binary(row: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if other.__class__ is Structural:
            return NotImplemented
        if other.__class__ is not Tensor:
            other = operand(other)  # of a list, one perhaps
        if other.__class__ is Tensor and other.node.level != self.node.level:
            if other.node.level > self.node.level > BELOW:
                return other.node.record(row, (self, other), {})
            return row(self, other)
        return self.node.record(row, (self, other), {})

    return method


for _name, _ufunc in {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.divide,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "lshift": np.left_shift,
    "rshift": np.right_shift,
}.items():
    setattr(Tensor, f"__{_name}__", _binary(UFUNCS[_ufunc]))
    setattr(Tensor, f"__r{_name}__", reflected(UFUNCS[_ufunc]))

for _name, _ufunc in (
    *(("lt", np.less), ("le", np.less_equal), ("gt", np.greater), ("ge", np.greater_equal)),
    *(("eq", np.equal), ("ne", np.not_equal)),
):
    setattr(Tensor, f"__{_name}__", comparison(_binary(UFUNCS[_ufunc]), getattr(operator, _name)))

for _name, _ufunc in {
    "neg": np.negative,
    "pos": np.positive,
    "abs": np.absolute,
    "invert": np.invert,
}.items():
    setattr(Tensor, f"__{_name}__", unary(UFUNCS[_ufunc]))

for _name in (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"),
    *("and", "or", "xor", "lshift", "rshift"),
):
    setattr(Tensor, f"__i{_name}__", in_place(getattr(operator, f"__{_name}__")))

for _name, _method in METHODS.items():
    setattr(Tensor, _name, _method)
for _name, _read in ATTRIBUTES.items():
    setattr(Tensor, _name, property(_read, SETTERS.get(_name)))

# NumPy calls a method of the ufunc's name on each element of an object array, so these keep
# np.sin(np.array([x[0], x[1]])) tracked.
for _ufunc, _row in UFUNCS.items():
    if not hasattr(Tensor, _ufunc.__name__):
        setattr(Tensor, _ufunc.__name__, _binary(_row) if _ufunc.nin == 2 else unary(_row))

LEAVES.add(Tensor)
