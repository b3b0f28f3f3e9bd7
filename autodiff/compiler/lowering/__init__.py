"""Rows of the table as instructions."""
