"""The way in: run the declared checks over a warehouse, all of them or layer by layer."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from quality_checks.arrival_comparisons import ARRIVAL_COMPARISONS
from quality_checks.comparisons import Comparison, compare
from quality_checks.completeness_comparisons import COMPLETENESS_COMPARISONS
from quality_checks.conservation_comparisons import CONSERVATION_COMPARISONS
from quality_checks.expectations import run_suites
from quality_checks.fact_comparisons import FACT_COMPARISONS
from quality_checks.incomplete_cells import INCOMPLETENESS_COMPARISONS
from quality_checks.landed_records import count_landed_records
from quality_checks.landing_profiles import profile_landings
from quality_checks.landing_suite import landing_suite
from quality_checks.link_comparisons import LINK_COMPARISONS
from quality_checks.mart_comparisons import MART_COMPARISONS
from quality_checks.objective_comparisons import OBJECTIVE_COMPARISONS
from quality_checks.ownership_comparisons import OWNERSHIP_COMPARISONS
from quality_checks.record_comparisons import RECORD_COMPARISONS
from quality_checks.results import LAYERS, CheckDeclaration, CheckResult, Layer
from quality_checks.shift_suite import METRIC_SHIFTS
from quality_checks.sibling_comparisons import SIBLING_COMPARISONS
from quality_checks.source_answers import create_answers
from quality_checks.source_comparisons import source_comparisons
from quality_checks.staged_values import compare_staged_values
from quality_checks.staging_comparisons import (
    landing_comparisons,
    staging_comparisons,
    value_comparisons,
)
from quality_checks.streams import STREAMS, StreamContract
from quality_checks.suites import SUITES, Suite
from quality_checks.time_comparisons import TIME_COMPARISONS
from quality_checks.value_comparisons import VALUE_COMPARISONS
from quality_checks.wide_comparisons import WIDE_COMPARISONS
from quality_checks.window_comparisons import window_comparisons

_ON_EVIDENCE: frozenset[Layer] = frozenset({"extraction", "landing", "staging"})
_ORGANISATION_WIDE = ("repositories", "teams", "members")


@dataclass(frozen=True, slots=True)
class ExpectedPlace:
    """A place that extraction must have read to its end: one stream of one source for one scope."""

    source: str
    kind: str
    stream: str
    scope: str


@dataclass(frozen=True, slots=True)
class SourceRange:
    """What the settings ask of a source: from `since` on, up to but without `until`; None without end."""

    source: str
    since: datetime | None
    until: datetime | None


def comparisons(streams: Sequence[StreamContract] = STREAMS) -> tuple[Comparison, ...]:
    """Every comparison, in the order of the layers.

    Args:
        streams: The streams that the warehouse holds, with what a second parser must know of them.
    """
    return (
        *window_comparisons(streams),
        *landing_comparisons(streams),
        *staging_comparisons(streams),
        *value_comparisons(streams),
        *source_comparisons(streams),
        *SIBLING_COMPARISONS,
        *COMPLETENESS_COMPARISONS,
        *FACT_COMPARISONS,
        *ARRIVAL_COMPARISONS,
        *RECORD_COMPARISONS,
        *TIME_COMPARISONS,
        *OWNERSHIP_COMPARISONS,
        *LINK_COMPARISONS,
        *OBJECTIVE_COMPARISONS,
        *CONSERVATION_COMPARISONS,
        *MART_COMPARISONS,
        *VALUE_COMPARISONS,
        *WIDE_COMPARISONS,
        *INCOMPLETENESS_COMPARISONS,
    )


def declared_checks(streams: Sequence[StreamContract] = STREAMS) -> tuple[CheckDeclaration, ...]:
    """Every check that `run_checks` may report, without a warehouse and without heavy imports."""
    compared = [
        declaration for comparison in comparisons(streams) for declaration in comparison.declarations()
    ]
    suites = [declaration for suite in _suites(streams) for declaration in suite.declarations()]
    return (*compared, *suites)


def run_checks(
    con: duckdb.DuckDBPyConnection,
    *,
    streams: Sequence[StreamContract] = STREAMS,
    layers: Collection[Layer] = LAYERS,
    expected: Iterable[ExpectedPlace] | None = None,
    ranges: Iterable[SourceRange] = (),
) -> list[CheckResult]:
    """Run the checks of the named layers, reconciliation first, then the expectation suites.

    Args:
        con: A writable connection to the warehouse, without an open transaction. The counts of the second
            parser are kept there in the schema `quality`.
        streams: The streams that the warehouse holds.
        layers: Which hand-overs to check.
        expected: The places that the settings name. Without them: every configured repository for each
            stream that its source lists per repository.
        ranges: The stretches of time that the settings ask for, of sources that they limit.

    Returns:
        One result per check and subject, in the order of declaration.
    """
    results = run_reconciliation(con, streams=streams, layers=layers, expected=expected, ranges=ranges)
    return results + run_expectations(con, streams) if "expectations" in layers else results


def run_reconciliation(
    con: duckdb.DuckDBPyConnection,
    *,
    streams: Sequence[StreamContract] = STREAMS,
    layers: Collection[Layer] = LAYERS,
    expected: Iterable[ExpectedPlace] | None = None,
    ranges: Iterable[SourceRange] = (),
) -> list[CheckResult]:
    """Run the comparisons of the named layers; see `run_checks`."""
    if _ON_EVIDENCE & set(layers):
        count_landed_records(con, streams)
        compare_staged_values(con, streams)
        create_answers(con)
        _write_expected_places(con, streams, expected)
        _write_source_ranges(con, ranges)
    scopes = {layer: _scope(con, layer) for layer in LAYERS if layer in layers}
    return [
        result
        for comparison in comparisons(streams)
        if comparison.layer in layers
        for result in compare(con, comparison, scope=scopes[comparison.layer], streams=streams)
    ]


def run_expectations(
    con: duckdb.DuckDBPyConnection, streams: Sequence[StreamContract] = STREAMS
) -> list[CheckResult]:
    """Run the Great Expectations suites over the newest landings and the metric values."""
    profile_landings(con, streams)
    return run_suites(con, _suites(streams), scope=_scope(con, "expectations"))


def _suites(streams: Sequence[StreamContract]) -> tuple[Suite, ...]:
    return (*SUITES, METRIC_SHIFTS, landing_suite(streams))


def _scope(con: duckdb.DuckDBPyConnection, layer: Layer) -> str:
    """How far a layer's checks look."""
    if layer in _ON_EVIDENCE:
        query = "select concat('payload log below ', coalesce(max(log_index) + 1, 0)) from raw.evidence_pages"
    else:
        query = """
            select concat('coverage ', coverage_from::date, ' to ', coverage_until::date)
            from config.reporting
        """
    try:
        row = con.execute(query).fetchone()
    except duckdb.Error:
        return "unknown"
    return "unknown" if row is None else str(row[0])


