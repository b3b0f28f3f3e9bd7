"""Writing files so that nobody ever sees half of one: under another name first, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from glob import escape
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

STREAMS = {"/dev/stdout": lambda: sys.stdout, "/dev/stderr": lambda: sys.stderr}
LEFT_OVER = 24 * 60 * 60  # seconds after which a temporary file is abandoned


@contextmanager
def written(*paths: Any) -> Iterator[list[BinaryIO]]:
    r"""Binary files to write to, one for each path. They get their names together, when the block
    ends; if an error ends it, or the process is killed, the files that had these names stay as they
    were.

    Any number of threads and processes may write the same path: the last one wins.

    >>> import tempfile, pathlib
    >>> from autodiff import extend
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "numbers.bin")
    ...     with extend.written(path) as (file,):
    ...         _ = file.write(bytes([1, 2, 3]))
    ...     path.read_bytes()
    b'\x01\x02\x03'
    """
    staged: list[Staged] = []
    try:
        for path in paths:
            staged.append(each := Staged(path))
            with named(path):
                each.open()
        yield [each.file for each in staged]
        for each in staged:
            with named(each.path):
                each.complete()
        for each in staged:
            with named(each.path):
                each.publish()
    finally:
        for each in staged:
            each.drop()


def write_all(texts: Mapping[Any, str | bytes]) -> None:
    """Write every text, or bytes, to its path: all of them or none."""
    with written(*texts) as files:
        for file, (path, text) in zip(files, texts.items(), strict=True):
            with named(path):
                file.write(text.encode() if isinstance(text, str) else text)


def write_text(text: str, path: Any) -> str:
    """Write `text` to `path`, if there is one, and return it."""
    if path is not None:
        write_all({path: text})
    return text


@contextmanager
def named(path: Any) -> Iterator[None]:
    """Let an error of the operating system name the user's path, not the temporary one."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


class Staged:
    """A file that is written beside its target; or, where that is a pipe or a terminal, which
    cannot be replaced, in memory until it is complete."""

    def __init__(self, path: Any) -> None:
        self.path = path
        self.target = Path(os.path.realpath(path))  # through a link, which stays one
        self.beside: Path | None = None
        self.file: BinaryIO = BytesIO()

    def open(self) -> None:
        if str(self.path) in STREAMS or (
            self.target.exists() and not is_file_or_folder(self.target)
        ):
            return
        check_writable(self.target)
        self.beside = beside(self.target)
        # Not tempfile.mkstemp: other users may not read its files.
        handle = os.open(self.beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        self.file = os.fdopen(handle, "wb")

    def complete(self) -> None:
        """All of it on the disk, so that no power cut leaves a name with an empty file."""
        self.file.flush()
        if self.beside is not None:
            os.fsync(self.file.fileno())
            self.file.close()
            if self.target.exists():
                shutil.copymode(self.target, self.beside)

    def publish(self) -> None:
        if self.beside is not None:
            self.beside.replace(self.target)
        elif str(self.path) in STREAMS:  # it may be a pipe, or a file that others write into too
            stream = STREAMS[str(self.path)]()
            stream.write(self.file.getvalue().decode())  # type: ignore[attr-defined]
            stream.flush()
        else:
            self.target.write_bytes(self.file.getvalue())  # type: ignore[attr-defined]

    def drop(self) -> None:
        if self.beside is not None:
            with suppress(OSError):
                self.file.close()
            self.beside.unlink(missing_ok=True)


def is_file_or_folder(target: Path) -> bool:
    return target.is_file() or target.is_dir()


def beside(target: Path) -> Path:
    """A name that no other writer has; the files that killed writers left beside `target` are
    removed."""
    start = f".{target.name[:80]}."
    for old in target.parent.glob(f"{escape(start)}*.part"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > LEFT_OVER:
                old.unlink()
    return target.parent / f"{start}{os.getpid()}-{os.urandom(8).hex()}.part"


def check_writable(target: Path) -> None:
    """Renaming would replace a file that may not be written."""
    if target.is_symlink():  # to itself
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"there is no directory {target.parent}")
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
