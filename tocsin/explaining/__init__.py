"""Why a warning is there and what became of it, and why there is none."""
