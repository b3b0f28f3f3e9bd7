"""Loops and branches on values, as plain Python outside of a program and as one row inside."""
