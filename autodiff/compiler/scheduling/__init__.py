"""Which instructions share a loop, in what order they run, and what repeats."""
