"""Digits in poses that no training set held, read by the library and by plain networks."""
