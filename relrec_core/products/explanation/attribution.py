"""Other explanations of the same score, to compare with: captum's, and maps that know nothing."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import torch.nn.functional as F
from torch import Tensor, nn

from relrec_core.errors import ConfigError
from relrec_core.lrp import Head
from relrec_core.lrp.presets import PRESETS
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import FOCUSED, recommended
from relrec_core.products.explanation.tracing import baseline

Map = npt.NDArray[np.float32]
INTEGRATION_STEPS = 32
LRP = {f"LRP, {name}": name for name in PRESETS}
CAPTUM = ("Integrated gradients", "DeepLift", "Saliency", "Grad-CAM")
BLIND = ("Edges", "Brightness", "Random")
"""Maps that know nothing of the network."""
METHODS = (FOCUSED, *LRP, *CAPTUM, *BLIND)


class OneSide(nn.Module):
    """The score as a function of one picture, the other one given by its features.

    Args:
        trunk: of the network.
        head: the distance.
        centres: (D,) of this and of the other picture, for the evidence reading; None explains
            the logit.
        other: (1, F) features of the other picture.
    """

    def __init__(
        self,
        trunk: nn.Sequential,
        head: Head,
        centres: tuple[Tensor, Tensor] | None,
        other: Tensor,
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.head, self.centres, self.other = head, centres, other

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, 1)."""
        seen: Tensor = self.trunk(x)  # (B, F)
        y, z = self.head.latents(seen), self.head.latents(self.other)  # (B, D), (1, D)
        if self.centres is None:
            score = self.head.bias - ((y - z).square() * self.head.weights).sum(dim=1)
        else:
            ours, theirs = self.centres
            score = 2 * ((y - ours) * (z - theirs) * self.head.weights).sum(dim=1)
        return score[:, None]


def attribute(
    explainer: Explainer, question: Question, row: int, name: str, seed: int = 0
) -> tuple[Map, Map]:
    """Maps (S, S) of the query and of one product by one of `METHODS`; warm supports.

    Gradient methods explain each picture with the other one held fixed; the baseline of
    integrated gradients and DeepLift is the one that the preset `reference` compares with.

    Raises:
        ConfigError: there is no such method.
    """
    if name == FOCUSED or name in LRP:
        preset = LRP.get(name) or recommended(explainer.recommender.catalogue.rendered).preset
        chosen = {"preset": preset, "focused": name == FOCUSED}
        asked = question.method.model_copy(update=chosen)
        again = Question(question.query, question.relation, question.user, asked)
        (found,) = explainer.relevance(again, [row])
        if found.right is None:
            raise ConfigError(f"The reading '{asked.reading}' explains one picture.")
        return found.left, found.right
    of = explainer.recommender
    left, right = question.query.picture, of.pictures.batch([row])
    if name in BLIND:
        chance = np.random.default_rng([seed, row])
        return _blind(name, left, chance), _blind(name, right, chance)
    if name not in CAPTUM:
        raise ConfigError(f"There is no method '{name}'; there are {', '.join(METHODS)}.")
    head = of.head(question.relation, question.user)
    ours, theirs = explainer.centres(question, [row])
    evidence = question.method.reading == "evidence"
    sides = (
        (left, of.features[row : row + 1], (ours, theirs[0])),
        (right, question.query.features, (theirs[0], ours)),
    )
    maps = []
    for picture, other, centres in sides:
        side = OneSide(of.trunk, head, centres if evidence else None, other.clone()).eval()
        maps.append(_captum(name, side, picture.clone(), baseline(of, picture)))
    return maps[0], maps[1]


def _captum(name: str, side: OneSide, picture: Tensor, baseline: Tensor) -> Map:
    from captum import attr

    ways: dict[str, Callable[[], Tensor]] = {
        "Saliency": partial(attr.Saliency(side).attribute, picture, target=0),
        "Integrated gradients": partial(
            attr.IntegratedGradients(side).attribute,
            picture,
            baselines=baseline,
            target=0,
            n_steps=INTEGRATION_STEPS,
            internal_batch_size=8,
        ),
        "DeepLift": partial(
            attr.DeepLift(side).attribute,
            picture.contiguous(),
            baselines=baseline.contiguous(),
            target=0,
        ),
        "Grad-CAM": partial(_grad_cam, side, picture),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that gradients and hooks are being set
        found = ways[name]()
    return np.asarray(found.detach().sum(dim=1)[0].float().numpy(), dtype=np.float32)


def _grad_cam(side: OneSide, picture: Tensor) -> Tensor:
    """Of the last convolution, brought to the picture's size; signed."""
    from captum import attr

    last = [m for m in side.trunk.modules() if isinstance(m, nn.Conv2d)][-1]
    coarse = attr.LayerGradCam(side, last).attribute(picture.requires_grad_(True), target=0)
    return F.interpolate(coarse, picture.shape[2:], mode="bilinear", align_corners=False)


def _blind(name: str, picture: Tensor, chance: np.random.Generator) -> Map:
    grey: Map = picture[0].mean(dim=0).numpy()  # (S, S)
    if name == "Edges":
        down, across = np.gradient(grey)
        return np.asarray(np.hypot(down, across), dtype=np.float32)
    if name == "Brightness":
        return np.asarray(grey.max() - grey, dtype=np.float32)
    return chance.standard_normal(grey.shape).astype(np.float32)
