"""Products: pixels that made two products related (Bharadhwaj, EARS 2018)."""
