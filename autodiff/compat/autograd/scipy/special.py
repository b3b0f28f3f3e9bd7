"""Special functions: SciPy's ufuncs, and `autodiff.special` where SciPy's is a Python function."""

from .... import special as ours
from .borrowed import names_from

__getattr__ = names_from("scipy.special", ours)
