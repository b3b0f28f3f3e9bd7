"""What everything rests on and nothing mathematical: errors, shapes, files, trees of containers."""
