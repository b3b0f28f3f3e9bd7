"""autograd's extras: nests as vectors, optimizers, fixed points."""

from .flatten import flatten

__all__ = ["flatten"]
