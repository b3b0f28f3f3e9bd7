"""The first step of a compiled call, in machine code: one look at what stands outside, and on.

A program is right as long as what it read beside its arguments is what it was (outside/guards.py).
Asked in Python, that takes as long as a small program. Here it is a loop over a table of places;
what stands where an input of the program was is handed over with the arguments:

    is holder[name], f.__code__, cell.cell_contents, a_list[k] still the same object?
    yes   run(*args, *inputs)
    no    otherwise(*args, **kwargs): Python looks again

The code is made once for all tables. A table is exchanged while other threads call: a call holds
the one that it began with. Source: Python/C API reference, "Call Protocol", "Dictionary Objects".
"""

from __future__ import annotations

import ctypes
import gc
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import BuiltinFunctionType, CellType, FunctionType, MappingProxyType
from typing import Any

from llvmlite import ir

from ...base.bounded import cached
from ..outside.guards import World
from ..outside.kinds import Same
from ..outside.places import ANY, GONE, Entries, Guard, Place
from .build import Module, new_module
from .code import I1, I8, I32, I64, POINTER
from .entry import HEADER, METH_FASTCALL, METH_KEYWORDS, TYPE, C, Emitter, python_function

# How a place is read: PyDict_GetItem, *(x + name), x->ob_item[name]; and whole dicts.
ENTRY, FIELD, ITEM, ENTRIES = range(4)
ROW, HEAD = 4, 6  # words of a row of the table, and of what stands before the rows
ITEMS = tuple.__basicsize__  # the pointers of a tuple, and the pointer to those of a list
DATA = bytes.__basicsize__ - 1
MOST_INPUTS = 4096  # that a call puts on its stack
MANAGED_DICT = 1 << 4  # Py_TPFLAGS_MANAGED_DICT


