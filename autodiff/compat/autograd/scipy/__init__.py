"""`autograd.scipy`: functions of SciPy's. Those that are missing say so when they are used."""

from . import integrate, linalg, signal, special, stats

__all__ = ["integrate", "linalg", "signal", "special", "stats"]
