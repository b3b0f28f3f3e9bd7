"""Forward mode: every tracked value carries its tangent along, and a row's JVP moves both.

x = 0.1, x_dot = 1                the seed: the direction in which we differentiate
y = sin(x), y_dot = cos(x) x_dot  every operation, as it happens
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from .derived import Derived, row_of
from .kinds import Linear
from .primitive import ZERO, Primitive, Traced, new_level
from .quiet import ERRORS, IGNORED
from .reverse import transposed_vjp
from .selection import select_forward, value_of
from .shapes import explained
from .tensor import Tensor
from .towers import MOST, UNKNOWN, learn


class Dual:
    """The node of a forward sweep: a level and a tangent (`ZERO` for a constant)."""

    __slots__ = ("level", "tangent")
    batch_axis = False
    derives = True  # may an operation and its tangent be done as one?

    def __init__(self, level: int, tangent: Any) -> None:
        self.level = level
        self.tangent = tangent

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        if self.derives:
            if primitive.derives:
                row = row_of(primitive, params)
                results = self.by_form(row, args)
                if results is not None:
                    return results[0]
            elif primitive.__class__ is Linear and len(args) == 1:
                return self.alike(primitive, args[0], params)
        level = self.level
        primals: list[Any] = []
        tangents: list[Any] = []
        moving: tuple[int, ...] = ()  # still: made of zeros_like(x), which can be assigned into
        beneath: Any = None  # the node of the innermost of the other transforms
        for a in args:
            tangent: Any = ZERO
            if a.__class__ is Tensor:
                node = a.node
                if node.level == level:
                    a, tangent = a.value, node.tangent
                    if tangent is not ZERO:
                        moving += (len(primals),)
                        if tangent.__class__ is Tensor:
                            node = tangent.node
                            if beneath is None or node.level > beneath.level:
                                beneath = node
                if a.__class__ is Tensor and (beneath is None or a.node.level > beneath.level):
                    beneath = a.node
            primals.append(a)
            tangents.append(tangent)
        if beneath is not None and moving and self.derives and primitive.derives:
            forward = Forward.of(row, moving)
            if forward.suits(beneath, primals[0]):
                y, y_dot = beneath.derive(forward, (*primals, *[tangents[k] for k in moving]))
                return Tensor(y, Dual(level, y_dot))
        try:
            plain = beneath is None
            y = primitive.value(*primals, **params) if plain else primitive(*primals, **params)
        except ValueError as error:
            raise explained(primitive.name, primals, error) from None
        if primitive.flat:
            return y
        if not moving:
            return tuple(map(self.constant, y)) if primitive.multiple else self.constant(y)
        if ERRORS.get(None) is IGNORED:  # inside the tangent of an outer sweep
            y_dot = tangent_by(primitive, y, primals, tangents, params)
        else:
            before = ERRORS.set(IGNORED)
            try:
                y_dot = tangent_by(primitive, y, primals, tangents, params)
            finally:
                ERRORS.reset(before)
        if primitive.multiple:
            return tuple(map(self.dual, y, y_dot))
        return self.dual(y, y_dot)

    def alike(self, row: Linear, x: Tensor, params: dict[str, Any]) -> Tensor:
        """A row that is linear in its one array does to the tangent what it does to the value."""
        a, a_dot = x.value, x.node.tangent
        try:
            y = row.apply(a, params) if a.__class__ is Tensor else row.value(a, **params)
        except ValueError as error:
            raise explained(row.name, (a,), error) from None
        if a_dot is ZERO:
            return self.constant(y)
        before = ERRORS.set(IGNORED)
        try:
            if a_dot.__class__ is not Tensor:
                y_dot = row.value(a_dot, **params)
            elif row.selects_forward:
                y_dot = select_forward(row, y, (a,), (a_dot,), params)
            else:
                y_dot = row.apply(a_dot, params)
            return Tensor(y, Dual(self.level, y_dot))
        finally:
            ERRORS.reset(before)

    def by_form(self, derived: Derived, operands: Sequence[Any]) -> Any:
        """The results by the function that is written for operands of this form, if there is."""
        level = self.level
        key: tuple[type, ...] = ()  # of what is beneath, which another transform may be watching
        for x in operands:
            if x.__class__ is Tensor:
                node = x.node
                if node.level == level:
                    x, tangent = x.value, node.tangent
                    key += (x.node.__class__ if x.__class__ is Tensor else x.__class__,)
                    if tangent.__class__ is Tensor:
                        key += (tangent.node.__class__,)
                else:
                    key += (node.__class__,)
            else:
                key += (x.__class__,)
        forms = derived.forms.get(key, UNKNOWN)
        try:
            for function in forms:
                results = function(*operands)
                if results is not None:
                    return results
        except (ZeroDivisionError, OverflowError):  # of Python's floats: the rows know the answer
            return None
        if forms.__class__ is list and len(forms) < MOST:
            learn(derived, key, operands, Dual, Stepwise)
        return None

    def derive(self, derived: Derived, operands: Sequence[Any]) -> Sequence[Any]:
        """The results of an operation that is itself derived, each with its tangent."""
        results = self.by_form(derived, operands)
        if results is not None:
            return results
        level = self.level
        primals: list[Any] = []
        tangents: list[Any] = []
        moving: tuple[int, ...] = ()
        beneath: Any = None
        for a in operands:
            if a.__class__ is Tensor:
                node = a.node
                if node.level == level:
                    a, tangent = a.value, node.tangent
                    if tangent is not ZERO:
                        moving += (len(primals),)
                        tangents.append(tangent)
                        if tangent.__class__ is Tensor:
                            node = tangent.node
                            if beneath is None or node.level > beneath.level:
                                beneath = node
                if a.__class__ is Tensor and (beneath is None or a.node.level > beneath.level):
                    beneath = a.node
            primals.append(a)
        forward = Forward.of(derived, moving)
        parts = iter(forward.on(beneath, primals + tangents))
        return [
            y if y_dot is ZERO else Tensor(y, Dual(level, y_dot))
            for y, y_dot in zip(parts, parts, strict=False)
        ]

    def dual(self, y: Any, y_dot: Any) -> Any:
        return Tensor(y, self.__class__(self.level, y_dot))

    def constant(self, value: Any) -> Tensor:
        """A handle on `value` at this level that depends on no input: what `zeros_like` returns."""
        return Tensor(value, self.__class__(self.level, ZERO))


class Stepwise(Dual):
    """A sweep that takes an operation and its tangent one by one."""

    __slots__ = ()
    derives = False


class Forward(Derived):
    """Each result of an operation and its tangent, of its operands and the moving tangents."""

    def __init__(self, derived: Derived, moving: tuple[int, ...]) -> None:
        super().__init__(f"forward {derived.name}")
        self.derived, self.moving, self.warns = derived, moving, derived.warns

    @staticmethod
    def of(derived: Derived, moving: tuple[int, ...]) -> Derived:
        return derived.children.get(moving) or derived.child(moving, Forward, derived, moving)

    def define(self, *operands: Any) -> tuple[Any, ...]:
        level = new_level()
        count = len(operands) - len(self.moving)
        primals = list(operands[:count])
        for k, t in zip(self.moving, operands[count:], strict=True):
            primals[k] = Tensor(primals[k], Stepwise(level, t))
        results: list[Any] = []
        for y in self.derived.define(*primals):  # a tangent keeps what it knows of strong zeros
            moves = isinstance(y, Traced) and y.node.level == level
            results += (y.value, y.node.tangent) if moves else (y, ZERO)
        return tuple(results)


DUAL: ContextVar[type[Dual]] = ContextVar("DUAL", default=Dual)  # as TAPE in reverse.py


def tangent_by(primitive: Primitive, y: Any, primals: Any, tangents: Any, params: Any) -> Any:
    """The tangent of `y`, by the row's own JVP or by the transpose of its VJP."""
    if primitive.backward_only:
        return transposed_vjp(primitive, y, primals, tangents, params)
    if primitive.selects_forward:
        return select_forward(primitive, y, primals, tangents, params)
    return primitive.jvp(y, primals, tangents, params)


def tangent_of(y: Any, level: int) -> tuple[Any, Any]:
    """The value and tangent of a result; `ZERO` if it does not depend on the input."""
    if isinstance(y, Traced) and y.node.level == level:
        return y.value, value_of(y.node.tangent)
    return y, ZERO
