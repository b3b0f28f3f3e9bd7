"""Locks that a forked process finds free, whatever other threads were doing."""

from __future__ import annotations

import os
from typing import Any, TypeVar

L = TypeVar("L")
LOCKS: list[Any] = []  # in the order in which they are taken
TAKEN: list[list[Any]] = []  # by the thread that forks


def held_while_forking(lock: L, first: bool = False) -> L:
    """The lock itself. Whoever forks takes it before, and so waits until what it guards is whole:
    the child has a copy of that, and of the lock, but not the threads that would let go of it.

    A lock under which others are taken is taken `first`.
    """
    LOCKS.insert(0 if first else len(LOCKS), lock)
    return lock


def take() -> None:
    locks: list[Any] = []
    while (lock := next((x for x in LOCKS if x not in locks), None)) is not None:
        lock.acquire()  # and by then there may be more
        locks.append(lock)
    TAKEN.append(locks)


def let_go() -> None:
    for lock in reversed(TAKEN.pop()):
        lock.release()


if hasattr(os, "register_at_fork"):  # elsewhere there is no fork
    os.register_at_fork(before=take, after_in_parent=let_go, after_in_child=let_go)
