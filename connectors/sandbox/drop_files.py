"""Writes what the organisation's tools lay into a folder: its deployments, incidents and services."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.sandbox.company import Company
from connectors.sandbox.events import (
    DeploymentStarted,
    DeploymentStatusChanged,
    Event,
    IncidentOpened,
    IncidentResolved,
)

Row = dict[str, Any]
_ENDS = {"success": "succeeded", "failure": "failed", "error": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DropFile:
    """One kind of file.

    Attributes:
        declaration: What the settings say about it.
        name: Its path below the folder, with `{month}` where there is one file a month.
        rows: Its rows at an instant, by month and as the declaration types them.
        write: Turns rows into a file.
    """

    declaration: Mapping[str, Any]
    name: str
    rows: Callable[[Company, Sequence[Event], int], Iterable[tuple[str, Row]]]
    write: Callable[[Sequence[Row]], bytes]


def write_drops(company: Company, events: Sequence[Event], folder: Path, *, until: int) -> list[Path]:
    """Write the files as they are at an instant.

    Args:
        company: The organisation.
        events: The timeline.
        folder: Where to; files that are there already are replaced at once.
        until: Instant in epoch seconds, inclusive.
    """
    written = []
    for drop in (DEPLOYMENTS, INCIDENTS, SERVICES):
        files: dict[str, list[Row]] = {}
        for month, row in drop.rows(company, events, until):
            files.setdefault(drop.name.format(month=month), []).append(row)
        for name, rows in files.items():
            written.append(_replaced(folder / name, drop.write(rows)))
    return written


def _deployments(_: Company, events: Sequence[Event], until: int) -> Iterator[tuple[str, Row]]:
    ends = {
        event.number: event
        for event in events
        if isinstance(event, DeploymentStatusChanged) and event.state in _ENDS and event.at <= until
    }
    for event in events:
        if isinstance(event, DeploymentStarted) and event.at <= until:
            end = ends.get(event.number)
            yield (
                _month(event.at),
                {
                    "id": event.number,
                    "service": event.service,
                    "environment": event.environment,
                    "commit_sha": event.commit_sha,
                    "status": "running" if end is None else _ENDS[end.state],
                    "started_at": _instant(event.at),
                    "finished_at": None if end is None else _instant(end.at),
                },
            )


def _incidents(_: Company, events: Sequence[Event], until: int) -> Iterator[tuple[str, Row]]:
    ends = {event.number: event.at for event in events if isinstance(event, IncidentResolved)}
    for event in events:
        if isinstance(event, IncidentOpened) and event.at <= until:
            end = ends.get(event.number)
            yield (
                _month(event.at),
                {
                    "id": event.number,
                    "service": event.services[0],
                    "severity": f"sev{event.severity}",
                    "opened_at": _instant(event.at),
                    "resolved_at": None if end is None or end > until else _instant(end),
                },
            )


def _services(company: Company, _: Sequence[Event], until: int) -> Iterator[tuple[str, Row]]:
    for service in company.services:
        yield (
            "",
            {
                "service": service.name,
                "repository": service.repository,
                "team": company.owner_at(service.name, until),
            },
        )


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _ndjson(rows: Sequence[Row]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def _parquet(rows: Sequence[Row]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), file)
    return file.getvalue()


def _replaced(path: Path, content: bytes) -> Path:
    """Write beside the place and move: nobody reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.partial")
    unfinished.write_bytes(content)
    return unfinished.replace(path)


def _month(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant, UTC):%Y-%m}"


def _instant(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%dT%H:%M:%SZ}"


DEPLOYMENTS = DropFile(
    declaration={
        "name": "deployments",
        "path": "deployments/*.csv",
        "format": "csv",
        "schema": {
            "id": "bigint",
            "service": "varchar",
            "environment": "varchar",
            "commit_sha": "varchar",
            "status": "varchar",
            "started_at": "timestamptz",
            "finished_at": "timestamptz",
        },
        "key": ["id"],
        "purpose": "deployments",
    },
    name="deployments/{month}.csv",
    rows=_deployments,
    write=_csv,
)
INCIDENTS = DropFile(
    declaration={
        "name": "incidents",
        "path": "incidents/*.ndjson",
        "format": "ndjson",
        "schema": {
            "id": "bigint",
            "service": "varchar",
            "severity": "varchar",
            "opened_at": "timestamptz",
            "resolved_at": "timestamptz",
        },
        "key": ["id"],
        "purpose": "incidents",
    },
    name="incidents/{month}.ndjson",
    rows=_incidents,
    write=_ndjson,
)
SERVICES = DropFile(
    declaration={
        "name": "services",
        "path": "services.parquet",
        "format": "parquet",
        "schema": {"service": "varchar", "repository": "varchar", "team": "varchar"},
        "key": ["service"],
        "mode": "replace_set",
    },
    name="services.parquet",
    rows=_services,
    write=_parquet,
)
