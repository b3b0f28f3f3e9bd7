"""A program as one readable function of NumPy calls."""
