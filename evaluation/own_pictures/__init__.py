"""Pictures of one's own: sets that are made here, each read by the library and by a plain CNN."""
