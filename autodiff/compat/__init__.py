"""Names of other engines, on this one: `autograd` has those of HIPS autograd."""
