"""How well warnings told of what really happened."""
