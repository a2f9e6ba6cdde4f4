"""Service levels told in samples, and the models over them: table in, table out.

Only the models of objectives are run; owners and the reporting time zone are given as rows.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.slos.definitions import Duration, Matcher, ObjectiveDefinition, Role, Signal, Window
from orchestration.slos.rows import slo_tables
from orchestration.steps.config_tables import write_config_tables
from tests.dbt_project.compiled import Model, compiled_models
from tests.dbt_project.staged_columns import STAGED_COLUMNS
from tests.dbt_project.stories import Row, Told, at
from tests.dbt_project.warehouse import RULES

MINUTE, HOUR, DAY = 60, 3_600, 86_400
SAMPLES = "stg_prometheus__range_samples"
HISTORY = "stg_datadog__slo_history"
OF_OBJECTIVES = ("int_sli_", "int_slo_", "fct_slo_", "mart_slo_")
FAR_PAST, FAR_FUTURE = "0001-01-01 00:00", "9999-12-31 00:00"
START = at("03-02 00:00")
"""A Monday."""

BASE = ObjectiveDefinition(
    slo_id="answers",
    objective_id="answers",
    number=1,
    title="Checkout answers",
    service_id="checkout",
    indicator_kind="ratio",
    is_counter=True,
    is_failure_ratio=False,
    method="occurrences",
    target=Decimal("0.999"),
    slice_seconds=MINUTE,
    slice_target=None,
    operator=None,
    threshold=None,
    window=Window(Duration(30, "d")),
    no_traffic="exclude",
    gaps="exclude",
    weight=None,
    signals=(),
    file="slos/checkout.yaml",
)


def objective(*roles: Role, **given: Any) -> ObjectiveDefinition:
    """An objective whose metrics are the samples of queries that are named after their roles."""
    signals = tuple(Signal(role, "prometheus", "prom", role, (), MINUTE, role) for role in roles)
    return replace(BASE, signals=signals, **given)


@dataclass
class SloStory:
    """Samples and definitions.

    Attributes:
        objectives: The definitions.
        coverage: The reported range.
        time_zone: The reporting time zone.
        threads: Threads of the warehouse.
        withheld: Teams that are too small, each with the first day of a quarter.
    """

    objectives: Sequence[ObjectiveDefinition]
    coverage: tuple[str | None, str | None] = (None, None)
    time_zone: str = "UTC"
    threads: int = 2
    withheld: Sequence[tuple[str, str]] = ()
    owners: list[Row] = field(default_factory=list)
    samples: list[pa.Table] = field(default_factory=list)
    histories: list[Row] = field(default_factory=list)
    records: int = 0

    def series(
        self,
        query: str,
        values: Iterable[object],
        *,
        step: int = MINUTE,
        start: datetime = START,
        labels: Mapping[str, str] | None = None,
        record_of: Callable[[int], int] | None = None,
    ) -> None:
        """Samples of one series, a step apart from a start on; None leaves one out.

        Args:
            query: Name of the query.
            values: Values, written as Prometheus does.
            step: Seconds between them.
            start: Instant of the first.
            labels: Labels of the series.
            record_of: Record of a sample by its position; one for all by default.
        """
        self.records += 1
        record = self.records
        places, texts = [], []
        for place, value in enumerate(values):
            if value is not None:
                places.append(place)
                texts.append(str(value))
        count = len(places)
        rows = {
            "source": ["prom"] * count,
            "query_name": [query] * count,
            "series_labels": [json.dumps(dict(sorted((labels or {}).items())), separators=(",", ":"))]
            * count,
            "sampled_at": [start + timedelta(seconds=step * place) for place in places],
            "value_text": texts,
            "value": [float(text) for text in texts],
            "step_seconds": pa.array([step] * count, pa.int32()),
            "record_id": [record_of(place) if record_of else record for place in places],
        }
        self.samples.append(pa.table(rows))

    def counter(self, query: str, increments: Iterable[int], **more: Any) -> None:
        """A counter from its first sample on, which says nothing: the increments follow it."""
        total, values = 0, [0]
        for increment in increments:
            total += increment
            values.append(total)
        self.series(query, values, **more)

    def history(self, slo_id: str, *, until: datetime, kind: str = "metric", **more: Any) -> int:
        """A week of an objective at Datadog; lists are given as values."""
        self.records += 1
        texts = {name: json.dumps(value) for name, value in more.items()}
        row = {"source": "dog", "slo_id": slo_id, "window_starts_at": START, "read_until_at": until}
        self.histories.append({**row, "slo_type": kind, "record_id": self.records, **texts})
        return self.records

    def owner(
        self, team_path: Sequence[str], since: str = FAR_PAST, until: str = FAR_FUTURE, of: str = "checkout"
    ) -> None:
        """A team, followed by its ancestors, owns a service for a time."""
        span = {"valid_from": at(since), "valid_until": at(until)}
        self.owners.append({"service_id": of, "team_id": team_path[0], "team_path": list(team_path), **span})

    def build(self) -> Told:
        """Run the models of objectives."""
        con = duckdb.connect(":memory:")
        con.execute("attach ':memory:' as assay; use assay; set TimeZone = 'UTC'")
        con.execute(f"set threads = {self.threads}")
        con.execute("create schema staging; create schema intermediate; create schema marts")
        self._write_config(con)
        _write(con, f"staging.{SAMPLES}", STAGED_COLUMNS[SAMPLES], self.samples)
        history = [pa.Table.from_pylist(self.histories)] if self.histories else []
        _write(con, f"staging.{HISTORY}", STAGED_COLUMNS[HISTORY], history)
        owners = "service_id varchar, team_id varchar, team_path varchar[], valid_from timestamptz, "
        given = [pa.Table.from_pylist(self.owners)] if self.owners else []
        _write(con, "intermediate.int_service_owners_dated", f"{owners} valid_until timestamptz", given)
        con.execute(
            "create table intermediate.int_reporting as select organisation, time_zone, coverage_from, "
            "coverage_until from config.reporting"
        )
        con.execute(
            "create table intermediate.int_teams_withheld "
            "(scope_kind varchar, scope_id varchar, period_grain varchar, period_start date, reason varchar)"
        )
        for team_id, quarter in self.withheld:
            con.execute(
                "insert into intermediate.int_teams_withheld "
                "values ('team', $1, 'quarter', $2, 'below_team_size')",
                [team_id, quarter],
            )
        for model in models_of_objectives():
            con.execute(f"create table {model.schema}.{model.name} as {model.sql}")
        return Told(con)

    def _write_config(self, con: duckdb.DuckDBPyConnection) -> None:
        start, end = (None if text is None else at(text) for text in self.coverage)
        reporting = {"organisation": "acme", "time_zone": self.time_zone}
        reporting |= {"coverage_from": start, "coverage_until": end}
        one_row = {
            "reporting": pa.Table.from_pylist([reporting]),
            "rules": pa.Table.from_pylist([dict(RULES)]),
        }
        write_config_tables(con, {**one_row, **slo_tables(self.objectives)})


def models_of_objectives() -> list[Model]:
    """The models, in an order that can be built."""
    return [model for model in compiled_models() if model.name.startswith(OF_OBJECTIVES)]


def window(told: Told, kind: str, end: str, objective_id: str = "answers") -> Row:
    """One row of `fct_slo_windows` by the end of its window."""
    (row,) = told.rows(
        "select * from marts.fct_slo_windows where objective_id = $1 and window_kind = $2 "
        "and window_ends_at = $3",
        objective_id,
        kind,
        at(end),
    )
    return row


def slices(told: Told, columns: str, objective_id: str = "answers") -> list[tuple[Any, ...]]:
    """Columns of every slice of an objective, in order."""
    query = f"select {columns} from intermediate.int_sli_slices where objective_id = $1 order by slice_number"
    return [tuple(row.values()) for row in told.rows(query, objective_id)]


def label(name: str, value: str, operator: Any = "=") -> Matcher:
    """What a label must be."""
    return Matcher(name, operator, value)


def _write(con: duckdb.DuckDBPyConnection, table: str, columns: str, rows: Sequence[pa.Table]) -> None:
    con.execute(f"create table {table} ({columns})")
    for each in rows:
        con.register("rows", each)
        con.execute(f"insert into {table} by name select * from rows")
        con.unregister("rows")


__all__ = ["DAY", "HOUR", "MINUTE", "START", "UTC", "SloStory", "objective", "slices", "window"]
