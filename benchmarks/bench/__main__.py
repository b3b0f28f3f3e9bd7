"""Every workload with every contestant, in turn, on one core: the table of ratios, and JSON.

    python benchmarks/bench [--only NAME ...] [--quick] [--json FILE] [--peers PYTHON]

Each contestant lives in a process of its own and is timed in rounds: all of them once, then all of
them again, so that a machine whose speed drifts slows them all. First calls, which compile, are not
in the times; they are reported. Results are compared before anything is timed, and a wrong one is
said, not ranked. The ratio of a workload is the best peer's median over ours.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]
os.environ.update({f"{name}_NUM_THREADS": "1" for name in THREADS})
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import machine  # noqa: E402 - after the thread counts
import report  # noqa: E402
from contest import timed  # noqa: E402
from contestant import CONTESTANTS, PEERS  # noqa: E402
from process import Process  # noqa: E402
from workloads import WORKLOADS  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="python benchmarks/bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    names = [w.name for w in WORKLOADS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--with", nargs="+", choices=CONTESTANTS, metavar="WHO", dest="who",
                        help=", ".join(CONTESTANTS))  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="few and short rounds")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="for one contestant in one round")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    parser.add_argument("--peers", default=sys.executable, metavar="PYTHON",
                        help="the interpreter that has the peers, if another")  # fmt: skip
    parser.add_argument("--patience", type=float, default=120, metavar="SECONDS",
                        help="how long a first call may take")  # fmt: skip
    options = parser.parse_args()
    if shutil.which(options.peers) is None:
        parser.error(f"--peers: {options.peers} is no program")
    rounds = options.rounds or (3 if options.quick else 9)
    seconds = options.seconds or (0.05 if options.quick else 0.3)

    core = machine.pin()
    about = machine.described(core)
    about["repetition"] = f"{rounds} rounds of at least {seconds} s for each contestant"
    processes, missing = [], {}
    for name in options.who or CONTESTANTS:
        python = options.peers if name in PEERS else sys.executable
        p = Process(name, python, options.patience)
        if "ready" in p.greeting:
            about.setdefault("versions", {})[name] = p.greeting["ready"]
            processes.append(p)
        else:
            missing[name] = p.greeting["missing"]
    report.heading(about, missing)
    figures = {}
    try:
        for work in WORKLOADS:
            if options.only and work.name not in options.only:
                continue
            figures[work.name] = timed(work, processes, rounds, seconds)
            report.workload(work, figures[work.name])
    finally:
        for p in processes:
            p.close()
    summary = report.summary(figures)
    if options.json:
        whole = {"machine": about, "missing": missing, "figures": figures, "summary": summary}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
