"""Products of matrices and what LAPACK does, inside native code."""
