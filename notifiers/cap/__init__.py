"""Bulletins as OASIS CAP 1.2: documents, what must hold of them, and the folder that a web server shows."""
