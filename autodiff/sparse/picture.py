"""A picture of a pattern: a dot for each entry, in the colour of its sweep."""

from __future__ import annotations

from typing import Any

import numpy as np

SIDE = 320.0  # of the longer side
MOST = 160  # cells along a side; of a larger pattern a cell stands for several entries
COLORS = ("#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3", "#937860", "#da8bc3", "#8c8c8c")


def spy(pattern: Any, colors: Any = None, by_row: bool = False) -> str:
    """SVG. With colours, one for each column or row, an entry has that of its column or row."""
    n, m = pattern.shape
    fold = max(1, -(-max(n, m) // MOST))
    height, width = -(-n // fold), -(-m // fold)
    cell = SIDE / max(height, width, 1)
    lines = [pattern.rows // fold, pattern.cols // fold]
    if colors is None:
        tones = np.zeros(pattern.nnz, np.intp)
    else:
        tones = np.asarray(colors)[pattern.rows if by_row else pattern.cols] % len(COLORS)
    keys = (
        np.unique(np.stack([*lines, tones], -1), axis=0) if pattern.nnz else np.zeros((0, 3), int)
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * cell + 2:.0f}" '
        f'height="{height * cell + 20:.0f}" font-family="sans-serif" font-size="11">',
        f'<rect x="1" y="1" width="{width * cell:.1f}" height="{height * cell:.1f}" '
        'fill="none" stroke="#999"/>',
    ]
    for tone in range(len(COLORS)):
        mine = keys[keys[:, 2] == tone]
        if len(mine):
            path = "".join(
                f"M{1 + c * cell:.1f} {1 + r * cell:.1f}h{cell:.1f}v{cell:.1f}h{-cell:.1f}z"
                for r, c, _ in mine.tolist()
            )
            parts.append(f'<path d="{path}" fill="{COLORS[tone]}"/>')
    sweeps = "" if colors is None else f", {int(np.max(colors, initial=-1)) + 1} sweeps"
    parts.append(
        f'<text x="1" y="{height * cell + 15:.0f}">{n} x {m}, {pattern.nnz} entries{sweeps}</text>'
        "</svg>"
    )
    return "\n".join(parts)
