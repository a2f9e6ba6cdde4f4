"""A person's own numbers: formed when the person, or an auditor, asks; published nowhere."""

import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from lineage.trace import Period, View, parse_period
from lineage.trace.arguments import PERSON
from lineage.trace.cells import CellName
from lineage.trace.own import own_cell, own_metrics, own_periods
from orchestration.errors import UsageError
from orchestration.flow.warehouse import open_warehouse
from orchestration.numbers.own_records import check_still_one, find_subject
from orchestration.numbers.tracing import Reader, record_reading
from orchestration.session import open_session
from orchestration.workspace import Workspace


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """One of a person's own numbers."""

    metric: str
    title: str
    sentence: str
    period: Period
    value: Decimal | None
    n: int | None
    unit: str
    flags: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "metric": self.metric,
            "title": self.title,
            "sentence": self.sentence,
            "period": str(self.period),
            "value": None if self.value is None else str(self.value),
            "n": self.n,
            "unit": self.unit,
            "flags": list(self.flags),
        }


@dataclass(frozen=True, slots=True)
class OwnNumbers:
    """What was read: the numbers, the person's token, and where the reading is recorded."""

    token: str
    numbers: tuple[OwnNumber, ...]
    leaf_index: int

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form; it names nobody."""
        return {
            "v": 1,
            "person": self.token,
            "numbers": [number.to_document() for number in self.numbers],
            "recorded_as_leaf": self.leaf_index,
        }


def read_own_numbers(
    workspace: Workspace, person: str, *, reader: Reader, period: str | None = None, most_periods: int = 3
) -> OwnNumbers:
    """Form a person's own numbers, and record that they were read before they are shown.

    Args:
        workspace: Where.
        person: An account of the person, such as `github:ada`.
        reader: Who asks: the person (`subject`), or an auditor.
        period: One period; the newest months by default.
        most_periods: How many months.

    Raises:
        UsageError: the account is unknown, or somebody else asks in the subject's view.
        LineageError: the period has the wrong form, or is not covered.
        WorkspaceLockedError: a run works here.
    """
    with ExitStack() as stack:
        session = stack.enter_context(open_session(workspace, command="assay own", needs_sources=False))
        warehouse = stack.enter_context(open_warehouse(workspace.warehouse, is_read_only=True))
        vault = session.vault()
        subject = find_subject(vault, warehouse, person)
        if reader.view is View.SUBJECT and find_subject(vault, warehouse, str(reader.account)) != subject:
            raise UsageError(
                f"{person} is not {reader.account}: one's own numbers are for oneself and for auditors"
            )
        if reader.view is View.SUBJECT:
            check_still_one(vault, subject)
        periods = [parse_period(period)] if period else list(own_periods(warehouse, "month"))[-most_periods:]
        metrics = own_metrics(warehouse)
        numbers = tuple(f"{metric} {PERSON} {one}" for one in periods for metric in metrics)
        found = _form(warehouse, subject.token, metrics, periods)
        leaf = record_reading(session, warehouse, reader, subject, numbers=numbers)
    return OwnNumbers(subject.token, found, leaf)


def _form(
    warehouse: duckdb.DuckDBPyConnection, token: str, metrics: Sequence[str], periods: Sequence[Period]
) -> tuple[OwnNumber, ...]:
    formed = []
    for period in periods:
        for metric in metrics:
            cell, definition, _ = own_cell(warehouse, CellName(metric, PERSON, token, period))
            formed.append(
                OwnNumber(
                    metric,
                    definition.title,
                    definition.sentence,
                    period,
                    cell.value,
                    cell.n,
                    cell.unit,
                    cell.flags,
                )
            )
    return tuple(formed)


def write_own_numbers(workspace: Workspace, own: OwnNumbers, *, on: date) -> Path:
    """Write the numbers into the person's own folder, which nobody but the user of this machine may read.

    Returns:
        The file: `data/own/<token>/<day>.json`.
    """
    folder = workspace.data / "own" / own.token
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for each in (folder.parent, folder):
        each.chmod(0o700)
    file = folder / f"{on.isoformat()}.json"
    part = file.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(own.to_document(), indent=2, ensure_ascii=False) + "\n")
    part.rename(file)
    return file
