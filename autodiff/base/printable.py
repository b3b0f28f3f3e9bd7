"""Text of users and of files as it may be printed: nothing in it moves a cursor."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""`text`, with control characters as they are written in a string of Python: ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
