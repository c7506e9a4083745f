"""Tables and figures, each from one run that leaves its files in one directory."""
