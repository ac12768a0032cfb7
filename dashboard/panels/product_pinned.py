"""The picture of a pinned case of the products page."""

from __future__ import annotations

from dashboard.components.picture import Look, mapped
from dashboard.components.pictures import figure, pictures
from dashboard.figures.pinned import Span
from dashboard.figures.pinned_products import ProductCase
from dashboard.figures.product_words import contribution


def draw_pictures(case: ProductCase, span: Span, key: str) -> None:
    """Both pictures under their maps, in colours that are full at the end of the span."""
    look = Look(span[1])
    figures = [
        figure(
            mapped(panel, look.scale, numbers=True, coloured=case.coloured),
            role,
            panel.title,
            contribution(panel.total),
        )
        for panel, role in zip(case.panels, case.roles, strict=True)
    ]
    pictures(figures, look, key=key)
