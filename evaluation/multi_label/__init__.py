"""Several labels per digit, beside LeNet."""
