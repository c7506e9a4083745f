"""Other libraries' errors, told in one line."""


def first_line(error):
    """Returns the first line of an exception's message, or its type's name if it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
