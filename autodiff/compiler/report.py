"""What `report()` says of a version."""

from __future__ import annotations

from ..base.errors import counted
from .decisions import MOST_PATHS, PlainError
from .ir.program import Value
from .version import Version

SHOWN = {"llvm": "LLVM", "numpy": "NumPy"}  # the back ends
MANY_SINGLE = 5_000  # operations on single numbers that the report wonders about


def report_of(version: Version | PlainError, name: str) -> str:
    if isinstance(version, PlainError):
        return f"jit of {name}: not compiled but called as it is, since {version}"
    instructions = [v for v in version.program.values if v.op not in ("input", "constant", "view")]
    spent = ", ".join(f"{what} {seconds:.3g} s" for what, seconds in version.seconds.items())
    lines = [f"jit of {name}: {counted(len(instructions), 'instruction')}", f"first call: {spent}"]
    single = sum(v.op == "map" and not v.shape for v in instructions)
    if single > MANY_SINGLE:
        lines.append(
            f"{single} of them work on single numbers: np.array leaves tracked numbers separate, "
            "np.stack makes one array of them"
        )
    if version.whiles.folded:
        lines.append(f"{counted(version.whiles.folded, 'while')} as a loop of the program")
    if version.path:
        lines.append(
            f"{counted(len(version.paths), 'path')} of at most {MOST_PATHS}; this one takes "
            f"{counted(len(version.path), 'decision')} by values"
        )
        if len(version.paths) == MOST_PATHS:
            lines.append("any other path is not compiled, but called as it is")
    if version.backend == "numpy":
        many = ": a line without repeats is too long for LLVM" if version.is_too_long else ""
        return "\n".join([*lines, f"back end: NumPy, one call per instruction{many}"])
    steps, gaps = version.made.schedule.steps, version.made.gaps
    lines.append(
        f"back end: LLVM, {counted(len(steps) - len(gaps), 'native step')}, "
        f"{version.made.memory.size} bytes of workspace"
    )
    for step in gaps:
        (v,) = step.values
        lines.append(f"left to NumPy: v{v.number} = {v.function or v.op}, {reason(v)}")
    return "\n".join(lines)


def reason(v: Value) -> str:
    if v.op in ("call", "part"):
        return "which has no native code"
    types = sorted({str(x.dtype) for x in (v, *v.inputs)})
    return f"which has no native code for {', '.join(types)}"
