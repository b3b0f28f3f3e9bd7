"""Steps that go down the same rows of a matrix run together, a band of rows at a time.

    z = X @ w;  r = f(z);  g = r @ X          X, larger than the caches, would be read twice

    for a band of rows i, i + 1, ...:         X is read once: its band is still in the cache
        z[band] = X[band] @ w                 when it is asked for again
        r[band] = f(z[band])
        g += r[band] @ X[band]

Softmax and normalisations along rows run the same way. A step joins if it reads only its own rows
of the others: sums along rows are complete then, sums down columns (g) only after the last band. A
value that only these steps read (z, r) needs the memory of one band.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import Any, NamedTuple

from llvmlite import ir

from ..ir.program import Value
from ..ir.views import layout
from ..scheduling.schedule import Access, Schedule, Step, squeezed
from .code import I8, I64, POINTER, Code
from .loops import Loops
from .products.blas import matrix
from .products.blocking import Product
from .products.matmul import emit_matmul
from .reductions import Reduction, fill

Address = Callable[[Value], Any]

WORTHWHILE = 2**18  # bytes that several steps share; what is smaller stays in a cache anyway
BAND = 2**14  # bytes of a band: half of the smallest first cache, which also takes the next band
VECTOR, LONGEST = 16, 128  # rows: a band has whole vectors of any type
AHEAD = 32  # steps that are looked at for joining


class Member(NamedTuple):
    """A step as part of a band: how far its buffers go from one row to the next, in entries."""

    step: Step
    strides: dict[int, int]  # by buffer
    buffers: dict[int, Value]
    finished: set[int]  # what is complete for these rows once the step has run
    begun: list[Value]  # sums over all rows


class Bands:
    """What a step of kind "bands" consists of; only the last band may be shorter than others."""

    def __init__(self, rows: int, members: Sequence[Member], local: set[int], length: int) -> None:
        self.rows, self.members, self.local, self.length = rows, members, local, length
        rest = rows % length
        self.lengths = [length, rest] if rest else [length]
        self.loops: dict[tuple[int, int], Loops] = {}  # by member and number of rows

    def compile(self, module: ir.Module, schedule: Schedule, known: dict[Any, ir.Function]) -> None:
        for k, m in enumerate(self.members):
            for length in self.lengths if m.step.kind == "loops" else ():
                loops = self.loops[k, length] = Loops(m.step, schedule)
                loops.compile(module, known, length)

    def advance(self, m: Member, v: Value) -> int:
        """Entries of a buffer from a row to the next one; what is local starts anew."""
        return 0 if id(v) in self.local else m.strides.get(id(v), 0)


def with_bands(steps: list[Step], results: Iterable[int]) -> list[Step]:
    """The steps of a program, with those that share rows joined."""
    kept = set(results)
    done: list[Step] = []
    pending = list(steps)
    while pending:
        step = pending[0]
        found = band_from(pending, kept) if is_large(step) else None
        if found is None:
            done.append(pending.pop(0))
        else:
            before, joined, pending = found
            done += [*before, joined]
    return done


def is_large(step: Step) -> bool:
    return any(v.size * v.dtype.itemsize >= WORTHWHILE for v in accessed(step)[0])


def accessed(step: Step) -> tuple[list[Value], list[Value]]:
    """The buffers that a step reads, and those that it writes."""
    if step.kind == "loops":
        nest = step.loops.nest
        written = [*(a.buffer for _, a in nest.stores), *(r.value for r in nest.reductions)]
        return [a.buffer for a in nest.loads], written
    read = [layout(x)[0] for v in step.values for x in v.inputs]
    if step.kind == "nested":
        return read, list(step.values[0].params["parts"])
    return ([] if step.kind == "zero" else read), list(step.values)


def band_from(steps: list[Step], kept: set[int]) -> tuple[list[Step], Step, list[Step]] | None:
    """What runs before, the joined step and what runs after, if the first step finds company."""
    rows = rows_to_cut(steps[0])
    if not rows:
        return None
    before: list[Step] = []
    after: list[Step] = []
    members: list[Member] = []
    finished: set[int] = set()  # by members, row by row
    closed: set[int] = set()  # by members but incomplete, or by what runs after
    for step in steps[:AHEAD]:
        read, written = ({id(v) for v in vs} for vs in accessed(step))
        member = None
        if not read & closed and not written & (closed | finished):
            member = as_member(step, rows, finished)
        if member is not None:
            members.append(member)
            finished |= member.finished
            closed |= written - member.finished
        elif (read | written) & (finished | closed):
            after.append(step)
            closed |= written
        else:
            before.append(step)
    after += steps[AHEAD:]
    if len(members) > 1 and members[0].step is steps[0] and shared_bytes(members):
        return before, joined(rows, members, [*before, *after], kept), after
    return None


def rows_to_cut(step: Step) -> int:
    """How many rows a step that may begin a group goes down; 0 if it is not worth a band."""
    rows = 0
    if step.kind == "loops" and len(step.domain) > 1:
        rows = step.domain[0]
    elif step.kind == "product":
        rows = step.values[0].shape[1]
    return rows if rows >= 2 * VECTOR else 0


def shared_bytes(members: Sequence[Member]) -> int:
    """Bytes of the large arrays that several members go down together."""
    seen: dict[int, list[Value]] = {}
    for m in members:
        for key, v in m.buffers.items():
            if m.strides[key]:
                seen.setdefault(key, []).append(v)
    sizes = [v[0].size * v[0].dtype.itemsize for v in seen.values() if len(v) > 1]
    return sum(n for n in sizes if n >= WORTHWHILE)


def joined(rows: int, members: Sequence[Member], others: Sequence[Step], kept: set[int]) -> Step:
    used = {id(v) for step in others for vs in accessed(step) for v in vs} | kept
    written = set[int]().union(*(m.finished for m in members))
    local = {key for key in written if key not in used}
    buffers = {key: v for m in members for key, v in m.buffers.items() if m.strides[key]}
    row = sum(v.size * v.dtype.itemsize for v in buffers.values()) // rows
    step = Step("bands", min(m.step.level for m in members))
    for m in members:
        step.values += m.step.values
        step.reductions += m.step.reductions
    step.bands = Bands(rows, members, local, length_of_band(rows, row))
    return step


def length_of_band(rows: int, row: int) -> int:
    """So many rows that two bands stay in the first cache, in whole vectors, few rows left over."""
    most = min(max(BAND // row, VECTOR), LONGEST, rows // 2) // VECTOR * VECTOR
    even = (n for n in range(most, most // 2, -VECTOR) if rows % n == 0)
    return next(even, most)


# -- what can join ---------------------------------------------------------------------------------
def as_member(step: Step, rows: int, finished: set[int]) -> Member | None:
    """The step as part of a band, if it reads only its own rows of what is `finished`."""
    if step.kind == "loops":
        return loops_member(step, rows, finished)
    return product_member(step, rows, finished) if step.kind == "product" else None


def loops_member(step: Step, rows: int, finished: set[int]) -> Member | None:
    nest = step.loops.nest
    if not step.domain or step.domain[0] != rows or step.loops.line is not None:
        return None
    accesses = [*nest.loads, *(a for _, a in nest.stores)]
    accesses += [Access(r.value, 0, r.strides) for r in nest.reductions]
    member = member_of(step, accesses)
    if member is None:
        return None
    sizes = step.domain[1:]
    if any(id(a.buffer) in finished and not own_rows(a, rows, sizes) for a in nest.loads):
        return None
    begun = [r.value for r in nest.reductions if r.reduced[0]]
    for _, a in nest.stores:
        if own_rows(a, rows, sizes) and prod(sizes) == a.buffer.size // rows:
            member.finished.add(id(a.buffer))
    member.finished.update(id(r.value) for r in nest.reductions if not r.reduced[0])
    return member._replace(begun=begun)


def product_member(step: Step, rows: int, finished: set[int]) -> Member | None:
    """A matrix times a vector, or a vector times a matrix: what reads a matrix once."""
    (v,) = step.values
    if v.shape[0] != 1:
        return None
    left, right = banded_operands(v)
    _, n, m = v.shape
    k = v.inputs[0].shape[2]
    if n == rows and m == 1 and n != k:
        accesses = [Access(left.buffer, left.offset, left.strides)]
        sizes = [(k,)]
        if id(right.buffer) in finished or right.buffer is left.buffer:
            return None
    elif k == rows and min(n, m) == 1 and k not in (n, m) and not summed(v, rows).is_dots:
        accesses = [left._replace(strides=left.strides[::-1]), right]
        sizes = [(n,), (m,)]
    else:
        return None
    for a, size in zip(accesses, sizes, strict=True):
        if id(a.buffer) in finished and not own_rows(a, rows, size):
            return None
    if n == rows:
        member = member_of(step, [*accesses, Access(v, 0, (1, 0)), right._replace(strides=(0, 0))])
        return None if member is None else member._replace(finished={id(v)})
    member = member_of(step, [*accesses, Access(v, 0, (0, 1))])
    return None if member is None else member._replace(begun=[v])


def banded_operands(v: Value) -> list[Access]:
    return [
        Access(buffer, offset, strides) for buffer, offset, _, strides, *_ in map(matrix, v.inputs)
    ]


def member_of(step: Step, accesses: Sequence[Access]) -> Member | None:
    """With one stride from row to row for each buffer."""
    strides: dict[int, int] = {}
    for a in accesses:
        if strides.setdefault(id(a.buffer), a.strides[0]) != a.strides[0]:
            return None
    return Member(step, strides, {id(a.buffer): a.buffer for a in accesses}, set(), [])


def own_rows(a: Access, rows: int, sizes: Sequence[int]) -> bool:
    """Does each row of the loops see only that row of the buffer?"""
    shape = squeezed(a.buffer.shape)
    if not shape or shape[0] != rows or a.strides[0] != a.buffer.size // rows:
        return False
    ends = [(n - 1) * s for n, s in zip(sizes, a.strides[1:], strict=True)]
    low = a.offset + sum(e for e in ends if e < 0)
    high = a.offset + sum(e for e in ends if e > 0)
    return low >= 0 and high < a.buffer.size // rows


# -- products of a band ----------------------------------------------------------------------------
def product_of_band(v: Value, rows: int, length: int) -> Product:
    """The product for `length` rows."""
    return summed(v, length) if v.inputs[0].shape[2] == rows else of_rows(v, length)


def of_rows(v: Value, length: int) -> Product:
    left, right = banded_operands(v)
    k = v.inputs[0].shape[2]
    (row_a, step_a), (row_b, step_b) = left.strides, right.strides
    return Product(v.dtype, length, k, 1, row_a, step_a, row_b, step_b).transposed()


def summed(v: Value, length: int) -> Product:
    """One that adds to its result, and asks for the next band meanwhile."""
    left, right = banded_operands(v)
    _, n, m = v.shape
    (row_a, step_a), (row_b, step_b) = left.strides, right.strides
    p = Product(v.dtype, n, length, m, row_a, step_a, row_b, step_b, adds=True, ahead=length)
    return p if m > 1 else p.transposed()


# -- code ------------------------------------------------------------------------------------------
def emit_bands(code: Code, bands: Bands, address: Address, scratch: dict[int, Value]) -> None:
    """Sums over all rows begin with no terms; then the bands, the last of them perhaps shorter."""
    for m in bands.members:
        for v in m.begun:
            if v.op == "reduce":
                fill(code, Reduction(v), address(v), v.size)
            else:
                zero(code, v, address(v))
    start = 0
    for length in bands.lengths:
        stop = start + (bands.rows - start) // length * length
        with code.loop(stop, start=start, step=length) as row:
            for k, m in enumerate(bands.members):
                emit_member(code, bands, k, m, row, length, address, scratch)
        start = stop


def emit_member(
    code: Code,
    bands: Bands,
    k: int,
    m: Member,
    row: Any,
    length: int,
    address: Address,
    scratch: dict[int, Value],
) -> None:
    """One step for the rows from `row` on."""

    def at(v: Value, offset: int = 0) -> Any:
        step = code.times(row, bands.advance(m, v))
        return code.at(address(v), code.builder.add(step, ir.Constant(I64, offset)), v.dtype)

    if m.step.kind == "loops":
        loops = bands.loops[k, length]
        loops.passed.call(code, loops.function, at)
        return
    (v,) = m.step.values
    left, right = (at(a.buffer, a.offset) for a in banded_operands(v))
    if v.shape[2] == 1:  # the product of the transposes
        left, right = right, left
    room = scratch.get(id(v))
    space = ir.Constant(POINTER, None) if room is None else address(room)
    emit_matmul(code, product_of_band(v, bands.rows, length), left, right, at(v), space)


def zero(code: Code, v: Value, pointer: Any) -> None:
    clear = code.module.declare_intrinsic("llvm.memset", [POINTER, I64])
    size = ir.Constant(I64, v.size * v.dtype.itemsize)
    code.builder.call(clear, [pointer, ir.Constant(I8, 0), size, ir.Constant(ir.IntType(1), 0)])
