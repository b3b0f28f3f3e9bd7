"""Freed memory is kept for the next array: arrays of one size are allocated again and again."""

import numpy as np


def keep_freed_memory() -> None:
    """Let the allocator keep up to 64 MB of what is freed for the next array.

    A sweep allocates and frees many arrays of one size. glibc gives freed memory at the top of the
    heap back to the system beyond twice the largest block that it has seen freed, and then every
    array is paged in anew: up to half of the time of a gradient over 10^6 doubles
    (benchmarks/eager.py). One large block, freed untouched, raises that limit to its largest; no
    page of it is ever used. Source: mallopt(3), M_MMAP_THRESHOLD.
    """
    np.empty(2**25 - 2**16, np.uint8)
