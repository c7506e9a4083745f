"""Digits of other writers, in 8×8 pixels, read by the library and by plain networks."""
