"""A call of a custom rule in a program on disk: the rule is stored as a name, and passed again when
loading."""

from __future__ import annotations

from typing import Any

from ...base.trees import unflatten
from ...programs.encoding import DamagedError, Json, fields, index, listed, text
from ...rules.primitive import Primitive
from .one_call import OneCall, Open, fill
from .rule import Custom, CustomRule


def rule_form(primitive: Primitive, writer: Any, what: str) -> Json:
    """A call in parts that `writer` writes; `None` for a row that is not a call of a rule."""
    if not isinstance(primitive, Custom) or not isinstance(primitive.call, OneCall):
        return None
    call = primitive.call
    return {
        "custom": writer.name(call.name, call.rule),
        "arguments": writer.structure(call.structure),
        "held": [None if x is Open else [writer.value(x, what)] for x in call.held],
        "static": [[k, writer.value(x, what)] for k, x in call.static.items()],
        "keywords": writer.value(dict(call.keywords), what),
        "count": call.count,
    }


def rule_takes(primitive: Primitive) -> int | None:
    """How many operands a call of a rule takes; `None` for a row that is not one."""
    if not isinstance(primitive, Custom):
        return None
    assert isinstance(primitive.call, OneCall)  # a file holds no other
    return primitive.call.held.count(Open)


def rule_again(j: Json, reader: Any) -> Primitive:
    """The row of a call, from what `reader` reads of its parts."""
    name, structure, held, static, keywords, count = fields(
        j, "custom", "arguments", "held", "static", "keywords", "count"
    )
    rule = reader.name(name)
    if not isinstance(rule, CustomRule):
        raise DamagedError(
            f"{name!r:.60} was made by autodiff.custom_rule, but {rule!r:.40} was not"
        )
    leaves = [Open if x is None else reader.value(listed(x, 1)[0]) for x in listed(held)]
    operands = [0.0] * leaves.count(Open)
    args = list(unflatten(reader.structure(structure), fill(leaves, operands)))
    for pair in listed(static):
        k, x = listed(pair, 2)
        args[index(k, len(args), "argument")] = reader.value(x)
    call = OneCall(rule, len(args), {text(k): x for k, x in reader.value(keywords).items()})
    call.take(args)
    call.count = index(count, 2**16, "result")
    return Custom(call, call.text(len(operands)))
