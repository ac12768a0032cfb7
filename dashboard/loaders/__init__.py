"""Cached models and results, a module a wing: a page imports what it shows and nothing else."""
