"""Conditional generators, and what belongs to them."""
