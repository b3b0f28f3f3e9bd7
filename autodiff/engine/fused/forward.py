"""Forward mode in fewer steps: an operation and its tangent as one, by a function written for both.

    numbers, also nested duals     the function that `nested_duals` wrote for operands of this form
    a tape beneath                 the operation and its tangent are one `Derived` operation of it
    a row linear in its one array  does to the tangent what it does to the value

All else is left to the plain node.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from ...arrays.tensor import Tensor
from ...base.shapes import explained
from ...base.warnings_off import ERRORS, IGNORED
from ...rules.kinds import Linear
from ...rules.primitive import ZERO, Primitive, new_level
from ..forward_mode import Dual
from ..graph import is_at
from ..strong_zeros import select_forward
from .nested_duals import MOST, UNKNOWN, learn
from .operation import Derived, is_small, row_of


class FusedDual(Dual):
    """The node of a forward sweep that does an operation and its tangent as one."""

    __slots__ = ()
    derives = True

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        if primitive.derives:
            row = row_of(primitive, params)
            if row is None:  # of parameters that were not met often
                return super().record(primitive, args, params)
            results = self.by_form(row, args)
            if results:
                return results[0]
            if results is None:
                primals, tangents, moving, beneath = self.apart(args)
                if moving and beneath is not None and beneath.derives:
                    forward = Forward.of(row, moving)
                    if not forward.hopeless:
                        operands = primals + [tangents[k] for k in moving]
                        y, y_dot = beneath.derive(forward, operands)
                        return Tensor(y, FusedDual(self.level, y_dot))
                return self.push(primitive, primals, tangents, params)
        elif primitive.__class__ is Linear and len(args) == 1:
            return self.alike(primitive, args[0], params)
        return super().record(primitive, args, params)

    def derive(self, derived: Derived, operands: Sequence[Any]) -> Sequence[Any]:
        """The results of an operation that is itself derived, each with its tangent."""
        results = self.by_form(derived, operands)
        if results:
            return results
        primals, tangents, moving, beneath = self.apart(operands)
        operands = primals + [tangents[k] for k in moving]
        parts = iter(Forward.of(derived, moving).on(beneath, operands))
        level = self.level
        return [
            y if y_dot is ZERO else Tensor(y, FusedDual(level, y_dot))
            for y, y_dot in zip(parts, parts, strict=False)
        ]

    def by_form(self, derived: Derived, operands: Sequence[Any]) -> Any:
        """The results by the function that is written for operands of this form; `None` if there is
        none, `()` if the plain node must do it, because a rule chooses or arrays are large."""
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
        if derived.hopeless or not is_small(operands[0]):
            return ()
        if forms.__class__ is list and len(forms) < MOST:
            learn(derived, key, operands, FusedDual)
        return None

    def apart(self, operands: Sequence[Any]) -> tuple[list[Any], list[Any], tuple[int, ...], Any]:
        """The values of the operands and their tangents, the places of those that move, and the
        node of the innermost of the other transforms."""
        level = self.level
        primals: list[Any] = []
        tangents: list[Any] = []
        moving: tuple[int, ...] = ()
        beneath: Any = None
        for a in operands:
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
        return primals, tangents, moving, beneath

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
            return Tensor(y, FusedDual(self.level, y_dot))
        finally:
            ERRORS.reset(before)


class Forward(Derived):
    """Each result of an operation and its tangent, from its operands and the moving tangents."""

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
            primals[k] = Tensor(primals[k], Dual(level, t))
        results: list[Any] = []
        for y in self.derived.define(*primals):  # a tangent keeps what it knows of strong zeros
            results += (y.value, y.node.tangent) if is_at(y, level) else (y, ZERO)
        return tuple(results)


# What transforms make the nodes of a forward sweep of, as TAPE in backward.py.
DUAL: ContextVar[type[Dual]] = ContextVar("DUAL", default=FusedDual)
