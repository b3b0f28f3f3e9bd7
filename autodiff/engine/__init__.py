"""The graph, and the sweeps over it: forward mode, reverse mode, batching, Taylor mode."""
