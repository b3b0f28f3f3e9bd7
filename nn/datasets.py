"""Data to learn from: MNIST from its files, checked; digits from scikit-learn; points in a plane.

The generators draw with the `rng` given to them, and return `x` (n, 2) and integer labels `y` (n,).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autodiff.extend import optional, read_npz

from .requirements import generator, number, positive, whole

__all__ = [
    "Mnist",
    "blobs",
    "load_digits",
    "load_mnist",
    "moons",
    "overlapping",
    "read_idx",
    "separable",
    "triangle",
]

IDX_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
# The four files of MNIST, and what their first four bytes say: unsigned bytes, and how many axes.
MNIST_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
MNIST_AT_MOST = 2**28  # bytes that an .npz file may unpack to: MNIST has 55 million


class Mnist(NamedTuple):
    """Images (n, 28, 28) of bytes, 0 for paper and 255 for ink, and labels (n,) from 0 to 9."""

    x_train: Any
    y_train: Any
    x_test: Any
    y_test: Any


def load_mnist(path: Any) -> Mnist:
    """MNIST from an .npz file with the arrays of `Mnist`, or from a directory with its idx files.

    The idx files have their usual names (train-images-idx3-ubyte, ...), with .gz or without. What
    is missing, truncated, or not MNIST is refused.
    Source: LeCun, Cortes and Burges, The MNIST database of handwritten digits.
    """
    path = Path(path)
    if path.is_dir():
        arrays = {name: read_idx(beside(path, file)) for name, file in MNIST_FILES.items()}
    else:
        arrays = read_npz(path, MNIST_AT_MOST)
        missing = [name for name in Mnist._fields if name not in arrays]
        if missing:
            raise ValueError(f"{path} is not MNIST: it lacks {', '.join(missing)}")
    for part in ("train", "test"):
        check_digits(arrays[f"x_{part}"], arrays[f"y_{part}"], f"{path}, {part}")
    return Mnist(*(arrays[name] for name in Mnist._fields))


def beside(folder: Path, file: str) -> Path:
    for name in (file, f"{file}.gz"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"{folder} contains neither {file} nor {file}.gz")


def check_digits(images: Any, labels: Any, what: str) -> None:
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28):
        raise ValueError(
            f"{what}: the images are {images.dtype} of shape {images.shape}, "
            "not uint8 of shape (n, 28, 28)"
        )
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        raise ValueError(
            f"{what}: {len(images)} images, but the labels are {labels.dtype} of shape "
            f"{labels.shape}"
        )
    if labels.size and not (labels.min() >= 0 and labels.max() <= 9):
        raise ValueError(f"{what}: the labels go from {labels.min()} to {labels.max()}, not 0 to 9")


def read_idx(path: Any) -> Any:
    """The array in an idx file, which a name that ends in .gz says is compressed.

    The file begins with two zero bytes, a code for the dtype, the number of axes, and the length of
    each as four bytes, most significant first; exactly the entries follow.
    """
    path = Path(path)
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is a damaged .gz file: {error}") from error
    magic = content[:4]
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in IDX_DTYPES or not magic[3]:
        raise ValueError(f"{path} is not an idx file: it begins with the bytes {magic.hex(' ')}")
    dtype, ndim = np.dtype(IDX_DTYPES[magic[2]]), magic[3]
    start = 4 + 4 * ndim
    if len(content) < start:
        raise ValueError(f"{path} is truncated: {len(content)} bytes, but its header has {start}")
    shape = struct.unpack(f">{ndim}I", content[4:start])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise ValueError(
            f"{path} {'is truncated' if len(content) < expected else 'has bytes left over'}: "
            f"{len(content)} bytes, but an array of shape {shape} has {expected}"
        )
    flat = np.frombuffer(content, dtype, offset=start)
    return flat.reshape(shape).astype(dtype.newbyteorder("="))


def load_digits() -> tuple[Any, Any]:
    """1797 digits of 8 x 8 pixels: `x` (1797, 64) from 0 to 16, `y` (1797,). From scikit-learn."""
    datasets = optional("sklearn.datasets", "load_digits needs", "scikit-learn")
    x, y = datasets.load_digits(return_X_y=True)
    return x, y


# -- points in a plane -----------------------------------------------------------------------------
def blobs(
    n: int, rng: np.random.Generator, *, centres: Any = ((-2, 0), (2, 0)), std: float = 1.0
) -> tuple[Any, Any]:
    """Points around each of the `centres` (k, 2), normal with deviation `std`; label: the centre.

    >>> import numpy as np
    >>> x, y = blobs(100, np.random.default_rng(0), centres=[(0, 0), (5, 5), (0, 5)])
    >>> x.shape, np.bincount(y)
    ((100, 2), array([34, 33, 33]))
    """
    n, rng = whole(n, "blobs: n"), generator(rng, "blobs")
    number(std, "blobs: std", 0)
    places = np.asarray(centres, float)
    if places.ndim != 2 or places.shape[1] != 2:
        raise ValueError(f"blobs: centres has shape {places.shape}; it must be (k, 2)")
    y = rng.permutation(np.arange(n) % len(places))
    return places[y] + rng.normal(0, std, (n, 2)), y


def moons(n: int, rng: np.random.Generator, *, noise: float = 0.1) -> tuple[Any, Any]:
    """Two half circles, one around the end of the other, which no straight line separates.

    >>> import numpy as np
    >>> x, y = moons(100, np.random.default_rng(0))
    >>> x.shape, np.bincount(y)
    ((100, 2), array([50, 50]))
    """
    n, rng = whole(n, "moons: n"), generator(rng, "moons")
    number(noise, "moons: noise", 0)
    y = rng.permutation(np.arange(n) % 2)
    angle = rng.uniform(0, math.pi, n)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return np.where(y[:, None] == 0, upper, lower) + rng.normal(0, noise, (n, 2)), y


TRIANGLE = ((0.5, 0.5), (3.5, 0.5), (0.5, 3.5))


def triangle(
    n: int, rng: np.random.Generator, *, corners: Any = TRIANGLE, size: float = 4.0
) -> tuple[Any, Any]:
    """Points drawn evenly from the square (0, size)^2; label 1 inside the triangle, 0 outside.

    Three half planes make the triangle, so three hidden units can represent it. Points on its sides
    are inside.

    >>> import numpy as np
    >>> x, y = triangle(1000, np.random.default_rng(0))
    >>> inside = (x[:, 0] >= 0.5) & (x[:, 1] >= 0.5) & (x[:, 0] + x[:, 1] <= 4)
    >>> bool(np.all(y == inside))
    True
    """
    n, rng = whole(n, "triangle: n"), generator(rng, "triangle")
    positive(size, "triangle: size")
    abc = np.asarray(corners, float)
    if abc.shape != (3, 2):
        raise ValueError(f"triangle: corners has shape {abc.shape}; it must be (3, 2)")
    x = rng.uniform(0, size, (n, 2))
    sides = [cross(abc[k], abc[(k + 1) % 3], x) for k in range(3)]
    turn = cross(abc[0], abc[1], abc[2:])[0]
    if turn == 0:
        raise ValueError("triangle: the corners lie on one line")
    return x, np.all([side * turn >= 0 for side in sides], axis=0).astype(int)


def cross(a: Any, b: Any, points: Any) -> Any:
    """Positive for points to the left of the line from a to b, negative to its right."""
    along, off = b - a, points - a
    return along[0] * off[:, 1] - along[1] * off[:, 0]


def separable(n: int, rng: np.random.Generator, *, margin: float = 0.2) -> tuple[Any, Any]:
    """Points of the square (-1, 1)^2 on both sides of x0 + x1 = 0, none nearer than `margin`.

    A line separates the classes, so logistic regression without a penalty has no optimum.

    >>> import numpy as np
    >>> x, y = separable(100, np.random.default_rng(0))
    >>> bool(np.all((x.sum(axis=1) > 0) == y))
    True
    """
    n, rng = whole(n, "separable: n"), generator(rng, "separable")
    if positive(margin, "separable: margin") >= 1:
        raise ValueError("separable: margin must be below 1, or no points are left")
    found: list[Any] = []
    while sum(map(len, found)) < n:
        x = rng.uniform(-1, 1, (2 * n, 2))
        found.append(x[np.abs(x.sum(axis=1)) >= margin * math.sqrt(2)])
    x = np.concatenate(found)[:n]
    return x, (x.sum(axis=1) > 0).astype(int)


def overlapping(n: int, rng: np.random.Generator, *, noise: float = 0.5) -> tuple[Any, Any]:
    """Points of the square (-1, 1)^2, labelled by x0 + x1 > e with e normal of deviation `noise`:
    the classes mix along the line, and no line separates them (unless by chance, where n is small).

    >>> import numpy as np
    >>> x, y = overlapping(100, np.random.default_rng(0))
    >>> bool(np.all((x.sum(axis=1) > 0) == y))
    False
    """
    n, rng = whole(n, "overlapping: n"), generator(rng, "overlapping")
    positive(noise, "overlapping: noise")
    x = rng.uniform(-1, 1, (n, 2))
    return x, (x.sum(axis=1) > rng.normal(0, noise, n)).astype(int)
