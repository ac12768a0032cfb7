"""Pictures side by side, each with its map and its caption."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.components.files import component
from dashboard.components.picture import ROOT, Data, Look, plain_picture
from dashboard.figures.closeup import strongest_region
from dashboard.figures.heatmap import Panel, data_url
from dashboard.figures.palette import signed

_FILES = ("picture", "pictures")
_pictures = component("pictures", ROOT, js=_FILES, css=_FILES)


def figure(
    picture: Data, role: str, title: str, note: str = "", below: Sequence[Data] = ()
) -> Data:
    """A picture with its caption, and smaller ones below it (`close_by`)."""
    return {"picture": picture, "role": role, "title": title, "note": note, "below": list(below)}


def close_by(panel: Panel, address: str) -> list[Data]:
    """The picture without its map, and the strongest region of it."""
    found = [figure(plain_picture(address, f"{panel.title}, original"), "Original", "")]
    region = strongest_region(panel)
    if region is not None:
        told = f"Strongest region, {signed(region.relevance)}"
        crop = plain_picture(data_url(region.crop(panel.picture)), f"{panel.title}: {told}")
        found.append(figure(crop, told, ""))
    return found


def pictures(figures: Sequence[Data], look: Look, *, key: str, with_legend: bool = True) -> None:
    """Pictures side by side; pointing at one, or reaching it with Tab, shows its original.

    The legend has a cool side where a map has one.
    """
    cool = any(each["picture"].get("lowers") for each in figures)
    ends = {"low": signed(-look.scale) if cool else "", "high": signed(look.scale)}
    data = {"figures": list(figures), "legend": ends if with_legend else None, **look.data}
    _pictures(key=key, data=data)
