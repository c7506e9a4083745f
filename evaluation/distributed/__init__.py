"""What classification in parts costs, and survives: overhead, kills, memory; 10⁹ images."""
