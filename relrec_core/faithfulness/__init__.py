"""Faithfulness: do the named reasons matter? Measured by taking them away."""
