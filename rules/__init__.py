"""Readings become transitions of warnings; pure: no I/O, no clock, no await."""

__project__ = "tocsin"
