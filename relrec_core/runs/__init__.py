"""Training runs: their settings, their folder, their process and who may write."""
