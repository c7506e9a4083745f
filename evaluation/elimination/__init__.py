"""How many classes may be dropped after the encoder's pass."""
