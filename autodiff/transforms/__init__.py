"""The transforms: gradients, Jacobians, batches, and the user's own derivatives."""
