"""The compiled tier: a traced program, simplified, fused into loops, and run as machine code."""
