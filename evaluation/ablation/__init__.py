"""What each part of the training brings."""
