"""What the image is made of is there, and it starts as nobody in particular, read-only."""

from __future__ import annotations

import json
import re

from scripts import launch
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / ".devcontainer"
LINES = (FOLDER / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()


def said(instruction: str) -> list[str]:
    """What each such instruction says, in their order."""
    return [line.split(" ", 1)[1] for line in LINES if line.startswith(f"{instruction} ")]


def test_it_runs_without_rights_and_read_only_over_a_volume() -> None:
    assert said("USER")[-1] == "relrec"
    assert said("VOLUME") == ["/data"]
    assert {"RELREC_HOME=/data", "RELREC_READ_ONLY=1"} <= set(said("ENV"))
    assert said("FROM")[-1] == "base AS serve"


def test_what_it_copies_and_starts_is_there() -> None:
    for copied in said("COPY"):
        for name in copied.split()[:-1]:
            assert (REPOSITORY / name).exists(), name
    (command,) = (json.loads(line) for line in said("CMD"))
    for script in re.findall(r"scripts/\w+\.py", command[-1]):
        assert (REPOSITORY / script).is_file()
    options = command[-1].split("run_dashboard.py ")[1].split()
    given = launch.parser().parse_args(options)
    assert given.address == "0.0.0.0" and str(given.port) in said("EXPOSE")
    assert f":{given.port}/_stcore/health" in said("HEALTHCHECK")[0]


def test_the_editor_uses_the_same_file() -> None:
    build = json.loads((FOLDER / "devcontainer.json").read_text("utf-8"))["build"]
    assert (FOLDER / build["dockerfile"]).is_file() and (FOLDER / build["context"]).is_dir()
    assert f"base AS {build['target']}" in said("FROM")


def test_secrets_and_what_was_installed_here_stay_out_of_it() -> None:
    left_out = (FOLDER / "Dockerfile.dockerignore").read_text("utf-8").split()
    assert {".git", ".venv", ".streamlit/secrets.toml"} <= set(left_out)
