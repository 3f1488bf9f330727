"""What the command centre sees."""

__project__ = "tocsin"