def _write_expected_places(
    con: duckdb.DuckDBPyConnection,
    streams: Sequence[StreamContract],
    expected: Iterable[ExpectedPlace] | None,
) -> None:
    """Write what the settings name, and what the source itself listed as theirs."""
    con.execute("create schema if not exists quality")
    con.execute(
        "create or replace table quality.expected_places "
        "(source varchar, kind varchar, stream varchar, scope varchar)"
    )
    if expected is None:
        con.execute(f"insert into quality.expected_places {_configured_places(streams)}")
    else:
        places = sorted((place.source, place.kind, place.stream, place.scope) for place in set(expected))
        columns = [list(column) for column in zip(*places, strict=True)] or [[], [], [], []]
        con.execute(
            "insert into quality.expected_places select unnest(?), unnest(?), unnest(?), unnest(?)", columns
        )
    if _has_staged_repositories(con):
        con.execute(f"insert into quality.expected_places by name {_LISTED_PLACES}")


def _write_source_ranges(con: duckdb.DuckDBPyConnection, ranges: Iterable[SourceRange]) -> None:
    con.execute(
        "create or replace table quality.source_ranges (source varchar, since timestamptz, until timestamptz)"
    )
    for each in sorted(ranges, key=lambda one: one.source):
        con.execute(
            "insert into quality.source_ranges values (?, ?, ?)", [each.source, each.since, each.until]
        )


_LISTED_PLACES = """
    select distinct places.source, places.kind, places.stream, repositories.repository as scope
    from quality.expected_places as places
    inner join staging.stg_github__repositories as repositories using (source)
    where contains(places.scope, '/') and contains(repositories.repository, '/')
        and (places.source, places.stream, repositories.repository)
            not in (select (source, stream, scope) from quality.expected_places)
"""


def _configured_places(streams: Sequence[StreamContract]) -> str:
    listed = ", ".join(
        f"('{contract.kind}', '{contract.stream}')"
        for contract in streams
        if contract.parent is None and contract.stream not in _ORGANISATION_WIDE
    )
    return f"""
        select distinct repositories.source, kind, stream, repositories.repository
        from config.repositories as repositories
        inner join (select distinct source, kind from raw.fetch_windows) using (source)
        inner join (values {listed}) as listed (kind, stream) using (kind)
    """


def _has_staged_repositories(con: duckdb.DuckDBPyConnection) -> bool:
    found = con.execute(
        "select 1 from information_schema.tables "
        "where table_schema = 'staging' and table_name = 'stg_github__repositories'"
    ).fetchone()
    return found is not None
