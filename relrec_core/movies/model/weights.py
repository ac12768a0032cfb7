"""A trained RecoNet as plain arrays: all that recommending and explaining needs, without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.errors import CheckpointError
from relrec_core.movies.data.features import FILM, FeatureSpace, Indices
from relrec_core.movies.data.interactions import MovieData

if TYPE_CHECKING:
    from relrec_core.movies.model.network import RecoNet

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """A trained RecoNet as plain arrays, and the vocabulary it was trained with.

    Softmax does not change when the same number is added to all logits, so the output weights are
    stored with their mean over films removed: a logit of 0 is the average film's, and a relevance
    means "more than for the average film".
    """

    embeddings: Floats  # (F, d)
    outputs: Floats  # (V, d) or (V, h)
    layer: Floats | None  # (h, d)
    layer_bias: Floats | None  # (h,)
    kinds: tuple[str, ...]
    values: tuple[str, ...]
    dataset_hash: str

    @classmethod
    def of(cls, net: RecoNet, space: FeatureSpace, dataset_hash: str) -> Self:
        """Of a trained network; outputs are centred, which changes no softmax and no ranking."""
        arrays = {k: v.detach().cpu().numpy().copy() for k, v in net.state_dict().items()}
        outputs = arrays["outputs"].astype(np.float64)
        return cls(
            embeddings=arrays["embeddings"],
            outputs=(outputs - outputs.mean(axis=0)).astype(np.float32),
            layer=arrays.get("layer.weight"),
            layer_bias=arrays.get("layer.bias"),
            kinds=space.kinds,
            values=space.values,
            dataset_hash=dataset_hash,
        )

    @classmethod
    def joined(cls, members: Sequence[Self]) -> Self:
        """One RecoNet whose logits are the mean of those of K members, of all their dimensions.

        Embeddings (F, d_1 + ... + d_K) are theirs side by side, output weights (V, d_1 + ... + d_K)
        theirs over K: W h / K summed over members, exactly.

        Raises:
            CheckpointError: they were trained on different data, or one has hidden units.
        """
        first = members[0]
        if any(
            (one.kinds, one.values, one.dataset_hash)
            != (first.kinds, first.values, first.dataset_hash)
            for one in members
        ):
            raise CheckpointError(
                "Models that were trained on different data or attributes cannot be joined."
            )
        if any(one.layer is not None for one in members):
            raise CheckpointError("A RecoNet with hidden units cannot be joined with others.")
        k = len(members)
        return replace(
            first,
            embeddings=np.concatenate([one.embeddings for one in members], axis=1),
            outputs=np.concatenate([one.outputs / np.float32(k) for one in members], axis=1),
        )

    @property
    def n_items(self) -> int:
        """V, how many movies are ranked."""
        return len(self.outputs)

    def hidden(self, x: Floats) -> Floats:
        """Pooled profiles (..., d) -> what the output layer reads, (..., d) or (..., h)."""
        if self.layer is None or self.layer_bias is None:
            return x
        return np.asarray(np.maximum(x @ self.layer.T + self.layer_bias, 0), dtype=np.float32)

    def pool(self, bag: Indices) -> Floats:
        """Average of the profile's embeddings, (d,); zero for an empty profile."""
        if len(bag) == 0:
            return np.zeros(self.embeddings.shape[1], dtype=np.float32)
        return np.asarray(self.embeddings[bag].sum(axis=0) / len(bag), dtype=np.float32)

    def logits(self, bag: Indices) -> Floats:
        """Scores of all films for one profile, (V,)."""
        return np.asarray(self.outputs @ self.hidden(self.pool(bag)), dtype=np.float32)

    def users(self, bags: sparse.csr_matrix) -> Floats:
        """What the output layer reads of many profiles: (B, F) -> (B, d) or (B, h)."""
        sizes = np.maximum(np.diff(bags.indptr), 1).astype(np.float32)
        return self.hidden(np.asarray((bags @ self.embeddings) / sizes[:, None], dtype=np.float32))

    def logits_of_all(self, bags: sparse.csr_matrix) -> Floats:
        """Scores of all films for many profiles: (B, F) -> (B, V)."""
        return np.asarray(self.users(bags) @ self.outputs.T, dtype=np.float32)

    def arrays(self) -> dict[str, Floats]:
        """Everything to store, with the vocabulary kept as text beside it (`metadata`)."""
        arrays = {"embeddings": self.embeddings, "outputs": self.outputs}
        if self.layer is not None and self.layer_bias is not None:
            arrays |= {"layer": self.layer, "layer_bias": self.layer_bias}
        return arrays

    def metadata(self) -> dict[str, str]:
        """What a checkpoint must say to be read again."""
        return {
            "model": "reconet",
            "kinds": json.dumps(self.kinds),
            "values": json.dumps(self.values),
            "dataset_hash": self.dataset_hash,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Floats], metadata: Mapping[str, str]) -> Self:
        """Inverse of `arrays` and `metadata`; raises `CheckpointError` on anything else."""
        try:
            if metadata["model"] != "reconet":
                raise CheckpointError(
                    f"This checkpoint holds a '{metadata['model']}' model, not a RecoNet."
                )
            kinds, values = (tuple(json.loads(metadata[k])) for k in ("kinds", "values"))
            weights = cls(
                embeddings=arrays["embeddings"],
                outputs=arrays["outputs"],
                layer=arrays.get("layer"),
                layer_bias=arrays.get("layer_bias"),
                kinds=kinds,
                values=values,
                dataset_hash=metadata["dataset_hash"],
            )
        except (KeyError, ValueError, TypeError) as error:
            raise CheckpointError(f"This checkpoint is not a RecoNet: {error} is wrong.") from error
        weights._check()
        return weights

    def _check(self) -> None:
        n_films, dim = self.kinds.count(FILM), self.embeddings.shape[-1:]
        wide = dim if self.layer is None else self.layer.shape[:1]
        shapes_fit = (
            len(self.kinds) == len(self.values)
            and self.kinds[:n_films] == (FILM,) * n_films
            and self.embeddings.shape == (len(self.kinds), *dim)
            and self.outputs.shape == (n_films, *wide)
            and (self.layer is None or self.layer.shape == (*wide, *dim))
            and (None if self.layer_bias is None else self.layer_bias.shape)
            == (None if self.layer is None else wide)
        )
        if not shapes_fit:
            raise CheckpointError("This checkpoint's arrays do not fit its own vocabulary.")
        numbers = (a.dtype == np.float32 and np.isfinite(a).all() for a in self.arrays().values())
        if not all(numbers):
            raise CheckpointError("This checkpoint holds weights that are not numbers.")

    def check_belongs_to(self, data: MovieData, space: FeatureSpace) -> None:
        """Raise `CheckpointError` unless the weights were trained on exactly this data."""
        if self.dataset_hash != data.content_hash or (self.kinds, self.values) != (
            space.kinds,
            space.values,
        ):
            raise CheckpointError(
                f"This model was trained on other data than '{data.title}'. "
                "Choose a model trained on it, or train one on the Training page."
            )
