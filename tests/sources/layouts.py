"""Write installed MovieLens data back into the raw layouts it is handed out in."""

from __future__ import annotations

import csv
import random
import zipfile
from pathlib import Path

from relrec_core.sources.movielens import GENRES_100K, OCCUPATIONS_1M


def rows(folder: Path, file: str) -> list[dict[str, str]]:
    with (folder / file).open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def official_title(row: dict[str, str]) -> str:
    title = f"{row['title']} ({row['year']})" if row["year"] else row["title"]
    return title + (" (V)" if row["title"].startswith("Land Before Time III") else "")


def official_100k(installed: Path) -> dict[str, bytes]:
    """Files of the official ML-100K archive, ratings in another order."""
    ratings = rows(installed, "interactions.csv")
    random.Random(0).shuffle(ratings)
    items = [
        "|".join(
            [
                row["item_id"],
                official_title(row),
                "01-Jan-1995",
                "",
                "http://localhost/",
                *(str(int(genre in row["genres"].split("|"))) for genre in GENRES_100K),
            ]
        )
        for row in rows(installed, "items.csv")
    ]
    users = [
        "|".join([row["user_id"], row["age"], row["gender"], row["occupation"], "00000"])
        for row in rows(installed, "users.csv")
    ]
    return {
        "ml-100k/u.data": text("\t".join(row.values()) for row in ratings),
        "ml-100k/u.item": text(items),
        "ml-100k/u.user": text(users),
        "ml-100k/README": b"How this data may be used.\n",
    }


def official_1m(installed: Path) -> dict[str, bytes]:
    """Files of the official ML-1M archive."""
    ratings = rows(installed, "interactions.csv")
    items = rows(installed, "items.csv")
    users = rows(installed, "users.csv")
    return {
        "ml-1m/ratings.dat": text("::".join(row.values()) for row in ratings),
        "ml-1m/movies.dat": text(
            "::".join([row["item_id"], official_title(row), row["genres"]]) for row in items
        ),
        "ml-1m/users.dat": text(
            "::".join(
                [
                    row["user_id"],
                    row["gender"],
                    row["age"],
                    str(OCCUPATIONS_1M.index(row["occupation"])),
                    "00000",
                ]
            )
            for row in users
        ),
        "ml-1m/README": b"How this data may be used.\n",
    }


def text(lines) -> bytes:
    return "".join(line + "\n" for line in lines).encode("latin-1")


def zipped(files: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def unpacked(files: dict[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder
