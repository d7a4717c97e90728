"""The C library's allocator, told that a training step asks for the same memory again and again."""

import ctypes
import functools
import sys

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
"""The names of glibc's settings, as `mallopt(3)` numbers them."""


@functools.cache
def keep_freed_memory() -> bool:
    """Keep freed pages in the process instead of giving them back and faulting them in again.

    For the whole process, once. It says whether the allocator took it: only glibc knows how.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library
        return False
    wanted = {MMAP_THRESHOLD: 1 << 30, TRIM_THRESHOLD: 2**31 - 4096, TOP_PAD: 64 << 20}
    taken = [mallopt(name, value) == 1 for name, value in wanted.items()]
    return all(taken)
