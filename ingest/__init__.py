"""Bytes from the broker become a durable journal, readings, and points of the time-series database."""

__project__ = "tocsin"
