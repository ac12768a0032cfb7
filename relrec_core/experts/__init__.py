"""Networks split into experts that each read a known subset of the inputs."""

from pathlib import Path

SOURCES = tuple(
    file
    for file in sorted(Path(__file__).parent.glob("*.py"))
    if file.stem not in ("benchmark", "toy")
)
"""The code that a network of experts depends on."""
