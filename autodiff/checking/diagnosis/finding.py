"""One thing that `diagnose` found: what, where in the user's code, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

VALUE = "non-finite value"
OVERFLOW = "overflow"
TANGENT = "non-finite tangent"
ADJOINT = "non-finite adjoint"
BOTH = "non-finite tangent and adjoint"
DEAD = "dead"
KINK = "kink"
CANCELLATION = "cancellation"
REFUSED = "refused"


@dataclass(frozen=True)
class Finding:
    """`kind` is one of the words above; `name` the user's variable, `operation` how it was computed
    and `line` where; `value` says what was seen, `cause` why, and `cure` what helps."""

    kind: str
    name: str
    operation: str
    line: str
    value: str
    cause: str
    cure: str

    @property
    def made(self) -> str:
        """``r = sqrt(s)``; of an argument, its name."""
        return f"{self.name} = {self.operation}" if self.operation else self.name

    def __str__(self) -> str:
        rows = [("at", self.line), ("seen", self.value), ("cause", self.cause), ("cure", self.cure)]
        lines = [f"    {key:5}  {text}" for key, text in rows if text]
        return "\n".join([f"{self.kind}: {self.made}", *lines])


def entries(mask: Any) -> str:
    """How many entries a mask marks, and the first of them: ``3 of 10 entries, first at [4]``."""
    mask = np.asarray(mask)
    if mask.ndim == 0:
        return ""
    count = int(np.count_nonzero(mask))
    if count == mask.size:
        return "in every entry" if count > 1 else "in its one entry"
    first = ", ".join(str(int(k)) for k in np.argwhere(mask)[0])
    which = f"in {count} of {mask.size} entries, first" if count > 1 else "in one entry,"
    return f"{which} at [{first}]"
