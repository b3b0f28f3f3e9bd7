"""Files that are killed over, damaged, or written by many at once: nothing torn, one clear error.

A small share of each runs here; HYPOTHESIS_PROFILE=nightly runs 50 kills and 2000 mutants of every
kind of file.
"""

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from training_runs import blobs, network, trained

import autodiff as ad
from autodiff.extend import write_npz
from nn.datasets import load_mnist

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
X = np.arange(5.0)
KILLS, MUTANTS = (50, 2000) if NIGHTLY else (3, 60)

TRAINING = """
    import sys
    sys.path.insert(0, sys.argv[1])
    from training_runs import blobs, network, trained
    while True:
        trained(network(), *blobs(30), epochs=6, checkpoint="run.npz", jit=False)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there are no signals to kill by")
def test_training_that_is_killed_goes_on(tmp_path):
    """Whenever it is killed, the checkpoint is whole, and the run ends in the same bits."""
    path = tmp_path / "run.npz"
    whole = trained(network(), *blobs(30), epochs=6, jit=False)[0].state_dict()
    command = [sys.executable, "-c", textwrap.dedent(TRAINING), str(Path(__file__).parent)]
    random = np.random.default_rng(0)
    for _ in range(KILLS):
        path.unlink(missing_ok=True)
        process = subprocess.Popen(command, cwd=tmp_path)
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.05))
        process.kill()
        process.wait()
        model, _ = trained(network(), *blobs(30), epochs=6, jit=False, checkpoint=path, resume=True)
        for name, array in model.state_dict().items():
            np.testing.assert_array_equal(array, whole[name])


def program(path):
    ad.trace(lambda x: np.sum(np.sin(x) * np.arange(4.0)) ** 2, np.ones(4)).save(path)


def checkpoint(path):
    trained(network(), *blobs(30), epochs=1, jit=False, checkpoint=path)


def dataset(path):
    images, labels = np.zeros((5, 28, 28), np.uint8), np.arange(5, dtype=np.uint8)
    write_npz(path, {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels})


KINDS = {
    "program": (program, lambda path: ad.load(path)(np.ones(4))),
    "checkpoint": (
        checkpoint,
        lambda path: trained(
            network(), *blobs(30), epochs=1, jit=False, checkpoint=path, resume=True
        ),
    ),
    "data set": (dataset, load_mnist),
}


def damaged(data, random):
    """One of the ways in which bytes come to harm."""
    data, place = bytearray(data), int(random.integers(len(data)))
    length = int(random.integers(1, 40))
    match random.integers(5):
        case 0:
            data[place] ^= 1 << int(random.integers(8))
        case 1:
            data[place : place + length] = random.bytes(length)
        case 2:
            del data[place:]
        case 3:
            del data[place : place + length]
        case 4:
            data[place:place] = data[:length]
    return bytes(data)


def rearranged(data, random):
    """A whole archive whose members are not what they were: their contents, not their bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    one, other = random.choice(sorted(held), 2)
    match random.integers(4):
        case 0:
            del held[one]
        case 1:
            held[one] = held[other]
        case 2:
            held[one] = damaged(held[one], random)
        case 3:
            file = io.BytesIO()
            made = ([1.5, 2.5], "[1]", "{}", -1, [[True]], 1j, "é", 10**18)
            np.save(file, np.array(made[random.integers(len(made))]))
            held[one] = file.getvalue()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_mutants_are_read_or_refused(kind, tmp_path):
    write, read = KINDS[kind]
    path = tmp_path / "file.npz"
    write(path)
    data = path.read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for k in range(MUTANTS):
        path.write_bytes((damaged, rearranged)[k % 2](data, random))
        try:
            with np.errstate(all="ignore"):
                read(path)
        except (ad.AutodiffError, ValueError):
            refused += 1
    assert refused > MUTANTS / 4


@pytest.mark.parametrize("kind", ["checkpoint", "program", "data set"])
def test_what_unpacks_to_much_more_is_refused_before_it_is_read(kind, tmp_path):
    """A bomb: a mebibyte that would be a gibibyte."""
    write, read = KINDS[kind]
    path = tmp_path / "file.npz"
    write(path)
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in held if name.endswith(".npy"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for other in held.keys() - {name}:
            archive.writestr(other, held[other])
        with archive.open(name, "w", force_zip64=True) as member:
            header = {"descr": "|u1", "fortran_order": False, "shape": (2**30,)}
            np.lib.format.write_array_header_1_0(member, header)
            for _ in range(2**30 // 2**24 if NIGHTLY else 8):
                member.write(bytes(2**24))
    assert path.stat().st_size < 2**21
    tracemalloc.start()
    try:
        with pytest.raises((ad.AutodiffError, ValueError)):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_eight_threads_write_one_path(tmp_path):
    explanation, graph = ad.explain(np.sin, 0.5), ad.trace(np.sin, 0.5)
    path = tmp_path / "file"
    writers = [explanation.html, explanation.latex, graph.save, lambda p: write_npz(p, {"a": X})]
    texts = {explanation.html().encode(), explanation.latex().encode()}

    def write(k):
        for _ in range(5):
            writers[k % len(writers)](path)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    if path.read_bytes() not in texts:  # an archive, then
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            assert archive.namelist() in (["a.npy"], ["program.json"])
    assert list(tmp_path.iterdir()) == [path]
