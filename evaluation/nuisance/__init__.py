"""Whether what is said of an image's bending is so, of digits that were bent in known ways."""
