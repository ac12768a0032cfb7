"""Networks split into experts that each read a known subset of the inputs."""
