"""A threshold against what its rule would have done on the history."""
