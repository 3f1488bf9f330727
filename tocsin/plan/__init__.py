"""What a change of the configuration would do, before it is in force: shown, numbered, and nothing else."""
