"""The composition root and the command line: the only package that imports everything."""

__project__ = "tocsin"
