"""Both sweeps for a reader: steps, rules in symbols, tables, LaTeX, pages and pictures."""
