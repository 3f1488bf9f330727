"""Transitions become delivered, acknowledged messages."""

__project__ = "tocsin"