class Guarded(Emitter):
    """Emits ``PyObject *guarded(PyObject *self, PyObject *const *args, Py_ssize_t count,
    PyObject *names)``. Its `self` holds a list of two: a table, `None` before there is one; and
    what is called `otherwise`, `None` for the answer NotImplemented.

    A table holds the numbers of guards and inputs, what to run (by its address and its own `self`,
    if it is native), what Python asks before, and a row for each guard and each input,
    ``(how, holder, name, what was there)``."""

    def __init__(self, module: ir.Module) -> None:
        super().__init__(module, "guarded", more=1)
        owner, given, count, names = self.function.args
        b = self.builder
        kinds = I64, POINTER, POINTER, I1
        self.position, self.key, self.value, self.same = map(b.alloca, kinds)
        null, none = ir.Constant(POINTER, None), self.object(None)
        pair = self.field(self.field(owner, ITEMS + 8, POINTER), ITEMS, POINTER)
        table, otherwise = (self.at(pair, ir.Constant(I64, k)) for k in range(2))
        no_answer, self.refused = self.refused, self.function.append_basic_block("otherwise")
        with b.goto_block(self.refused):
            called = self.function.append_basic_block("called")
            b.cbranch(b.icmp_unsigned("==", otherwise, none), no_answer, called)
            b.position_at_end(called)
            operands = [otherwise, given, count, names]
            b.ret(self.call("PyObject_Vectorcall", POINTER, operands))
        self.need(b.icmp_unsigned("!=", table, none))
        self.need(b.icmp_unsigned("==", names, null))
        self.hold(table)
        self.words = b.gep(
            self.field(table, ITEMS, POINTER), [ir.Constant(I64, DATA)], source_etype=I8
        )
        guards, inputs = self.word(0), self.word(1)
        self.ask(guards)
        arguments = b.alloca(POINTER, b.add(count, inputs))
        with self.each(count) as k:
            self.put(arguments, k, self.at(given, k))
        with self.each(inputs) as k:  # look before one is held: a refusal then holds none
            x = self.found(b.mul(b.add(guards, k), ir.Constant(I64, ROW)))
            self.need(b.icmp_unsigned("!=", x, null))
            self.put(arguments, b.add(count, k), x)
        with self.each(inputs) as k:  # another thread may exchange it meanwhile
            self.count_up(self.at(arguments, b.add(count, k)))
        y = self.run(arguments, b.add(count, inputs))
        with self.each(inputs) as k:
            self.count_down(self.at(arguments, b.add(count, k)))
        with b.if_then(b.icmp_unsigned("==", y, self.object(NotImplemented)), likely=False):
            self.count_down(y)
            b.branch(self.refused)
            b.position_at_end(self.function.append_basic_block("never"))
        self.count_down(table)
        b.ret(y)

    def hold(self, table: Any) -> None:
        """Hold a table until the end, whichever it is."""
        b, leads_to = self.builder, self.refused
        self.count_up(table)
        self.refused, self.failed = map(self.function.append_basic_block, ("let_go", "failed"))
        with b.goto_block(self.refused):
            self.count_down(table)
            b.branch(leads_to)
        with b.goto_block(self.failed):
            self.count_down(table)
            b.ret(ir.Constant(POINTER, None))

    def ask(self, guards: Any) -> None:
        """Go on if all is as it was: first what Python asks, then the rows."""
        b = self.builder
        with b.if_then(b.icmp_unsigned("!=", self.word(5), ir.Constant(I64, 0)), likely=False):
            asked = b.inttoptr(self.word(5), POINTER)
            holds = self.exists(self.call("PyObject_CallNoArgs", POINTER, [asked]))
            self.count_down(holds)
            self.need(b.icmp_unsigned("==", holds, self.object(True)))
        with self.each(guards) as k:
            row = b.mul(k, ir.Constant(I64, ROW))
            was = b.inttoptr(self.word(HEAD + 3, row), POINTER)
            self.need(b.icmp_unsigned("==", self.found(row), was))

    def run(self, arguments: Any, size: Any) -> Any:
        """What the program returns: by its address, if it has one."""
        b = self.builder
        kind = ir.FunctionType(POINTER, [POINTER, POINTER, I64])
        native = b.inttoptr(self.word(3), kind.as_pointer())
        result = b.alloca(POINTER)
        is_native = b.icmp_unsigned("!=", self.word(3), ir.Constant(I64, 0))
        with b.if_else(is_native, likely=True) as (directly, by_python):
            with directly:
                its_self = b.inttoptr(self.word(4), POINTER)
                b.store(b.call(native, [its_self, arguments, size]), result)
            with by_python:
                function = b.inttoptr(self.word(2), POINTER)
                operands = [function, arguments, size, ir.Constant(POINTER, None)]
                b.store(self.call("PyObject_Vectorcall", POINTER, operands), result)
        return b.load(result, typ=POINTER)

    def count_up(self, x: Any) -> None:
        self.call("Py_IncRef", ir.VoidType(), [x])

    def count_down(self, x: Any) -> None:
        self.call("Py_DecRef", ir.VoidType(), [x])

    def word(self, k: int, row: Any = None) -> Any:
        """A word of the table: of its head, or of a row."""
        place = ir.Constant(I64, k) if row is None else self.builder.add(row, ir.Constant(I64, k))
        return self.at(self.words, place, I64)

    def at(self, table: Any, k: Any, kind: Any = POINTER) -> Any:
        return self.builder.load(self.builder.gep(table, [k], source_etype=kind), typ=kind)

    @contextmanager
    def each(self, count: Any) -> Iterator[Any]:
        """``for k in range(count)``."""
        b = self.builder
        before = b.block
        test, body, done = (b.append_basic_block(name) for name in ("test", "body", "done"))
        b.branch(test)
        b.position_at_end(test)
        k = b.phi(I64)
        k.add_incoming(ir.Constant(I64, 0), before)
        b.cbranch(b.icmp_unsigned("<", k, count), body, done)
        b.position_at_end(body)
        yield k
        k.add_incoming(b.add(k, ir.Constant(I64, 1)), b.block)
        b.branch(test)
        b.position_at_end(done)

    def found(self, row: Any) -> Any:
        """What stands now at the place of a row; null if nothing does."""
        b = self.builder
        how, name = self.word(HEAD, row), self.word(HEAD + 2, row)
        holder = b.inttoptr(self.word(HEAD + 1, row), POINTER)
        done = b.append_basic_block("found")
        ways = {ENTRY: self.entry, FIELD: self.part, ITEM: self.item, ENTRIES: self.entries}
        choice = b.switch(how, self.refused)
        results = []
        for number, read in ways.items():
            block = b.append_basic_block(read.__name__)
            choice.add_case(number, block)
            b.position_at_end(block)
            results.append((read(holder, name), b.block))
            b.branch(done)
        b.position_at_end(done)
        x = b.phi(POINTER)
        for result, block in results:
            x.add_incoming(result, block)
        return x

    def entry(self, holder: Any, name: Any) -> Any:
        key = self.builder.inttoptr(name, POINTER)
        return self.call("PyDict_GetItemWithError", POINTER, [holder, key])

    def part(self, holder: Any, name: Any) -> Any:
        place = self.builder.gep(holder, [name], source_etype=I8)
        return self.builder.load(place, typ=POINTER)

    def item(self, holder: Any, name: Any) -> Any:
        """An item of a list, which another thread may have made shorter."""
        b = self.builder
        self.need(b.icmp_signed("<", name, self.field(holder, HEADER, I64)))
        return self.at(self.field(holder, ITEMS, POINTER), name)

    def entries(self, holder: Any, name: Any) -> Any:
        """The dict itself, if it has the keys and values of a list, in its order; else null."""
        b, none = self.builder, ir.Constant(POINTER, None)
        known = b.inttoptr(name, POINTER)
        count = self.at(known, ir.Constant(I64, 0), I64)
        same = self.same
        b.store(b.icmp_signed("==", self.call("PyDict_Size", I64, [holder]), count), same)
        b.store(ir.Constant(I64, 0), self.position)
        with self.each(b.select(b.load(same, typ=I1), count, ir.Constant(I64, 0))) as k:
            self.call("PyDict_Next", I32, [holder, self.position, self.key, self.value])
            place = b.add(b.mul(k, ir.Constant(I64, 2)), ir.Constant(I64, 1))
            key = self.at(known, place)
            value = self.at(known, b.add(place, ir.Constant(I64, 1)))
            one = b.icmp_unsigned("==", b.load(self.key, typ=POINTER), key)
            two = b.icmp_unsigned("==", b.load(self.value, typ=POINTER), value)
            fits = b.and_(one, b.or_(two, b.icmp_unsigned("==", value, none)))
            b.store(b.and_(b.load(same, typ=I1), fits), same)
        return b.select(b.load(same, typ=I1), holder, none)


