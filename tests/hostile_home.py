"""A data directory in which everything has a hostile name."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import polars as pl

from relrec_core.movies.config import Config as MoviesConfig
from relrec_core.movies.training.train import train as movies_train
from relrec_core.products.studio import drawn_catalogue
from relrec_core.products.training.train import train as products_train
from relrec_core.runs.active import make_active
from relrec_core.runs.config import TrainerConfig
from relrec_core.runs.directory import Run
from tests.hostile import TEXTS
from tests.movies import planted
from tests.products.conftest import settings as product_settings
from tests.sessions import made

MOMENT = {"dim": 6, "epochs": 2, "evaluate_every": 1, "patience": 1, "threads": 1}


def install(folder: Path, text: str) -> Path:
    """A data directory whose films, products and viewers are called by hostile names.

    Models of films and products are trained on them for a moment and shown. Gives the folder of
    session logs like this, which no page shows of itself.
    """
    titles = [f"{said} {i}" for i, said in enumerate((text, *TEXTS))]
    about = {"name": text, "title": text, "licence": text}
    _train(
        movies_train, MoviesConfig(dataset=str(_films(folder, titles, about)), **MOMENT), "movies"
    )
    catalogue = _products(folder, titles, about)
    config = product_settings(catalogue, epochs=1)
    _train(products_train, config, "products")
    return _sessions(folder, titles)


def _train(train: Callable[..., object], config: TrainerConfig, wing: str) -> None:
    run = Run.create(wing, config, "hostile")
    with run.executing():
        train(config, run)
    make_active(run)


def _named(frame: pd.DataFrame, titles: Sequence[str]) -> pd.DataFrame:
    return frame.assign(title=[titles[i % len(titles)] for i in range(len(frame))])


def _films(folder: Path, titles: Sequence[str], about: dict[str, str]) -> Path:
    data = planted.folder(folder / "films")
    items, users = pd.read_csv(data / "items.csv"), pd.read_csv(data / "users.csv")
    _named(items, titles).to_csv(data / "items.csv", index=False)
    words = [titles[i % len(titles)].replace("|", " ") for i in range(len(users))]
    users.assign(**{"*job* $x$": words}).to_csv(data / "users.csv", index=False)
    (data / "source.json").write_text(json.dumps(about), encoding="utf-8")
    return data


def _products(folder: Path, titles: Sequence[str], about: dict[str, str]) -> Path:
    data = drawn_catalogue.render(
        folder / "products", drawn_catalogue.Recipe(items=256, users=12, side=32, seed=5)
    )
    _named(pd.read_csv(data / "items.csv"), titles).to_csv(data / "items.csv", index=False)
    file = data / "source.json"
    said = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**said, **about}), encoding="utf-8")
    return data


def _sessions(folder: Path, titles: Sequence[str]) -> Path:
    logs, tracks = made.frames()
    data = folder / "plays"
    data.mkdir()
    logs.with_columns(session_id=pl.concat_str(pl.lit(titles[0]), pl.col("session_id"))).drop(
        "planted_cause"
    ).write_csv(data / "plays.csv")
    names = [titles[i % len(titles)] for i in range(len(tracks))]
    tracks.with_columns(pl.Series("track_name", names)).write_parquet(data / "tracks.parquet")
    return data
