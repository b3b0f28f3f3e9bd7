"""Our estimators beside scikit-learn's: accuracy on held-out data and time to fit, on one core.

    python benchmarks/estimators.py [--rounds N] [--only WORKLOAD] [--json FILE]

Both fit the same split, in alternation, a new one in every round; the table gives mean accuracies,
median CPU times, and the median of the ratios taken round by round.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402 - after the thread counts
import sklearn  # noqa: E402
from sklearn import linear_model, neural_network  # noqa: E402
from sklearn.datasets import load_breast_cancer, load_digits, load_iris  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

from nn import estimators  # noqa: E402

Pair = tuple[Any, Any, Callable[[int], Any], Callable[[int], Any]]


def mlp(X: Any, y: Any) -> Pair:
    return (
        X,
        y,
        lambda seed: estimators.MLPClassifier(random_state=seed),
        lambda seed: neural_network.MLPClassifier(random_state=seed),
    )


def mlp_digits() -> Pair:
    """MLPClassifier with its defaults, on digits as they come, pixels from 0 to 16."""
    return mlp(*load_digits(return_X_y=True))


def mlp_standardised() -> Pair:
    """MLPClassifier with its defaults, on standardised digits."""
    X, y = load_digits(return_X_y=True)
    return mlp(StandardScaler().fit_transform(X), y)


def mlp_same_recipe() -> Pair:
    """MLPClassifier, both 30 epochs of Adam at rate 0.005, batches of 200: the price of a step."""
    X, y = load_digits(return_X_y=True)
    return (
        X / 16,
        y,
        lambda seed: estimators.MLPClassifier(
            learning_rate=0.005, max_epochs=30, patience=30, random_state=seed
        ),
        lambda seed: neural_network.MLPClassifier(
            learning_rate_init=0.005, max_iter=30, n_iter_no_change=30, random_state=seed
        ),
    )


def logistic_cancer() -> Pair:
    """LogisticRegression on breast-cancer as it comes; scikit-learn's with newton-cholesky."""
    return (
        *load_breast_cancer(return_X_y=True),
        lambda seed: estimators.LogisticRegression(),
        lambda seed: linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-10),
    )


def logistic_iris() -> Pair:
    """LogisticRegression of three classes on iris; scikit-learn's with newton-cholesky."""
    return (
        *load_iris(return_X_y=True),
        lambda seed: estimators.LogisticRegression(),
        lambda seed: linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-10),
    )


def logistic_digits() -> Pair:
    """LogisticRegression of ten classes on digits / 16; scikit-learn's with newton-cg."""
    X, y = load_digits(return_X_y=True)
    return (
        X / 16,
        y,
        lambda seed: estimators.LogisticRegression(),
        lambda seed: linear_model.LogisticRegression(solver="newton-cg", tol=1e-10, max_iter=1000),
    )


WORKLOADS = {
    f.__name__: f
    for f in (
        mlp_digits,
        mlp_standardised,
        mlp_same_recipe,
        logistic_cancer,
        logistic_iris,
        logistic_digits,
    )
}


def run(make: Callable[[int], Any], split: Any, seed: int) -> tuple[float, float]:
    """CPU seconds to fit, in one thread, and accuracy on what was held out."""
    train_X, test_X, train_y, test_y = split
    start = time.process_time()
    model = make(seed).fit(train_X, train_y)
    return time.process_time() - start, float(model.score(test_X, test_y))


def measure(pair: Pair, rounds: int) -> dict[str, float]:
    X, y, ours, theirs = pair
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    scores: dict[str, list[float]] = {"ours": [], "theirs": []}
    for seed in range(rounds + 1):
        split = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=y)
        for who, make in (("ours", ours), ("theirs", theirs)):
            seconds, score = run(make, split, seed)
            if seed:  # the first round is to warm up
                times[who].append(seconds)
                scores[who].append(score)
    ratios = [b / a for a, b in zip(times["ours"], times["theirs"], strict=True)]
    return {
        "accuracy": statistics.mean(scores["ours"]),
        "accuracy_scikit_learn": statistics.mean(scores["theirs"]),
        "seconds": statistics.median(times["ours"]),
        "seconds_scikit_learn": statistics.median(times["theirs"]),
        "times_faster": statistics.median(ratios),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=sorted(WORKLOADS), action="append")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # scikit-learn's of epochs that ran out
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn "
        f"{sklearn.__version__}, one core of {platform.machine()}, {options.rounds} rounds"
    )
    report = {}
    for name in options.only or WORKLOADS:
        found = report[name] = measure(WORKLOADS[name](), options.rounds)
        print(f"\n{name}: {WORKLOADS[name].__doc__}")
        for who, suffix in (("autodiff", ""), ("scikit-learn", "_scikit_learn")):
            seconds, score = found["seconds" + suffix], found["accuracy" + suffix]
            print(f"  {who:13s} {seconds:8.3f} s   accuracy {score:.4f}")
        print(f"  {found['times_faster']:.2f} times faster")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