@cache
def code() -> tuple[Module, int]:
    """The function, compiled; it serves every table."""
    module = new_module()
    Guarded(module)
    loaded = Module(str(module))
    return loaded, loaded.address("guarded")


def guarded(pair: list[Any]) -> Callable[..., Any]:
    """What runs the program of the table that is the first of a pair, if its guards hold, and else
    calls the second; without a second it answers NotImplemented."""
    flags = METH_FASTCALL | METH_KEYWORDS
    asking: Callable[..., Any] = python_function(code()[1], "guarded", pair, flags)
    return asking


def table_of(world: World | None, run: Callable[..., Any]) -> tuple[Any, ...]:
    """The table for a program, with all that it points to. What has no row is asked by Python."""
    places = [] if world is None else world.inputs
    inputs = [row_of(place) for place in places]
    if world is not None and (None in inputs or len(inputs) > MOST_INPUTS):
        return table_of(None, world.guarded(run))
    lists: list[bytes] = []
    guards = [(g, guard_row(g, lists)) for g in (() if world is None else world.guards)]
    others = () if world is None else world.checks
    checks: list[Any] = [*(g for g, row in guards if row is None), *others]
    rows = [row for _, row in guards if row is not None]
    rows += [(*row, 0) for row in inputs if row is not None]
    asked = asking(checks) if checks else None
    head = len(rows) - len(inputs), len(inputs), id(run), *native(run), id(asked) if asked else 0
    words = array("q", [*head, *(word for row in rows for word in row)]).tobytes()
    return words, run, asked, world, lists


