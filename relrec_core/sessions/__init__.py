"""Skip prediction: will a listener skip the next tracks, and which inputs decide it."""
