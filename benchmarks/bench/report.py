"""The figures as text: one block a workload, and a table of the ratios at the end."""

from __future__ import annotations

from typing import Any

from contestant import OURS, PEERS
from workloads import BY_NAME, Workload


def spell(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"


def heading(about: dict[str, Any], missing: dict[str, str]) -> None:
    print(f"{about['processor']}, core {about['core']}, load {about['load']}")
    print(f"{about['system']}, Python {about['python']}, NumPy {about['numpy']}, {about['blas']}")
    print(", ".join(f"{name} {version}" for name, version in about.get("versions", {}).items()))
    print(f"{about['repetition']}; medians")
    for name, reason in missing.items():
        print(f"not here: {name} ({reason})")


def workload(work: Workload, figures: dict[str, dict[str, Any]]) -> None:
    print(f"\n{work.name}: {work.says}")
    row = "  {:15} {:>10} {:>10} {:>10} {:>8}  {}"
    print(row.format("", "median", "first call", "memory", "error", ""))
    for name, f in figures.items():
        note = next((f"{k}: {f[k]}" for k in ("cannot", "failed", "wrong") if k in f), "")
        if "first" not in f:
            print(row.format(name, "-", "-", "-", "-", note))
            continue
        if "value" in f and "whole" in f:
            note = f"{f['whole'] / f['value']:.2f} times the value alone"
        print(
            row.format(
                name,
                spell(f["whole"]) if "whole" in f else "-",
                spell(f["first"]),
                f"{f['peak'] / 1e6:.1f} MB",
                f"{f['error']:.0e}" if "error" in f else "-",
                note,
            )
        )
    found = ratio(figures)
    if found:
        aim = f", aim {work.target}" if work.target else ""
        print(f"  best peer, {found['peer']}, takes {found['ratio']:.2f} times as long{aim}")


def ratio(figures: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The best peer's median over that of our fastest tier."""
    peers = {name: figures[name]["whole"] for name in PEERS if "whole" in figures.get(name, {})}
    ours = {name: figures[name]["whole"] for name in OURS if "whole" in figures.get(name, {})}
    if not peers or not ours:
        return None
    peer, tier = min(peers, key=peers.__getitem__), min(ours, key=ours.__getitem__)
    return {"peer": peer, "tier": tier, "ratio": peers[peer] / ours[tier]}


def summary(figures: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Prints the ratios, and returns them."""
    found = {name: r for name in figures if (r := ratio(figures[name]))}
    if not found:
        return {}
    row = "{:20} {:>6} {:>5}  {:14} {:>16}"
    print("\n" + row.format("ratio: peer / ours", "ratio", "aim", "best peer", "gradient / value"))
    for name, r in found.items():
        f = figures[name][r["tier"]]
        if "value" in f:
            r["gradient / value"] = f["whole"] / f["value"]
        r["aim"] = BY_NAME[name].target
        print(
            row.format(
                name,
                f"{r['ratio']:.2f}",
                r["aim"] or "",
                r["peer"],
                f"{r['gradient / value']:.2f}" if "value" in f else "",
            )
        )
    return found
