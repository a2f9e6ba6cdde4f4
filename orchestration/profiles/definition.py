"""Profiles and table shapes as the project's YAML states them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import UsageError

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
FOLDER = PROJECT / "models" / "profiles"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; its type is one of `loading.TYPES`."""

    name: str
    data_type: str
    description: str
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A table that profiles read, and the model that stands for it."""

    table: str
    model: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A table that a profile makes, in the order of its key.

    Attributes:
        name: Name of the table.
        model: Model that makes it.
        key: Columns that identify a row.
        given: Columns that the table must have to be taken as given instead; none if it is always made.
    """

    name: str
    model: str
    key: tuple[str, ...]
    given: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One of a profile's metrics.

    Attributes:
        name: Name within the profile.
        formula: The formula in words.
        unit: Unit of its values.
        beside: The metric of `dora_2026` that it is shown beside.
        factor: What a value is multiplied by to stand in that metric's unit; None without such a number.
    """

    name: str
    formula: str
    unit: str
    beside: str
    factor: int | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of formulas."""

    name: str
    title: str
    summary: str
    results: tuple[Result, ...]
    metrics: tuple[Metric, ...]
    reasons: Mapping[str, str]

    def unit(self, metric: str) -> str:
        """Return the unit of a metric's values."""
        return next(each.unit for each in self.metrics if each.name == metric)


@cache
def profiles() -> tuple[Profile, ...]:
    """Return every profile of the project, by name."""
    found = (_profile(meta["profile"]) for _, meta in _models() if "profile" in meta)
    return tuple(sorted(found, key=lambda profile: profile.name))


def find_profile(name: str) -> Profile:
    """Return one profile.

    Raises:
        UsageError: No profile has this name.
    """
    for profile in profiles():
        if profile.name == name:
            return profile
    known = ", ".join(profile.name for profile in profiles())
    raise UsageError(f"there is no profile {name!r}. Name one of: {known}")


@cache
def shapes() -> Mapping[str, Shape]:
    """Return the tables that profiles read, by the name of the model that stands for each."""
    return {model["name"]: _shape(model, meta["shape"]) for model, meta in _models() if "shape" in meta}


def given_shape(result: Result) -> Shape:
    """Return the shape of a result that is taken as given."""
    (model,) = (model for model, _ in _models() if model["name"] == result.model)
    columns = (_column(each, is_optional=each["name"] not in result.given) for each in model["columns"])
    return Shape(result.name, result.model, model["description"].strip(), result.key, tuple(columns))


def model_file(name: str) -> Path:
    """Return the SQL file of one of the profiles' models."""
    (found,) = FOLDER.glob(f"*/{name}.sql")
    return found


def _models() -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for file in sorted(FOLDER.glob("*/*.yml")):
        for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]:
            yield model, model.get("config", {}).get("meta", {})


def _profile(stated: Mapping[str, Any]) -> Profile:
    return Profile(
        name=stated["name"],
        title=stated["title"],
        summary=stated["summary"].strip(),
        results=tuple(
            Result(each["name"], each["model"], tuple(each["key"]), tuple(each.get("given", ())))
            for each in stated["results"]
        ),
        metrics=tuple(_metric(name, metric) for name, metric in stated["metrics"].items()),
        reasons={code: sentence.strip() for code, sentence in stated["reasons"].items()},
    )


def _metric(name: str, stated: Mapping[str, Any]) -> Metric:
    return Metric(name, stated["formula"].strip(), stated["unit"], stated["beside"], stated.get("factor"))


def _shape(model: Mapping[str, Any], stated: Mapping[str, Any]) -> Shape:
    optional = stated["optional_columns"]
    return Shape(
        table=stated["table"],
        model=model["name"],
        description=model["description"].strip(),
        key=tuple(stated["key"]),
        columns=tuple(_column(each, is_optional=each["name"] in optional) for each in model["columns"]),
    )


def _column(stated: Mapping[str, Any], *, is_optional: bool) -> Column:
    return Column(stated["name"], stated["data_type"], stated["description"], is_optional)
