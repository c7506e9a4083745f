"""What `igc-tf serve` does under load, and with requests that are slow, huge or no requests."""
