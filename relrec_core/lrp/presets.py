"""Presets: which rule for which layer."""

from __future__ import annotations

from dataclasses import dataclass

from relrec_core.errors import ConfigError
from relrec_core.lrp.layers import Convolution, Layer, Linear
from relrec_core.lrp.rules import Epsilon, Flat, Gamma, RelativeEpsilon, Rule, ZBox, ZPlus


@dataclass(frozen=True)
class Preset:
    """Rules by kind and position; pools are always epsilon.

    Args:
        name: as shown to people.
        convolution: for every convolution.
        linear: for every fully connected layer.
        first: for the first layer with weights, instead of the above.
        upper: for the convolutions nearer to the output than half of them, likewise. What is
            small differs by depth (Montavon et al. 2019): near the input it is mostly chance.
        beyond_reference: meant for what inputs give beyond a reference.
    """

    name: str
    convolution: Rule
    linear: Rule
    first: Rule | None = None
    upper: Rule | None = None
    beyond_reference: bool = False

    @classmethod
    def everywhere(cls, rule: Rule) -> Preset:
        """One rule for all layers with weights."""
        return cls(type(rule).__name__, convolution=rule, linear=rule)

    def assign(self, layers: tuple[Layer, ...]) -> tuple[Rule, ...]:
        """The rule of each layer; layers that only pass relevance on get epsilon, unused."""
        weighted = [isinstance(layer, Convolution | Linear) for layer in layers]
        first = weighted.index(True) if self.first is not None and any(weighted) else -1
        convolutions = [i for i, layer in enumerate(layers) if isinstance(layer, Convolution)]
        upper = convolutions[(len(convolutions) + 1) // 2 :]
        return tuple(self._rule(layer, i == first, i in upper) for i, layer in enumerate(layers))

    def _rule(self, layer: Layer, first: bool, upper: bool) -> Rule:
        if first and self.first is not None:
            return self.first
        if upper and self.upper is not None:
            return self.upper
        if isinstance(layer, Convolution):
            return self.convolution
        return self.linear if isinstance(layer, Linear) else Epsilon()


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "reference",
            convolution=RelativeEpsilon(),
            linear=Epsilon(),
            upper=Epsilon(),
            beyond_reference=True,
        ),
        Preset("epsilon-gamma", convolution=Gamma(0.1), linear=Epsilon(), first=Epsilon()),
        Preset("paper", convolution=Epsilon(), linear=Epsilon()),
        Preset("epsilon-plus-flat", convolution=ZPlus(), linear=Epsilon(), first=Flat()),
        Preset("epsilon-gamma-box", convolution=Gamma(), linear=Epsilon(), first=ZBox()),
    )
}


def preset(rules: str | Preset) -> Preset:
    """A preset by its name, or itself; raises `ConfigError` for an unknown name."""
    if isinstance(rules, Preset):
        return rules
    if rules not in PRESETS:
        raise ConfigError(f"There is no preset of rules '{rules}'; there are {', '.join(PRESETS)}.")
    return PRESETS[rules]
