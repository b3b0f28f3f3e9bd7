"""Which lines of a long table are shown: of a loop the first and last round, and not too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..base.errors import counted
from ..engine.graph import TraceNode

LINES = 60  # of a table; a longer one shows its two ends
LONGEST_ROUND = 40  # lines
FEWEST = 6  # lines that are worth a fold
SMALLEST_LAYER = 3  # lines that are shown one by one


def lines_of(
    nodes: Sequence[TraceNode], fold: bool = True, layers: Mapping[TraceNode, str] | None = None
) -> list[int | str]:
    """The places that are shown, in order, and between them what is said of those left out: rounds
    of loops, and the inside of `layers`."""
    found: list[int | str] = list(range(len(nodes)))
    if fold:
        found = without_rounds([key(n) for n in nodes])
        if layers:
            found = without_layers(found, [layers.get(n) for n in nodes])
    if len(found) > LINES:
        half, shown = LINES // 2, [x for x in found if isinstance(x, int)]
        first, last = found[:half], found[-half:]
        kept = sum(isinstance(x, int) for x in (*first, *last))
        if kept < len(shown):
            left_out = [x for x in found[half:-half] if isinstance(x, int)]
            found = [*first, f"... {counted(len(left_out), 'more line')} like these ...", *last]
    return found


def without_layers(found: Sequence[int | str], layers: Sequence[str | None]) -> list[int | str]:
    """The same, with the last line of each layer that has several."""
    kept: list[int | str] = []
    k = 0
    while k < len(found):
        end, layer = k + 1, layer_at(found[k], layers)
        while layer and end < len(found) and layer_at(found[end], layers) == layer:
            end += 1
        if end - k > SMALLEST_LAYER:
            kept += [f"... {layer}: {counted(end - k - 1, 'line')} ...", found[end - 1]]
        else:
            kept += found[k:end]
        k = end
    return kept


def layer_at(place: int | str, layers: Sequence[str | None]) -> str | None:
    return None if isinstance(place, str) else layers[place]


def key(node: TraceNode) -> Any:
    """What a line of a loop has in common in every round."""
    return node.line, node.primitive.name if node.primitive else None


def without_rounds(keys: Sequence[Any]) -> list[int | str]:
    """All places, but of rounds that repeat only the first and the last."""
    found: list[int | str] = []
    k = 0
    while k < len(keys):
        period, rounds = repetition(keys, k)
        if (rounds - 2) * period < FEWEST:
            found.append(k)
            k += 1
            continue
        end = k + period * rounds
        left_out = rounds - 2
        size = f"of {counted(period, 'line')}" if period > 1 else "of this line"
        found += [*range(k, k + period), f"... {left_out} more rounds {size} ..."]
        found += range(end - period, end)
        k = end
    return found


def repetition(keys: Sequence[Any], start: int) -> tuple[int, int]:
    """The shortest period from a place on that saves lines, and how often it is repeated."""
    for period in range(1, min(LONGEST_ROUND, (len(keys) - start) // 3) + 1):
        if keys[start] != keys[start + period]:
            continue
        end = start + period
        while end < len(keys) and keys[end] == keys[end - period]:
            end += 1
        rounds = (end - start) // period
        if rounds >= 3 and (rounds - 2) * period >= FEWEST:
            return period, rounds
    return 1, 1
