"""Inputs for the products."""

from __future__ import annotations

import numpy as np
from strategies import Case, Draw, inputs_for

from autodiff.rules.primitive import Primitive


@inputs_for("matmul")
def matmul(draw: Draw, row: Primitive) -> Case:
    n, k, m = (draw.integer(0, 3) for _ in range(3))
    left, right = draw.broadcastable(2)
    left, right = (k,) if draw.integer(0, 3) == 0 else (*left[-1:], n, k), (*right[-1:], k, m)
    if draw.integer(0, 3) == 0:
        right = (k,)
    return Case(row, (draw.values(left), draw.values(right)))


@inputs_for("dot")
def dot(draw: Draw, row: Primitive) -> Case:
    k = draw.integer(0, 3)
    left, right = draw.shape(max_dims=2), draw.shape(max_dims=2)
    ends = draw.one_of(((*left, k), ())), draw.one_of(((k,), (*right, k, 2), ()))
    return Case(row, (draw.array(ends[0]), draw.array(ends[1])))


CONTRACTIONS = (
    *("ij,jk->ik", "i,i->", "i,j->ij", "ij->ji", "ij->", "ij->j", "ii->i", "ii->", "iij->j"),
    *("bij,bjk->bik", "ij,ij,ij->i", "ij,jk,kl->il", "iij,jk->ki", ",i->i", "abc,ad->bd"),
)


@inputs_for("einsum")
def einsum(draw: Draw, row: Primitive) -> Case:
    subscripts = draw.one_of(CONTRACTIONS)
    side = {c: draw.integer(0, 3) for c in "abcdijkl"}
    shapes = [tuple(side[c] for c in term) for term in subscripts.split("->")[0].split(",")]
    arrays = tuple(map(draw.array, shapes))
    return Case(row, arrays, {"subscripts": subscripts, "optimize": draw.boolean()})


@inputs_for("inner")
def inner(draw: Draw, row: Primitive) -> Case:
    k = draw.integer(0, 3)
    left, right = (*draw.shape(max_dims=2), k), (*draw.shape(max_dims=2), k)
    return Case(row, (draw.values(left), draw.values(right)))


@inputs_for("vecdot", "matvec", "vecmat")
def of_vectors(draw: Draw, row: Primitive) -> Case:
    n, m = draw.integer(0, 3), draw.integer(0, 3)
    left, right = draw.broadcastable(2)
    left, right = left[-1:], right[-1:]
    cores = {"vecdot": ((n,), (n,)), "matvec": ((m, n), (n,)), "vecmat": ((n,), (n, m))}
    first, second = cores[row.name]
    a, b = draw.values((*left, *first)), draw.values((*right, *second))
    conjugates = row.name in ("vecdot", "vecmat")  # NumPy's functions, not the rows
    return Case(row, (a, b), numpy=lambda a, b: row.numpy(np.conj(a) if conjugates else a, b))
