"""How a theme is called that is no genre."""

from __future__ import annotations

LIKE = "Like "
"""Before the title that names a cluster of movies: 'Like Fargo (1996)'."""
