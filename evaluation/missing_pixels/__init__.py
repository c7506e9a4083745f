"""Digits of which pixels are missing, read by the library and by plain networks."""
