"""The commands of `igc-tf`: one file each, a function that tyro turns into a command line."""
