"""The DCGAN and CGAN coursework: its variants trained, scored, and put into the classifier."""
