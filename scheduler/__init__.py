"""Pure rules of time."""
