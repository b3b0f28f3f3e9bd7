"""Neural networks as a thin layer on `autodiff`: it contains no derivative of its own."""
