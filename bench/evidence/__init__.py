"""What Tocsin makes of real records that nobody wrote for it (docs/evidence.md)."""
