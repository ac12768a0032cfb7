"""An invented catalogue: tracks with names, genres, years and audio features in Spotify's schema.

A track has a place on two axes that decide what it fits to: its mood, an angle on the circle of
arousal and valence, and its year. All audio features follow from mood and genre, with noise;
duration and popularity follow from the year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from relrec_core.errors import ConfigError
from relrec_core.sessions.data.schema import ACOUSTIC, MODES, TRACK_KEY

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int32]

FIRST_YEAR, LAST_YEAR = 1955, 2018
MOODS = 24
"""Steps of 15 degrees on the circle of moods."""
YEARS = LAST_YEAR - FIRST_YEAR + 1
SMALLEST = MOODS * YEARS
"""Tracks needed for at least one of each mood and year."""

GENRES = (
    "harbour pop",
    "bright disco",
    "sunroom funk",
    "garden soul",
    "porch folk",
    "slow tide",
    "night choir",
    "rain blues",
    "attic noise",
    "iron rock",
    "pulse techno",
    "neon house",
)
_SYLLABLES = ("ba", "del", "fi", "gro", "ha", "jun", "ka", "lor", "mi", "nev", "or", "pel", "ru")
_WORDS = ("amber", "borrowed", "copper", "distant", "early", "folded", "gentle", "hidden", "idle")
_THINGS = ("avenue", "bridge", "candle", "door", "echo", "field", "garden", "harbour", "island")
_PLACES = ("at dawn", "for two", "in June", "of glass", "on fire", "to nowhere", "without you", "")


@dataclass(frozen=True)
class Catalogue:
    """T tracks in Spotify's schema, sorted by mood and year, with what the simulator needs.

    `starts` (moods * years + 1) bounds the tracks of each cell: cell = mood * YEARS + year.
    """

    frame: pl.DataFrame
    mood: npt.NDArray[np.int64]
    year: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    def choose(
        self,
        mood: npt.NDArray[np.int64],
        year: npt.NDArray[np.int64],
        draw: npt.NDArray[np.float32],
    ) -> Indices:
        """A track of each mood and calendar year; `draw` in [0, 1) says which of them."""
        cell = (mood % MOODS) * YEARS + (year - FIRST_YEAR)
        count = self.starts[cell + 1] - self.starts[cell]
        return np.asarray(self.starts[cell] + (draw * count).astype(np.int64), dtype=np.int32)


def catalogue(tracks: int = 20_000, seed: int = 0) -> Catalogue:
    """Draw a catalogue; the same seed gives the same one."""
    if tracks < SMALLEST:
        raise ConfigError(f"A catalogue needs at least {SMALLEST:,} tracks, not {tracks:,}.")
    draw = np.random.default_rng([seed, 1])
    cells = np.sort(np.append(np.arange(SMALLEST), draw.integers(0, SMALLEST, tracks - SMALLEST)))
    mood, year = np.divmod(cells, YEARS)
    genre = (mood // 2 + (draw.random(tracks) < 0.15) * draw.integers(0, 12, tracks)) % len(GENRES)
    frame = pl.DataFrame(
        {
            TRACK_KEY: [f"t_{seed:08x}-{i:08x}" for i in range(tracks)],
            **_names(genre, draw),
            **_general(year, draw),
            **_audio(mood, genre, draw),
        }
    )
    return Catalogue(
        frame=frame,
        mood=mood,
        year=year + FIRST_YEAR,
        starts=np.searchsorted(cells, np.arange(SMALLEST + 1)),
    )


def _names(genre: npt.NDArray[np.int64], draw: np.random.Generator) -> dict[str, list[str]]:
    n = len(genre)
    singers = draw.integers(0, max(n // 25, 12), n) // len(GENRES) * len(GENRES) + genre
    titles = draw.integers(0, [len(_WORDS), len(_THINGS), len(_PLACES)], (n, 3))
    return {
        "track_name": [
            f"{_WORDS[a]} {_THINGS[b]} {_PLACES[c]}".strip().title() for a, b, c in titles
        ],
        "artist": [_singer(int(number)) for number in singers],
        "genre": [GENRES[int(number)] for number in genre],
    }


def _singer(number: int) -> str:
    base = len(_SYLLABLES)
    parts = [number % base, number * 7 // base % base, number * 3 // base**2 % base, number % 11]
    first, second, third, fourth = (_SYLLABLES[p] for p in parts)
    return f"{first}{second} {third}{fourth}".title()


def _general(year: npt.NDArray[np.int64], draw: np.random.Generator) -> dict[str, Floats]:
    """Newer tracks are longer and better known; all three tell of the time, with noise."""
    newness = year / (YEARS - 1)
    duration = (150 + 150 * newness) * np.exp(draw.normal(0, 0.06, len(year)))
    unknown = (1 + 6 * (1 - newness)) * np.exp(draw.normal(0, 0.15, len(year)))
    return {
        "duration": duration.round(2),
        "release_year": (year + FIRST_YEAR).astype(np.float64),
        "us_popularity_estimate": (100 - unknown).round(4),
    }


def _audio(
    mood: npt.NDArray[np.int64], genre: npt.NDArray[np.int64], draw: np.random.Generator
) -> dict[str, Floats | list[str]]:
    n = len(mood)
    angle = (mood + draw.uniform(-0.5, 0.5, n)) * (2 * np.pi / MOODS)
    arousal, valence = np.cos(angle), np.sin(angle)

    def share(arousing: float, pleasing: float, noise: float = 0.08) -> Floats:
        """A feature from 0 to 1 that follows the mood."""
        value = 0.5 + arousing * arousal + pleasing * valence + draw.normal(0, noise, n)
        return np.asarray(np.clip(value, 0, 1).round(5))

    mixing = np.random.default_rng(8).normal(size=(2, len(ACOUSTIC))) * 0.35
    colour = np.random.default_rng(9).normal(size=(len(GENRES), len(ACOUSTIC))) * 0.12
    vectors = np.stack([arousal, valence], axis=1) @ mixing + colour[genre]
    vectors += draw.normal(0, 0.05, vectors.shape)
    return {
        "acousticness": share(-0.35, 0.0),
        "beat_strength": share(0.25, 0.1),
        "bounciness": share(0.15, 0.2),
        "danceability": share(0.1, 0.25),
        "dyn_range_mean": (share(-0.2, 0.05) * 12 + 2).round(4),
        "energy": share(0.38, 0.05),
        "flatness": (share(0.1, 0.0) * 0.2 + 0.9).round(5),
        "instrumentalness": share(0.0, -0.15, 0.2),
        "liveness": share(0.05, 0.0, 0.15),
        "loudness": (share(0.3, 0.0) * 20 - 22).round(3),
        "mechanism": share(0.25, 0.0, 0.12),
        "organism": share(-0.25, 0.0, 0.12),
        "speechiness": (share(0.1, 0.0) * 0.4).round(5),
        "tempo": (share(0.25, 0.05, 0.12) * 120 + 60).round(3),
        "time_signature": draw.choice([3.0, 4.0, 4.0, 4.0, 4.0, 5.0], n),
        "valence": share(0.05, 0.38),
        "key": draw.integers(0, 12, n).astype(np.float64),
        "mode": [MODES[int(m)] for m in valence + draw.normal(0, 0.5, n) > 0],
        **{name: vectors[:, i].round(6) for i, name in enumerate(ACOUSTIC)},
    }
