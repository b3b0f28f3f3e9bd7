"""MNIST: the accuracy of a small network and the time of an epoch, on one core.

    python benchmarks/mnist.py [--data FILE] [--epochs N] [--plain] [--peers] [--rounds N]

Dense 256 - ELU(0.9) - Dense 64 - ELU(0.9) - Dense 10, softmax cross-entropy, Glorot uniform, SGD at
rate 0.1, batches of 32, 50 000 examples to learn from, 10 000 to validate with, single precision.
Steps are compiled as `fit` does by default, with --plain none is. With --peers the time of an epoch
is measured, plain and compiled, beside NumPy written by hand, and beside PyTorch where it is
installed, in alternation. Without the file of MNIST, scikit-learn's digits take its place.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - after the thread counts

from nn import ELU, Dense, Sequential, losses, optim  # noqa: E402
from nn.datasets import load_digits, load_mnist  # noqa: E402
from nn.training import evaluate, fit  # noqa: E402

RATE, BATCH, ALPHA = 0.1, 32, 0.9
Data = dict[str, tuple[Any, Any]]


def data(path: Path) -> Data:
    """Training, validation and test examples, from 0 to 1, in single precision."""
    if path.exists():
        mnist = load_mnist(path)
        x, y = mnist.x_train.reshape(-1, 784), mnist.y_train
        held, x_test, y_test, top = 10_000, mnist.x_test.reshape(-1, 784), mnist.y_test, 255
    else:
        print(f"there is no {path}: scikit-learn's digits instead, 1797 images of 8 x 8")
        x, y = load_digits()
        held, x_test, y_test, top = 300, x[-400:], y[-400:], 16
        x, y = x[:-400], y[:-400]
    scaled = [(part / top).astype(np.float32) for part in (x[:-held], x[-held:], x_test)]
    labels = [part.astype(np.int64) for part in (y[:-held], y[-held:], y_test)]
    names = ("training", "validation", "test")
    return dict(zip(names, zip(scaled, labels, strict=True), strict=True))


def network(inputs: int, seed: int = 0) -> Sequential:
    rng, single = np.random.default_rng(seed), np.float32
    return Sequential(
        Dense(inputs, 256, rng, dtype=single),
        ELU(ALPHA),
        Dense(256, 64, rng, dtype=single),
        ELU(ALPHA),
        Dense(64, 10, rng, dtype=single),
    )


def train(found: Data, epochs: int, jit: bool | str) -> None:
    """The recipe, with a line for every epoch."""
    model = network(found["training"][0].shape[1])
    print(model, "\n")
    print("epoch    loss  accuracy  validation  seconds")

    def report(run: Any) -> None:
        h = run.history
        values = (h["loss"][-1], h["accuracy"][-1], h["validation_accuracy"][-1], h["seconds"][-1])
        print(
            "{:5d}  {:6.4f}    {:.4f}      {:.4f}   {:6.2f}".format(h.epochs, *values), flush=True
        )

    history = fit(
        model,
        losses.cross_entropy,
        *found["training"],
        optimizer=optim.SGD(RATE),
        batch_size=BATCH,
        epochs=epochs,
        validation=found["validation"],
        callbacks=[report],
        jit=jit,
        progress=False,
    )
    accuracy = evaluate(model, losses.cross_entropy, *found["test"])["accuracy"]
    print(f"\ntest accuracy {accuracy:.2%} after {epochs} epochs")
    print(f"an epoch took {statistics.median(history['seconds']):.2f} s (median)")
    print(f"steps: {history.steps}")


# -- one epoch of each contestant ------------------------------------------------------------------
def epoch_of_fit(x: Any, y: Any, jit: bool | str) -> Callable[[], Any]:
    model, optimizer = network(x.shape[1]), optim.SGD(RATE)
    how = {"batch_size": BATCH, "epochs": 1, "jit": jit, "progress": False}
    return lambda: fit(model, losses.cross_entropy, x, y, optimizer=optimizer, **how)


def epoch_by_hand(x: Any, y: Any) -> Callable[[], Any]:
    """The same training with its gradients worked out on paper."""
    layers = [layer for layer in network(x.shape[1]).layers if isinstance(layer, Dense)]
    weights, biases = [layer.weight for layer in layers], [layer.bias for layer in layers]
    rng = np.random.default_rng(0)

    def epoch() -> None:
        order = rng.permutation(len(x))
        for start in range(0, len(x), BATCH):
            chosen = order[start : start + BATCH]
            inputs, slopes, h = [], [], x[chosen]
            for k, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
                inputs.append(h)
                h = h @ weight + bias
                if k < len(weights) - 1:
                    low = ALPHA * np.expm1(np.minimum(h, 0))
                    slopes.append(np.where(h >= 0, 1, low + ALPHA).astype(h.dtype))
                    h = np.where(h >= 0, h, low)
            g = np.exp(h - h.max(axis=1, keepdims=True))
            g /= g.sum(axis=1, keepdims=True)
            g[np.arange(len(chosen)), y[chosen]] -= 1
            g /= len(chosen)
            for k in reversed(range(len(weights))):
                weight_bar, bias_bar = inputs[k].T @ g, g.sum(axis=0)
                if k:
                    g = (g @ weights[k].T) * slopes[k - 1]
                weights[k] -= RATE * weight_bar
                biases[k] -= RATE * bias_bar

    return epoch


def epoch_of_torch(torch: Any, x: Any, y: Any) -> Callable[[], Any]:
    torch.set_num_threads(1)
    from torch import nn

    widths = (x.shape[1], 256, 64, 10)
    parts: list[Any] = []
    for inputs, outputs in pairwise(widths):
        parts += [nn.Linear(inputs, outputs), nn.ELU(ALPHA)]
    model = nn.Sequential(*parts[:-1])
    optimizer, loss = torch.optim.SGD(model.parameters(), RATE), nn.CrossEntropyLoss()
    images, labels = torch.from_numpy(x), torch.from_numpy(y)

    def epoch() -> None:
        order = torch.randperm(len(images))
        for start in range(0, len(images), BATCH):
            chosen = order[start : start + BATCH]
            optimizer.zero_grad()
            loss(model(images[chosen]), labels[chosen]).backward()
            optimizer.step()

    return epoch


def compare(found: Data, rounds: int) -> None:
    """CPU seconds of an epoch, round after round; ratios to NumPy by hand within each round."""
    x, y = found["training"]
    runs = {
        "autodiff": epoch_of_fit(x, y, "auto"),
        "autodiff, plain": epoch_of_fit(x, y, False),
        "NumPy by hand": epoch_by_hand(x, y),
    }
    if importlib.util.find_spec("llvmlite"):
        runs["autodiff, jit"] = epoch_of_fit(x, y, True)
    try:
        runs["PyTorch"] = epoch_of_torch(importlib.import_module("torch"), x, y)
    except ImportError:
        print("PyTorch is not installed: left out")
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.process_time()  # of one thread: what else the machine does is left out
            run()
            times[name].append(time.process_time() - start)
    print("\none epoch     CPU seconds  by hand = 1")
    for name, seconds in times.items():
        ratios = [a / b for a, b in zip(seconds, times["NumPy by hand"], strict=True)]
        print(f"{name:<16} {statistics.median(seconds):8.2f} {statistics.median(ratios):12.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usual = ROOT.parent / "shared" / "data" / "mnist.npz"
    parser.add_argument("--data", type=Path, default=usual, help="MNIST as an .npz file")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--plain", action="store_true", help="compile no step")
    parser.add_argument("--peers", action="store_true", help="time an epoch beside the peers")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    found = data(arguments.data)
    if arguments.epochs:
        train(found, arguments.epochs, False if arguments.plain else "auto")
    if arguments.peers:
        compare(found, arguments.rounds)


if __name__ == "__main__":
    main()
