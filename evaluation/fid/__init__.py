"""FID and KID of a generator's images."""
