"""Imports the package before pytest collects its modules one by one, so that `autodiff.explain`
stays the function of that name."""

import autodiff  # noqa: F401
