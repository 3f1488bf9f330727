"""Sensors, horns, phones and brokers that speak the wire, for drills, tests and demonstrations."""

__project__ = "tocsin"
