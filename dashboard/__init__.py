"""What people see. Imported before any library that computes in threads."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
"""Threads of one computation that wait for one another let others have the core: spinning, they
took nine tenths of the processor as soon as another visitor was there."""
