"""Thin command lines over the core, one verb each."""
