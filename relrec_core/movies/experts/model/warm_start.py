"""Where taste begins: the factors of the ratings that are to be learnt.

He et al. 2017 (section 3.4.1) start their network from a trained factorisation, because the loss
is not convex. Here it is that of alternating least squares on implicit feedback.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from relrec_core.movies.experts.data.inputs import TASTE_SPREAD
from relrec_core.movies.model.threads import one_blas_thread
from relrec_core.movies.model.weights import Floats

REGULARISATION, ALPHA, ITERATIONS = 30.0, 5.0, 15
"""The best of four settings on the validation films of MovieLens 100K, and of 1M."""


def factors(known: sparse.csr_matrix, size: int, seed: int) -> tuple[Floats, Floats]:
    """The factors of (U, I) ratings, each side scaled to `TASTE_SPREAD`.

    Returns:
        (U, size) of viewers and (I, size) of films.
    """
    from implicit.als import AlternatingLeastSquares

    with one_blas_thread():  # implicit has its own threads
        model = AlternatingLeastSquares(
            factors=size,
            regularization=REGULARISATION,
            alpha=ALPHA,
            iterations=ITERATIONS,
            random_state=seed,
            use_gpu=False,
        )
        model.fit(known, show_progress=False)
    viewers, films = (np.asarray(side) for side in (model.user_factors, model.item_factors))
    return viewers * (TASTE_SPREAD / viewers.std()), films * (TASTE_SPREAD / films.std())
