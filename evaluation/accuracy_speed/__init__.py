"""How accurate a search is for the time it takes."""
