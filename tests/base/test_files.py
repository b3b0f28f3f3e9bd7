"""Files that nobody sees half of, whoever writes, is killed, or writes at the same time."""

import os
import threading
import time

import numpy as np
import pytest

import autodiff as ad
from autodiff import extend


def test_all_or_none(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"old")

    def interrupted():
        with extend.written(a, b) as (first, second):
            first.write(b"new")
            second.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert a.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_threads_may_write_one_path(tmp_path):
    e = ad.explain(np.sin, 0.5)
    path, errors = tmp_path / "e.html", []

    def write():
        try:
            for _ in range(5):
                e.html(path)
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert path.read_text(encoding="utf-8") == e.html()
    assert [p.name for p in tmp_path.iterdir()] == ["e.html"]


def test_what_killed_writers_left_is_removed_and_what_is_being_written_is_not(tmp_path):
    old, new = tmp_path / ".a.npz.1-00.part", tmp_path / ".a.npz.2-00.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 1e6,) * 2)
    extend.write_npz(tmp_path / "a.npz", {"x": np.ones(2)})
    assert {p.name for p in tmp_path.iterdir()} == {"a.npz", new.name}


def test_the_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(list(tmp_path.glob("a"))))
    with extend.written(tmp_path / "a") as (file,):
        file.write(b"x")
    assert synced == [[]]
    assert (tmp_path / "a").read_bytes() == b"x"


def test_errors_name_the_path_that_was_given(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, error in (
        (loop, OSError),
        (tmp_path, IsADirectoryError),
        (tmp_path / "nowhere" / "a", FileNotFoundError),
    ):
        with pytest.raises(error) as caught, extend.written(path):
            pass
        assert caught.value.filename == str(path)
    assert loop.is_symlink()


def test_a_link_stays_one(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with extend.written(link) as (file,):
        file.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_arrays_that_would_fill_the_memory_are_refused_unread(tmp_path):
    path = tmp_path / "zeros.npz"
    np.savez_compressed(path, x=np.zeros(10**6))
    with pytest.raises(ValueError, match=r"holds 8,000,\d+ bytes of arrays, more than the"):
        extend.read_npz(path)
    assert extend.read_npz(path, at_most=10**7)["x"].shape == (10**6,)


def test_a_program_for_all_values():
    program = extend.program_of(lambda x: np.sin(x) * 2, np.zeros(3))
    np.testing.assert_allclose(program(np.ones(3)), 2 * np.sin(1.0))
    assert all(node.value is None for node in program.operations)
    with pytest.raises(ad.NotDifferentiableError, match="x"):
        extend.program_of(lambda x: x if x > 0 else -x, 1.0)


def test_is_compiled():
    seen = []
    f = lambda x: (seen.append(extend.is_compiled(x)), x * x)[1]  # noqa: E731
    for transform in (lambda f: f, ad.grad, ad.jit(pure=True)):
        transform(f)(1.0)
    assert seen == [False, False, True]
