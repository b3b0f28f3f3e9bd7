"""The command line: `autodiff explain` and `autodiff doctor`."""
