"""Explain everything at once: parts of a Parquet data set, made by processes here or by Ray."""
