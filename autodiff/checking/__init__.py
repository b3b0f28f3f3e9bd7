"""Whether a derivative is right, and what is wrong where it is not: check and diagnose."""
