"""The studio renders the same catalogue again, and knows what it planted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from relrec_core.errors import ConfigError, DataError
from relrec_core.products.data import catalogue
from relrec_core.products.studio import (
    colours,
    drawn_catalogue,
    emblems,
    ground_truth,
    redrawn,
)
from relrec_core.products.studio.drawn_catalogue import Recipe
from relrec_core.products.studio.painting import Label

pytestmark = pytest.mark.numerics

RECIPE = Recipe(items=256, users=12, side=64, seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_catalogue.render(tmp_path_factory.mktemp("studio") / "shop", RECIPE)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.slow
def test_same_recipe_same_bytes_and_other_seed_other_bytes(folder: Path, tmp_path: Path) -> None:
    first = contents(folder)
    assert contents(drawn_catalogue.render(tmp_path / "again", RECIPE)) == first
    other = contents(drawn_catalogue.render(tmp_path / "again", Recipe(256, 12, 64, seed=4)))
    assert other.keys() == first.keys()
    assert sum(other[name] == first[name] for name in first) == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "again"]


def test_it_is_a_catalogue_and_says_that_it_is_rendered(folder: Path) -> None:
    shop = catalogue.load(folder)
    assert shop.rendered
    assert "rendered" in shop.title
    assert (len(shop.items), len(shop.left_out), shop.notes) == (256, 0, ())
    assert set(shop.items[catalogue.CATEGORY]) == set(drawn_catalogue.KINDS)
    assert len(drawn_catalogue.KINDS) >= 12
    assert shop.relation_names == tuple(sorted(ground_truth.CAUSES))
    assert len(shop.users) == 12
    assert shop.picture(0, 64).size == (64, 64)


def test_only_another_recipe_is_rendered_anew(folder: Path) -> None:
    before = (folder / "source.json").stat().st_mtime_ns
    assert drawn_catalogue.ensure(folder, RECIPE) == folder
    assert (folder / "source.json").stat().st_mtime_ns == before


def test_other_files_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(DataError, match="found other files"):
        drawn_catalogue.ensure(tmp_path, RECIPE)
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_relations_are_exactly_those_with_their_cause(folder: Path) -> None:
    shop, planted = catalogue.load(folder), ground_truth.load(folder).attributes
    rows = planted.loc[shop.items[catalogue.ITEM]]
    kind = rows[ground_truth.KIND].to_numpy()
    scene = np.array([drawn_catalogue._SCENE_OF[each] for each in kind])
    same_kind = kind[:, None] == kind
    complement = (scene[:, None] == scene) & ~same_kind
    allowed = {"also_viewed": same_kind, "buy_after_viewing": same_kind}
    for relation, cause in ground_truth.CAUSES.items():
        value = rows[cause].to_numpy()
        expected = np.triu((value[:, None] == value) & allowed.get(relation, complement), 1)
        pairs = shop.relations[shop.relations[catalogue.RELATION] == relation]
        found = np.zeros_like(expected)
        found[pairs[catalogue.SOURCE], pairs[catalogue.TARGET]] = True
        assert (found == expected).all()
        assert found.any()


def test_one_product_in_so_many_shows_no_emblem(folder: Path, tmp_path: Path) -> None:
    bare = drawn_catalogue.render(tmp_path / "bare", replace(RECIPE, bare=4))
    all_shown, shown = ground_truth.load(folder), ground_truth.load(bare)
    without = shown.attributes[ground_truth.EMBLEM] == drawn_catalogue.NO_EMBLEM
    assert without.sum() == 64
    assert shown.attributes[~without].equals(all_shown.attributes[~without])
    for item, is_bare in without.items():
        before, after = (f / f"images/{item}.jpg" for f in (folder, bare))
        assert (before.read_bytes() != after.read_bytes()) == is_bare
        assert (Label.EMBLEM not in shown.labels(str(item))) == is_bare
    shop = catalogue.load(bare)
    for relation, cause in ground_truth.CAUSES.items():
        pairs = shop.relations[shop.relations[catalogue.RELATION] == relation]
        ends = pairs[[catalogue.SOURCE, catalogue.TARGET]].to_numpy()
        assert without.loc[shop.items[catalogue.ITEM]].to_numpy()[ends].any() == (
            cause != ground_truth.EMBLEM
        )


def test_masks_lie_in_the_product_and_show_their_cause(folder: Path) -> None:
    shop, known = catalogue.load(folder), ground_truth.load(folder)
    for row, item in enumerate(shop.items[catalogue.ITEM]):
        labels = known.labels(item)
        product = labels > Label.BACKGROUND
        emblem = known.cause_mask(item, "also_bought")
        pattern = known.cause_mask(item, "also_viewed")
        way = known.cause_mask(item, "bought_together")
        assert 0.003 < emblem.mean() < 0.1, item
        assert pattern.mean() > 0.04, item
        assert not (emblem & pattern).any()
        assert (way & pattern == pattern).all()
        assert ((emblem | way) <= product).all()
        rows, columns = np.nonzero(product)
        assert min(rows.min(), columns.min()) >= 1, item
        assert max(rows.max(), columns.max()) <= 62, item
        picture = np.asarray(shop.picture(row, 64), dtype=float)
        assert picture[~product].mean() > 215
        assert np.abs(picture[emblem].mean(axis=0) - picture[pattern].mean(axis=0)).max() > 6, item


def test_masks_at_another_size_and_unknown_questions(folder: Path) -> None:
    known = ground_truth.load(folder)
    item = known.attributes.index[0]
    small = known.cause_mask(item, "bought_together", side=16)
    assert small.shape == (16, 16)
    assert abs(small.mean() - known.cause_mask(item, "bought_together").mean()) < 0.06
    with pytest.raises(DataError, match="no truth about 'x'"):
        known.labels("x")
    with pytest.raises(DataError, match="relation 'gift'"):
        known.cause_mask(item, "gift")
    with pytest.raises(DataError, match="a catalogue that the studio rendered"):
        ground_truth.load(folder / "images")


def test_purchases_follow_tastes(tmp_path: Path) -> None:
    folder = drawn_catalogue.render(tmp_path / "shop", Recipe(items=320, users=150, side=32))
    shop, known = catalogue.load(folder), ground_truth.load(folder)
    planted = known.attributes.loc[shop.items[catalogue.ITEM]]
    assert not shop.purchases.duplicated(["user", "item"]).any()
    after = shop.purchases[shop.purchases[catalogue.AFTER] != catalogue.NONE]
    for cause in known.tastes.columns:
        value = planted[cause].to_numpy()
        shared = value[after["item"]] == value[after[catalogue.AFTER]]
        share = after.assign(shared=shared).groupby("user")["shared"].mean()
        weights = known.tastes[cause].loc[[shop.users[user] for user in share.index]]
        assert np.corrcoef(share, weights)[0, 1] > 0.85
    assert np.allclose(known.tastes.sum(axis=1), 1, atol=1e-3)


LUMINANCE = np.array([0.2126, 0.7152, 0.0722]) / 255
"""Perceived brightness of red, green and blue."""


def test_emblems_are_of_every_contrast() -> None:
    chance = np.random.default_rng(0)
    lighter = []
    for way in list(colours.COLOURWAYS.values()) * 20:
        ink = colours.emblem_colour(way, chance)
        assert colours.distance(ink, way.surface) > 90
        lighter.append(np.dot(np.subtract(ink, way.surface), LUMINANCE))
    assert 0.2 < np.mean(np.array(lighter) > 0) < 0.8
    assert np.mean(np.abs(lighter) < 0.15) > 0.15


def test_every_emblem_stays_in_its_circle() -> None:
    for name in emblems.EMBLEMS:
        for shape in emblems.emblem(name, 0.5, 0.5, 0.25, 30.0):
            points = shape if isinstance(shape, np.ndarray) else shape.line
            assert np.hypot(*(points - 0.5).T).max() <= 0.25 * 1.2, name


def test_recipe_bounds() -> None:
    with pytest.raises(ConfigError, match="The studio's side is 8; it must be 32 to 512"):
        Recipe(side=8)


def test_a_product_is_drawn_larger_and_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    shop = catalogue.load(folder)
    for row in (0, 100, 255):
        large = redrawn.large(folder, str(shop.items["item_id"].iloc[row]))
        assert large is not None and large.size == (redrawn.SIDE, redrawn.SIDE)
        small = np.asarray(shop.picture(row, RECIPE.side), dtype=float)
        down = np.asarray(large.resize((RECIPE.side, RECIPE.side), Image.Resampling.BOX), float)
        other = np.asarray(shop.picture(row - 7, RECIPE.side), dtype=float)
        assert np.abs(down - small).mean() < 6 < np.abs(other - small).mean()
    (kept,) = (tmp_path / "data" / redrawn.FOLDER).iterdir()
    assert len(list(kept.iterdir())) == 3
    first = kept / f"{shop.items['item_id'].iloc[0]}.png"
    Image.new("RGB", (redrawn.SIDE,) * 2, "red").save(first)
    item = str(shop.items["item_id"].iloc[0])
    again = redrawn.large(folder, item)
    assert again is not None and again.getpixel((5, 5)) == (255, 0, 0)
    first.write_bytes(b"damaged")
    anew = redrawn.large(folder, item)
    assert anew is not None and anew.getpixel((5, 5)) != (255, 0, 0)


def test_what_this_version_did_not_draw_is_not_drawn_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RELREC_READ_ONLY", "1")
    assert redrawn.large(folder, "mug-001", 64) is not None
    assert not (tmp_path / "home").exists()
    assert redrawn.large(folder, "../mug-001") is None
    for recipe in ("null", '{"version": 1}', '{"version": 2, "items": 1e9}'):
        (tmp_path / "source.json").write_text('{"rendered": true, "recipe": ' + recipe + "}")
        assert redrawn.large(tmp_path, "mug-001") is None
