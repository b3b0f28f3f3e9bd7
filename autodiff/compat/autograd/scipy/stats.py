"""Distributions: those of `autodiff.stats`."""

from .... import stats as ours
from .borrowed import names_from

__getattr__ = names_from("scipy.stats", ours)
