"""The tracked array: a value and the node that watches it, with the interface of a NumPy array."""
