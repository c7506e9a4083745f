"""The choice of search settings on validation digits."""
