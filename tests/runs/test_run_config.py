"""Command line, form and JSON come from one model and agree."""

import argparse
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import Config

from relrec_core.errors import ConfigError
from relrec_core.runs import config
from relrec_core.runs.config import form_fields, load

configs = st.builds(
    Config,
    seed=st.integers(0, 2**31 - 1),
    device=st.sampled_from(["auto", "cpu", "cuda"]),
    threads=st.integers(0, 1024),
    epochs=st.integers(1, 100_000),
    batch=st.integers(1, 64),
    rate=st.floats(0, 1, exclude_min=True),
    decay=st.floats(0, allow_infinity=False),
    shuffle=st.booleans(),
    shape=st.sampled_from(["line", "plane"]),
    note=st.text(st.characters(codec="utf-8")),
)


def parse(arguments):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    config.add_arguments(parser, Config)
    return config.given(parser.parse_args(arguments), Config)


def options(values):
    for name, value in values.items():
        if isinstance(value, bool):
            yield f"--{'' if value else 'no-'}{name}"
        else:
            yield f"--{name}={value}"


@settings(max_examples=60, deadline=None)
@given(configs)
def test_the_command_line_and_json_carry_every_config_unchanged(wanted):
    assert load(Config, None, parse(list(options(wanted.model_dump())))) == wanted
    assert Config.from_json(wanted.to_json()) == wanted


def test_overrides_win_over_the_file_and_the_file_over_defaults(tmp_path):
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"epochs": 7, "batch": 3}), encoding="utf-8")
    found = load(Config, file, parse(["--epochs", "9"]))
    assert (found.epochs, found.batch, found.rate) == (9, 3, 0.1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"epochs": 0}, ["'epochs'", "found 0", "a whole number from 1 to 100000"]),
        ({"epochs": "many"}, ["'epochs'", "'many'", "whole number"]),
        ({"batch": 65}, ["'batch'", "65", "from 1 to 64"]),
        ({"rate": 0}, ["'rate'", "a number above 0 and at most 1"]),
        ({"decay": math.nan}, ["'decay'", "nan", "at least 0"]),
        ({"shape": "cube"}, ["'shape'", "'cube'", "one of line, plane"]),
        ({"shuffle": "maybe"}, ["'shuffle'", "true or false"]),
        ({"epoch": 3}, ["Unknown setting 'epoch'", "epochs"]),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(values, words):
    with pytest.raises(ConfigError) as caught:
        load(Config, None, values)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("text", ["{", "[1]", None])
def test_a_bad_file_is_named(tmp_path, text):
    file = tmp_path / "c.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"c\.json"):
        load(Config, file, {})


def test_the_form_describes_every_field():
    fields = {field.name: field for field in form_fields(Config)}
    assert list(fields) == list(Config.model_fields)
    assert {name: field.kind for name, field in fields.items()} | {"seed": "int"} == {
        "seed": "int",
        "device": "choice",
        "threads": "int",
        "epochs": "int",
        "batch": "int",
        "rate": "float",
        "decay": "float",
        "shuffle": "bool",
        "shape": "choice",
        "note": "text",
        "pause": "float",
        "fault": "choice",
    }
    assert (fields["batch"].minimum, fields["batch"].maximum) == (1, 64)
    assert (fields["rate"].minimum, fields["rate"].above_minimum) == (0, True)
    assert fields["decay"].maximum is None
    assert fields["shape"].choices == ("line", "plane")
    assert load(Config, None, {f.name: f.default for f in fields.values()}) == Config()


def test_the_help_lists_bounds_and_defaults():
    parser = argparse.ArgumentParser()
    config.add_arguments(parser, Config)
    text = " ".join(parser.format_help().split())
    assert "Full passes. (a whole number from 1 to 100000, default 5)" in text
    assert "at most 100 % of all" in text
    assert "--no-shuffle" in text
