"""What a drop is declared to be: its columns, its key, and what its rows are good for."""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from connectors.settings import Name, SettingsSection

DropType = Literal[
    "varchar",
    "bigint",
    "integer",
    "double",
    "boolean",
    "date",
    "timestamptz",
    "epoch_seconds",
    "epoch_milliseconds",
    "json",
]
DropFormat = Literal["csv", "ndjson", "parquet"]
DropMode = Literal["upsert", "append", "replace_set"]
Purpose = Literal["deployments", "incidents"]

TEXTS = ("varchar", "bigint", "integer")
INSTANTS = ("timestamptz", "epoch_seconds", "epoch_milliseconds")
PURPOSE_FIELDS: Mapping[Purpose, Mapping[str, tuple[str, ...]]] = {
    "deployments": {
        "service": TEXTS,
        "environment": TEXTS,
        "status": TEXTS,
        "started_at": INSTANTS,
        "finished_at": INSTANTS,
        "commit_sha": TEXTS,
    },
    "incidents": {
        "service": TEXTS,
        "opened_at": INSTANTS,
        "resolved_at": INSTANTS,
        "severity": TEXTS,
        "caused_by_deployment_id": TEXTS,
        "caused_by_commit_sha": TEXTS,
        "caused_by_pull_request": TEXTS,
    },
}
_NEEDED: Mapping[Purpose, tuple[str, ...]] = {
    "deployments": ("service", "environment", "status", "started_at"),
    "incidents": ("service", "opened_at"),
}


def _stays_inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise PydanticCustomError("drop_path", "'{path}' leads out of the folder", {"path": path})
    return path


class Drop(SettingsSection):
    """Files of one kind.

    Attributes:
        name: Name of the drop.
        path: Pattern of paths below the folder: `deployments/*.csv`, `**/incidents-*.parquet`.
        format: How the files are written.
        columns: Every column of the files with its type; `schema` in the settings.
        key: The columns that tell a row from the others.
        mode: `upsert`: the newest row of a key counts. `append`: the first one does. `replace_set`: the
            newest file is everything.
        updated_at: The column that tells the newest row of a key; None where the newest file tells.
        personal_data: Columns that name people: they stay in evidence and go no further.
        time_zone: Zone of instants that are written without one; None refuses them.
        purpose: What the rows are, where they are something that metrics know.
        fields: Which column is which field of that purpose, where they are called otherwise.
    """

    name: Name
    path: str
    format: DropFormat
    columns: Annotated[Mapping[str, DropType], Field(alias="schema", min_length=1)]
    key: Annotated[tuple[str, ...], Field(min_length=1)]
    mode: DropMode = "upsert"
    updated_at: str | None = None
    personal_data: tuple[str, ...] = ()
    time_zone: str | None = None
    purpose: Purpose | None = None
    fields: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self) -> "Drop":
        _stays_inside(self.path)
        for name in (*self.key, *self.personal_data, *self.fields.values()):
            self._check_column(name)
        for name in self.key:
            if name in self.personal_data or self.columns[name] in ("double", "json"):
                raise _problem("the key {name} must be a plain value that names nobody", name)
        if self.updated_at is not None:
            self._check_column(self.updated_at)
            if self.columns[self.updated_at] not in INSTANTS:
                raise _problem("updated_at is an instant; {name} is none", self.updated_at)
        if self.time_zone is not None:
            _check_zone(self.time_zone)
        if self.purpose is not None:
            self._check_purpose(self.purpose)
        elif self.fields:
            raise _problem("fields belong to a purpose; {name} has none", self.name)
        return self

    @property
    def purpose_columns(self) -> dict[str, str]:
        """The column of each field of the purpose that the files have."""
        if self.purpose is None:
            return {}
        named = {field: self.fields.get(field, field) for field in PURPOSE_FIELDS[self.purpose]}
        return {field: column for field, column in named.items() if column in self.columns}

    @property
    def fingerprint(self) -> str:
        """Changes with everything that changes records."""
        return json.dumps(self.model_dump(mode="json", exclude={"path"}), sort_keys=True)

    def _check_column(self, name: str) -> None:
        if name not in self.columns:
            raise _problem("there is no column {name} in the schema", name)

    def _check_purpose(self, purpose: Purpose) -> None:
        known = PURPOSE_FIELDS[purpose]
        for field in self.fields:
            if field not in known:
                raise _problem("{name} is no field of the purpose", field)
        found = self.purpose_columns
        for field in _NEEDED[purpose]:
            if field not in found:
                raise _problem("the purpose needs {name}: add the column, or name it under fields", field)
        for field, column in found.items():
            if self.columns[column] not in known[field] or column in self.personal_data:
                raise _problem("the column for {name} is of another type, or names people", field)


def _problem(message: str, name: str) -> PydanticCustomError:
    return PydanticCustomError("drop", message, {"name": name})


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise _problem("{name} is not a time zone of the IANA database", name) from None
