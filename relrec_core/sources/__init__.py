"""Data and weights that are downloaded, never shipped: where they are and how they are got."""
