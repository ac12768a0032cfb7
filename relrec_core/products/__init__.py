"""Products: pixels that made two products related (Bharadhwaj 2018)."""
