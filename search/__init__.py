"""search finds entries; it knows nothing of items or accounts."""
