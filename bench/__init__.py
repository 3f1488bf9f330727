"""What the daemon sustains, what a message costs and how soon a warning stands, measured in one run."""
