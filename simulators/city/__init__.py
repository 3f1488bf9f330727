"""The sensors of a city behind their gateways: who they are, what they say, and the process that says it."""
