"""Linear algebra: `autodiff.linalg`, and SciPy's own, which takes plain arrays, for other names."""

from .... import linalg as ours
from .borrowed import names_from

__getattr__ = names_from("scipy.linalg", ours)