def asking(checks: list[Callable[[], bool]]) -> Callable[[], bool]:
    def held() -> bool:
        try:
            return all(check() for check in checks)
        except GONE:
            return False

    return held


def native(run: Callable[..., Any]) -> tuple[int, int]:
    """The address of a compiled function, and the `self` that it is called with."""
    if not isinstance(run, BuiltinFunctionType):
        return 0, 0
    function, owner = C.PyCFunction_GetFunction, C.PyCFunction_GetSelf
    for get in (function, owner):
        get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object]
    return function(run), owner(run)


def guard_row(guard: Guard | Entries, lists: list[bytes]) -> tuple[int, int, int, int] | None:
    """A guard as a row. Memory that it points to is kept in `lists`."""
    if isinstance(guard, Entries):
        d, keys, values = guard
        if type(d) is not dict:
            return None
        pairs = zip(map(id, keys), (0 if v is ANY else id(v) for v in values), strict=True)
        lists.append(array("q", [len(keys), *(word for pair in pairs for word in pair)]).tobytes())
        return ENTRIES, id(d), id(lists[-1]) + DATA, id(d)
    place, x = guard
    row = row_of(place)
    missing = x is Same or (x is None and place.how == "attribute")  # defaults that are not there
    return None if row is None else (*row, 0 if missing else id(x))


def row_of(place: Place) -> tuple[int, int, int] | None:
    """How a place is read by machine code; `None` if only Python can."""
    how, holder, name = place
    kind: Any = type(holder)
    if how == "entry" and type(name) is str and kind in (dict, MappingProxyType):
        inside = holder if kind is dict else gc.get_referents(holder)[0]
        return (ENTRY, id(inside), id(name)) if type(inside) is dict else None
    if how == "item" and kind is tuple:
        return FIELD, id(holder), ITEMS + 8 * name
    if how == "item" and kind is list:
        return ITEM, id(holder), name
    if how == "class":
        return FIELD, id(holder), TYPE
    if how in ("attributes", "order"):
        at = pointer(holder, place.now())
        return None if at is None else (FIELD, id(holder), at)
    if how == "contents" or how == "attribute":
        return FIELD, id(holder), offset(kind, name)
    return None


def pointer(x: Any, part: Any) -> int | None:
    """The offset at which an object points to a part: a class to its order, an object to its dict,
    which since Python 3.11 stands before it."""
    kind: Any = type(x)
    before = 3 * 8 if kind.__flags__ & MANAGED_DICT else 0
    words = (ctypes.c_size_t * (before // 8 + kind.__basicsize__ // 8)).from_address(id(x) - before)
    found = [k for k, word in enumerate(words) if word == id(part)]
    return 8 * found[0] - before if len(found) == 1 else None


@cached(8)
def offset(kind: type, name: str) -> int:
    """Where an object of a built-in class keeps a part: looked for in an object that has one."""
    sample: Any = CellType("contents")
    if kind is FunctionType:
        sample = FunctionType(offset.__wrapped__.__code__, {})
        sample.__defaults__, sample.__kwdefaults__ = ("a default",), {"name": "another"}
    part = sample.cell_contents if kind is CellType else getattr(sample, name)
    words = (ctypes.c_size_t * (kind.__basicsize__ // 8)).from_address(id(sample))
    return 8 * [*words].index(id(part))
