"""What `diagnose` looks for, one module each; `program` holds what all of them read."""
