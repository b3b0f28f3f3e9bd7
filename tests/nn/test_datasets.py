"""Data sets: files read back exactly or refused, and points where their labels say they are."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from nn import datasets

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist.npz"


def rng(seed=0):
    return np.random.default_rng(seed)


def small_mnist():
    draw = rng()
    return {
        "x_train": draw.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        "y_train": draw.integers(0, 10, 6, dtype=np.uint8),
        "x_test": draw.integers(0, 256, (2, 28, 28), dtype=np.uint8),
        "y_test": draw.integers(0, 10, 2, dtype=np.uint8),
    }


def idx(array):
    """An array as an idx file, written here from the description of the format."""
    code = {"|u1": 8, "|i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}
    array = array.astype(array.dtype.newbyteorder(">"))
    head = bytes([0, 0, code[array.dtype.str], array.ndim])
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_idx_files(folder, arrays, compressed=()):
    for name, file in datasets.MNIST_FILES.items():
        content = idx(arrays[name])
        if name in compressed:
            (folder / f"{file}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / file).write_bytes(content)


def same(found, arrays):
    return all(np.array_equal(getattr(found, name), arrays[name]) for name in arrays)


# -- MNIST -----------------------------------------------------------------------------------------
def test_mnist_from_npz_and_from_idx_files(tmp_path):
    arrays = small_mnist()
    np.savez(tmp_path / "mnist.npz", **arrays)
    assert same(datasets.load_mnist(tmp_path / "mnist.npz"), arrays)
    np.savez_compressed(tmp_path / "mnist.npz", **arrays)
    assert same(datasets.load_mnist(str(tmp_path / "mnist.npz")), arrays)
    write_idx_files(tmp_path, arrays, compressed=("x_train", "y_test"))
    found = datasets.load_mnist(tmp_path)
    assert same(found, arrays)
    assert found.x_train.dtype == np.uint8


def test_mnist_from_an_npz_that_is_smaller_than_its_arrays(tmp_path):
    arrays = {name: np.zeros_like(array) for name, array in small_mnist().items()}
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, **arrays)
    assert path.stat().st_size < arrays["x_train"].nbytes
    assert same(datasets.load_mnist(path), arrays)


def test_an_npz_that_unpacks_to_far_more_than_mnist_is_refused(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "mnist.npz", **small_mnist())
    monkeypatch.setattr(datasets, "MNIST_AT_MOST", 100)
    with pytest.raises(ValueError, match=r"holds .* bytes of arrays, .*100"):
        datasets.load_mnist(tmp_path / "mnist.npz")


@pytest.mark.skipif(not SHARED.exists(), reason="MNIST is not on this machine")
def test_mnist_itself():
    mnist = datasets.load_mnist(SHARED)
    assert (mnist.x_train.shape, mnist.x_test.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert np.bincount(mnist.y_train)[:3].tolist() == [5923, 6742, 5958]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("y_test"), "not MNIST: it lacks y_test"),
        (
            lambda a: a.update(y_test=a["y_test"][:1]),
            "2 images, but the labels are uint8 of shape .1,.",
        ),
        (lambda a: a.update(x_test=a["x_test"][:, :, :20]), "not uint8 of shape .n, 28, 28."),
        (lambda a: a.update(x_test=a["x_test"] / 255), "the images are float64"),
        (lambda a: a.update(y_train=a["y_train"] + 10), "not 0 to 9"),
        (lambda a: a.update(y_train=a["y_train"] + 0.5), "labels are float64"),
    ],
)
def test_arrays_that_are_not_mnist_are_refused(tmp_path, change, message):
    arrays = small_mnist()
    change(arrays)
    np.savez(tmp_path / "mnist.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        datasets.load_mnist(tmp_path / "mnist.npz")


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        datasets.load_mnist(tmp_path / "mnist.npz")
    write_idx_files(tmp_path, small_mnist())
    (tmp_path / datasets.MNIST_FILES["y_test"]).unlink()
    with pytest.raises(FileNotFoundError, match=r"t10k-labels-idx1-ubyte\.gz"):
        datasets.load_mnist(tmp_path)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.arange(-3, 3, dtype=np.int16),
        np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 3, 4),
        np.zeros((0, 28, 28), np.uint8),
        np.array([1e300]),
    ],
)
def test_idx_files_are_read_back(tmp_path, array):
    (tmp_path / "a").write_bytes(idx(array))
    found = datasets.read_idx(tmp_path / "a")
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype
    found[...] = 0  # it is the reader's own


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b"", "not an idx file"),
        (lambda b: b[:3], "not an idx file"),
        (lambda b: b"\1" + b[1:], "not an idx file: it begins with the bytes 01 00 08 02"),
        (lambda b: b[:2] + b"\7" + b[3:], "not an idx file"),
        (lambda b: b[:3] + b"\0" + b[4:], "not an idx file"),
        (lambda b: b[:9], "is truncated: 9 bytes, but its header has 12"),
        (lambda b: b[:-1], "is truncated: 17 bytes, but an array of shape .2, 3. has 18"),
        (lambda b: b + b"\0", "has bytes left over"),
        (lambda b: b[:4] + b"\xff" * 8 + b[12:], "is truncated"),
        (lambda b: b"PK\3\4" + b, "not an idx file"),
    ],
)
def test_damaged_idx_files_are_refused(tmp_path, damage, message):
    content = idx(np.arange(6, dtype=np.uint8).reshape(2, 3))
    (tmp_path / "a").write_bytes(damage(content))
    with pytest.raises(ValueError, match=message):
        datasets.read_idx(tmp_path / "a")


def test_damaged_compressed_files_are_refused(tmp_path):
    content = gzip.compress(idx(np.arange(600, dtype=np.uint8).reshape(2, 300)))
    for wrong in (content[:40], b"text", content[:-8] + bytes(8)):
        (tmp_path / "a.gz").write_bytes(wrong)
        with pytest.raises(ValueError, match=r"a\.gz is a damaged \.gz file"):
            datasets.read_idx(tmp_path / "a.gz")


def test_digits_of_scikit_learn():
    x, y = datasets.load_digits()
    assert (x.shape, y.shape, x.max()) == ((1797, 64), (1797,), 16)


# -- points in a plane -----------------------------------------------------------------------------
GENERATORS = {
    "blobs": datasets.blobs,
    "moons": datasets.moons,
    "triangle": datasets.triangle,
    "separable": datasets.separable,
    "overlapping": datasets.overlapping,
}
every_generator = pytest.mark.parametrize("name", GENERATORS)


@every_generator
def test_shapes_labels_and_seeds(name):
    make = GENERATORS[name]
    x, y = make(101, rng())
    assert (x.shape, y.shape, y.dtype.kind) == ((101, 2), (101,), "i")
    assert set(y) == {0, 1}
    again, labels = make(101, rng())
    np.testing.assert_array_equal(again, x)
    np.testing.assert_array_equal(labels, y)
    assert not np.array_equal(make(101, rng(1))[0], x)
    assert make(1, rng())[0].shape == (1, 2)
    with pytest.raises(ValueError, match=f"{name}: n must be at least 1"):
        make(0, rng())
    with pytest.raises(TypeError, match=f"{name}: rng must be"):
        make(10, 0)


def test_separable_points_keep_their_distance_and_overlapping_ones_do_not():
    x, y = datasets.separable(500, rng(), margin=0.3)
    distance = x.sum(axis=1) / np.sqrt(2) * (2 * y - 1)
    assert distance.min() >= 0.3
    x, y = datasets.overlapping(500, rng())
    distance = x.sum(axis=1) * (2 * y - 1)
    assert 0.05 < np.mean(distance < 0) < 0.45


def test_blobs_are_around_their_centres():
    centres = [(0, 0), (5, 5), (0, 9)]
    x, y = datasets.blobs(3000, rng(), centres=centres, std=0.5)
    for k, centre in enumerate(centres):
        np.testing.assert_allclose(x[y == k].mean(axis=0), centre, atol=0.1)
        assert x[y == k].std() == pytest.approx(np.hypot(0.5, np.std(centre)), rel=0.1)


def test_moons_without_noise_lie_on_two_half_circles():
    x, y = datasets.moons(200, rng(), noise=0.0)
    upper, lower = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1)


def test_a_triangle_may_be_given_in_either_direction():
    corners = [(0, 0), (1, 0), (0, 1)]
    x, inside = datasets.triangle(500, rng(), corners=corners, size=1.0)
    np.testing.assert_array_equal(inside, x.sum(axis=1) <= 1)
    _, same_side = datasets.triangle(500, rng(), corners=corners[::-1], size=1.0)
    np.testing.assert_array_equal(inside, same_side)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.blobs(5, rng(), centres=[1, 2]), "it must be .k, 2"),
        (lambda: datasets.blobs(5, rng(), std=-1), "blobs: std"),
        (lambda: datasets.moons(5, rng(), noise=-1), "moons: noise"),
        (lambda: datasets.separable(5, rng(), margin=1.0), "margin must be below 1"),
        (lambda: datasets.overlapping(5, rng(), noise=0), "noise must be above 0"),
        (lambda: datasets.triangle(5, rng(), size=0), "size must be above 0"),
        (lambda: datasets.triangle(5, rng(), corners=[(0, 0)]), "it must be .3, 2"),
        (lambda: datasets.triangle(5, rng(), corners=[(0, 0), (1, 1), (2, 2)]), "on one line"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
