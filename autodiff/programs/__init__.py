"""Programs as graphs: traced, named, printed, saved and loaded."""
