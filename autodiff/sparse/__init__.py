"""Sparse Jacobians and Hessians: patterns found in the program, colours, compressed sweeps."""

from __future__ import annotations

from .entries import Entries
from .jacobian import SparseJacobian, sparse_jacobian
from .pattern import Pattern
from .sparsity import hessian_sparsity, sparsity

__all__ = [
    "Entries",
    "Pattern",
    "SparseJacobian",
    "hessian_sparsity",
    "sparse_jacobian",
    "sparsity",
]
