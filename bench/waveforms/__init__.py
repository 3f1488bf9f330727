"""Pictures of the simulators' waveforms with the thresholds of the shipped rules."""
