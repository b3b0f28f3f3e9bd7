"""The class of a tracked array, under autograd's name."""

from ....arrays.tensor import Tensor as ArrayBox
from ..tracer import Box

__all__ = ["ArrayBox", "Box"]
