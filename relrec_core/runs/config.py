"""Settings of a trainer: one pydantic model makes the command line, the form and config.json."""

from __future__ import annotations

import argparse
import json
import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from relrec_core.errors import ConfigError, shortened
from relrec_core.explanation import Value

Kind = Literal["int", "float", "bool", "choice", "text"]
Setting = bool | int | float | str


class TrainerConfig(Value):
    """Settings every trainer has; each wing adds its own by inheritance.

    A field is an int, float, bool, str or a Literal of strings, with title, description,
    default and bounds (ge, gt, le, lt) in its `Field`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    recipes: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """What suits a data set better than the defaults, where it is not given."""

    renamed: ClassVar[Mapping[str, str]] = {}
    """Settings that earlier versions stored under another name, with today's."""

    @model_validator(mode="before")
    @classmethod
    def _by_recipe(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        given = cls._today(given)
        dataset = given.get("dataset", cls._defaults().get("dataset"))
        return {**cls.recipes.get(str(dataset), {}), **given}

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> Self:
        """Settings that were stored, maybe by an earlier version: one that this did not know is
        the default, as it was then, and not the recipe's.

        Raises:
            pydantic.ValidationError: they do not fit.
        """
        return cls.model_validate({**cls._defaults(), **cls._today(values)})

    @classmethod
    def _today(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """The same settings under today's names."""
        today = {cls.renamed.get(name, name): value for name, value in given.items()}
        return today | {name: given[name] for name in today if name in given}

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        fields = cls.model_fields.items()
        return {name: field.default for name, field in fields if not field.is_required()}

    seed: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Fixes the data split, the sampling and the initial weights.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto",
        title="Device",
        description="Where to compute; auto takes a GPU when there is one.",
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=1024,
        title="Threads",
        description="Processor threads to use; 0 takes OMP_NUM_THREADS, or all cores.",
    )


C = TypeVar("C", bound=TrainerConfig)


@dataclass(frozen=True)
class FormField:
    """One setting, described for a form or a help text.

    `minimum` and `maximum` are allowed values themselves, unless `above_minimum` or
    `below_maximum` says that the value must stay strictly inside.
    """

    name: str
    title: str
    help: str
    kind: Kind
    default: Setting | None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    above_minimum: bool = False
    below_maximum: bool = False

    @property
    def allowed(self) -> str:
        """What values are allowed, in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind in ("bool", "text"):
            return {"bool": "true or false", "text": "a text"}[self.kind]
        low, high = _number(self.minimum), _number(self.maximum)
        noun = "a whole number" if self.kind == "int" else "a number"
        bounds = []
        closed = not self.above_minimum and not self.below_maximum
        if closed and self.minimum is not None and self.maximum is not None:
            return f"{noun} from {low} to {high}"
        if self.minimum is not None:
            bounds.append(f"above {low}" if self.above_minimum else f"at least {low}")
        if self.maximum is not None:
            bounds.append(f"below {high}" if self.below_maximum else f"at most {high}")
        return " ".join([noun, " and ".join(bounds)]).strip()


def form_fields(config_class: type[TrainerConfig]) -> list[FormField]:
    """Describe every field of `config_class`, in the order they are declared."""
    return [_describe(name, field) for name, field in config_class.model_fields.items()]


def add_arguments(parser: argparse.ArgumentParser, config_class: type[TrainerConfig]) -> None:
    """Give `parser` one `--field` option per field; an option not given leaves no trace."""
    group = parser.add_argument_group("settings")
    for field in form_fields(config_class):
        default = "" if field.default is None else f", default {field.default}"
        text = f"{field.help} ({field.allowed}{default})".replace("%", "%%")
        option = "--" + field.name.replace("_", "-")
        if field.kind == "bool":
            group.add_argument(
                option,
                dest=field.name,
                action=argparse.BooleanOptionalAction,
                default=argparse.SUPPRESS,
                help=text,
            )
        else:
            group.add_argument(
                option,
                dest=field.name,
                choices=field.choices or None,
                metavar=None if field.choices else field.kind.upper(),
                default=argparse.SUPPRESS,
                help=text,
            )


def given(options: argparse.Namespace, config_class: type[TrainerConfig]) -> dict[str, Any]:
    """The settings that were given on the command line, as raw values for `load`."""
    return {
        name: value for name, value in vars(options).items() if name in config_class.model_fields
    }


def load_stored(config_class: type[C], file: Path) -> C:
    """The settings that a run stored in `file`, as `TrainerConfig.stored` takes them.

    Raises:
        ConfigError: as `load`.
    """
    try:
        return config_class.stored(_read(file))
    except ValidationError as error:
        raise ConfigError(_sentence(config_class, error)) from None


def load(config_class: type[C], file: Path | None, overrides: Mapping[str, Any]) -> C:
    """Read settings from a JSON `file` (if any), then apply `overrides`.

    Raises:
        ConfigError: unreadable file, unknown setting, or a value outside its bounds; the
            sentence names the setting, what was found and what is allowed.
    """
    values = {**(_read(file) if file else {}), **overrides}
    try:
        return config_class.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_sentence(config_class, error)) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The settings file {file} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"The settings file {file} is not valid JSON: {error}.") from error
    if not isinstance(values, dict):
        raise ConfigError(
            f"The settings file {file} holds {type(values).__name__} at its top, "
            "expected an object of settings."
        )
    return values


def _sentence(config_class: type[TrainerConfig], error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        known = ", ".join(config_class.model_fields)
        return f"Unknown setting '{shortened(name)}'; the settings are {known}."
    if name not in config_class.model_fields:
        return f"These settings do not fit together: {first['msg'].removeprefix('Value error, ')}"
    field = _describe(name, config_class.model_fields[name])
    if first["type"] == "missing":
        return f"Setting '{name}' is missing; allowed is {field.allowed}."
    found = f"Setting '{name}': found {shortened(repr(first['input']))}, allowed is {field.allowed}"
    if first["type"] == "value_error":
        found += f" ({first['msg'].removeprefix('Value error, ')})"
    return found + "."


def _describe(name: str, field: FieldInfo) -> FormField:
    kind, choices = _kind(name, field.annotation)
    minimum: Any = None
    maximum: Any = None
    above, below = False, False
    for bound in field.metadata:
        if isinstance(bound, Ge):
            minimum = bound.ge
        elif isinstance(bound, Gt):
            minimum, above = bound.gt, True
        elif isinstance(bound, Le):
            maximum = bound.le
        elif isinstance(bound, Lt):
            maximum, below = bound.lt, True
    if kind == "int":
        minimum, above = (minimum + 1, False) if above else (minimum, False)
        maximum, below = (maximum - 1, False) if below else (maximum, False)
    return FormField(
        name=name,
        title=field.title or name.replace("_", " ").capitalize(),
        help=field.description or "",
        kind=kind,
        default=None if field.default is PydanticUndefined else field.default,
        minimum=minimum,
        maximum=maximum,
        choices=choices,
        above_minimum=above,
        below_maximum=below,
    )


def _kind(name: str, annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    plain: dict[Any, Kind] = {int: "int", float: "float", bool: "bool", str: "text"}
    if annotation in plain:
        return plain[annotation], ()
    choices = get_args(annotation)
    if get_origin(annotation) is Literal and all(isinstance(choice, str) for choice in choices):
        return "choice", choices
    shown = annotation if isinstance(annotation, types.GenericAlias) else repr(annotation)
    raise TypeError(
        f"Field '{name}' is {shown}; a setting is an int, float, bool, str or Literal of strings."
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
