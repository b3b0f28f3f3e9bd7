"""Sparse Jacobians and Hessians: patterns found in the program, colours, compressed sweeps."""

from __future__ import annotations

from .pattern import Pattern
from .sparsity import hessian_sparsity, sparsity

__all__ = ["Pattern", "hessian_sparsity", "sparsity"]
