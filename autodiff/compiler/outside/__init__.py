"""What a compiled function reads beside its arguments: found, watched, and handed in."""
