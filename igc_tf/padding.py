"""What stands behind the end of a sequence that is shorter than others in its array."""

# far outside of any data, exact in float32, and finite: gradients of what is not compared are 0
PADDING = -1000.0
