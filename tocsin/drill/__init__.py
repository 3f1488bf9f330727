"""Drills: a storyline played against a daemon of its own, and what came of it beside what was expected."""
