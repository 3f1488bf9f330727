"""Exercises: a simulated town around the shipped daemon, sealed from live service."""
