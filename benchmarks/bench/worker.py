"""One contestant in a process of its own, which does what lines of JSON on its input say.

{"do": "prepare", "workload": NAME, "results": FILE}   -> first-call time, memory, results in FILE
{"do": "run", "part": "whole" or "value", "seconds": S} -> seconds per call, one number a block
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

BLOCK = 2e-3  # seconds that one measured block of calls lasts at least
ROOT = Path(__file__).resolve().parents[2]


def peak_bytes() -> int:
    """The largest resident size since `forget_peak`, or ever, where the system cannot forget."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    factor = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * factor


def forget_peak() -> None:
    gc.collect()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


class Worker:
    def __init__(self, name: str) -> None:
        import contestant

        self.contestant = contestant.make(name)
        self.calls: dict[str, Callable[[], Any]] = {}

    def prepare(self, workload: str, results: str) -> dict[str, Any]:
        import numpy as np
        from contestant import CannotError, leaves
        from workloads import BY_NAME

        work, who = BY_NAME[workload], self.contestant
        self.calls = {}
        who.begin()
        forget_peak()
        before = peak_bytes()
        args = [who.array(a) for a in work.data()]
        f = partial(work.f, who.ops)
        start = time.perf_counter()
        try:
            call = getattr(who, workload, None) or work.ask(who, f)
            result = call(*args)
            who.wait(result)
        except CannotError as reason:
            return {"cannot": str(reason)}
        first = time.perf_counter() - start
        plain = [who.plain(x) for x in leaves(result)]
        np.savez(results, *plain)
        self.calls["whole"] = lambda: who.wait(call(*args))
        if work.has_value:
            try:
                value = getattr(who, f"{workload}_value", None) or who.value(f)
                who.wait(value(*args))
                self.calls["value"] = lambda: who.wait(value(*args))
            except CannotError:
                pass
        return {"first": first, "peak": peak_bytes() - before, "parts": list(self.calls)}

    def run(self, part: str, seconds: float) -> dict[str, Any]:
        call = self.calls[part]
        gc.collect()
        gc.disable()
        try:
            return {"times": measured(call, seconds)}
        finally:
            gc.enable()


def measured(call: Callable[[], Any], seconds: float) -> list[float]:
    """Seconds per call, one number for each block of calls, for as long as it is given."""
    clock = time.perf_counter
    start = clock()
    call()
    count = max(1, int(BLOCK / max(clock() - start, 1e-9)))
    times = []
    while not times or clock() - start < seconds:
        begin = clock()
        for _ in range(count):
            call()
        times.append((clock() - begin) / count)
    return times


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    sys.path.insert(1, str(ROOT))
    try:
        worker = Worker(sys.argv[1])
        answer = {"ready": worker.contestant.version}
    except ImportError as error:
        answer = {"missing": str(error)}
    print(json.dumps(answer), file=answers)
    if "missing" in answer:
        return
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(worker, order.pop("do"))(**order)
        except Exception as error:  # noqa: BLE001 - said in the table, and the others go on
            answer = {"failed": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
