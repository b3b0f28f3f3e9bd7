"""Derivatives that the user writes."""
