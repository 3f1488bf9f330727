"""Hours or days of a small city in which something fails every minute or so: `make soak HOURS=n`."""
