"""The classifier under attack, beside its rivals."""
