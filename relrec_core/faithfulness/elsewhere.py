"""The same shape at other places of a grid: what a deletion test of areas compares with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]


def elsewhere(marked: Bools, repetitions: int, rng: np.random.Generator) -> Bools:
    """The marked cells turned, mirrored and shifted; what leaves at one side enters at the other.

    Number and shape stay. A map that knows nothing is as likely to mark any of these places, so
    that, whatever shape it marks, it beats `repetitions` of them with a probability of at most
    1 / (repetitions + 1): a test by transformations under which the hypothesis stays the same
    (Hemerik and Goeman 2018, theorem 2). Of scattered cells this holds for scattered maps only.

    Args:
        marked: (n, n) with some cells marked, but not all.
        repetitions: R.
        rng: draws the places; one twice only where there are fewer than R.

    Returns:
        (R, n, n), none of them as marked.
    """
    side = len(marked)
    turned = [np.rot90(one, turns) for one in (marked, marked.T) for turns in range(4)]
    rolled = [np.roll(one, shift, 0) for one in turned for shift in range(side)]
    every = np.array([np.roll(one, shift, 1) for one in rolled for shift in range(side)])
    every = every.reshape(-1, side * side)
    _, first = np.unique(np.packbits(every, axis=1), axis=0, return_index=True)
    places = every[first]
    places = places[(places != marked.ravel()).any(axis=1)]
    chosen = rng.choice(len(places), repetitions, replace=len(places) < repetitions)
    return np.asarray(places[chosen].reshape(-1, side, side))
