"""Sparse Jacobians and Hessians: patterns found in the program, colours, compressed sweeps."""
