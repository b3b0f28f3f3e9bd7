"""What a row of the table is, and how both modes follow from it, kind by kind."""
