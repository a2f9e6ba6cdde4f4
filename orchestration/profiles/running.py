"""Running a profile's models over tables that somebody brings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from orchestration.errors import UsageError
from orchestration.profiles.definition import Profile, Result, Shape, given_shape, shapes
from orchestration.profiles.loading import Loading
from orchestration.profiles.rendering import in_order, relation, rendered
from orchestration.profiles.tables import GivenTables

RANGES = "int_domain__ranges"
LINKS = "int_domain__cicd_deployment_commits"
WHOLE_RANGE = f"""
    select
        timezone($1, cast(cast(timezone($1, min(finished_date)) as date) as timestamp)),
        timezone($1, cast(cast(timezone($1, max(finished_date)) as date) + 1 as timestamp))
    from {relation(LINKS)}
"""


@dataclass(frozen=True, slots=True)
class Range:
    """A range of time, half open, and the zone whose days count; an empty end is the data's own."""

    from_at: datetime | None = None
    until_at: datetime | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class ProfileRun:
    """What a profile made of some tables.

    Attributes:
        profile: The profile.
        results: Tables by name, their rows in the order of their keys.
        given: The results that were taken as they were given.
    """

    profile: Profile
    results: Mapping[str, pa.Table]
    given: tuple[str, ...]


def run_profile(
    profile: Profile,
    tables: GivenTables,
    *,
    within: Range | None = None,
    only: Collection[str] = (),
    given: Collection[str] = (),
    keep_links: bool = True,
) -> ProfileRun:
    """Compute a profile's results.

    Args:
        profile: The profile.
        tables: The tables that it reads.
        within: The range that values are asked for; by default all days of the deployments.
        only: Results that are wanted; by default all. Only the tables that these need are read.
        given: Results that are not made but read from the tables.
        keep_links: Whether links to previous deployments that the tables bring are kept.

    Raises:
        UsageError: A name is unknown, or a table is missing or wrong.
    """
    wanted = _results(profile, only) or list(profile.results)
    taken = _results(profile, given)
    refused = ", ".join(result.name for result in taken if not result.given)
    if refused:
        raise UsageError(f"{refused} cannot be given, it is always computed. Leave it out of --given.")
    stands_for = {**shapes(), **{result.model: given_shape(result) for result in taken}}
    order = in_order([result.model for result in wanted], given={RANGES, *stands_for})
    with duckdb.connect(":memory:") as connection:
        connection.execute("set TimeZone = 'UTC'; create schema profile")
        tables.attach(connection)
        _load(connection, tables, [stands_for[model] for model in order if model in stands_for])
        if not keep_links and LINKS in order:
            connection.execute(f"update {relation(LINKS)} set prev_success_deployment_commit_id = null")
        if RANGES in order:
            _write_range(connection, within or Range())
        for model in order:
            if model not in stands_for and model != RANGES:
                connection.execute(f"create table {relation(model)} as {rendered(model)}")
        results = {result.name: _rows(connection, result) for result in wanted}
    return ProfileRun(profile, results, tuple(sorted(result.name for result in taken)))


def _load(connection: duckdb.DuckDBPyConnection, tables: GivenTables, needed: Sequence[Shape]) -> None:
    loading = Loading(connection, tables)
    for shape in needed:
        loading.load(shape)
    loading.finish()


def _results(profile: Profile, names: Collection[str]) -> list[Result]:
    known = {result.name: result for result in profile.results}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise UsageError(
            f"{profile.name} has no result {', '.join(unknown)}. Name some of: {', '.join(known)}"
        )
    return [result for name, result in known.items() if name in names]


def _write_range(connection: duckdb.DuckDBPyConnection, within: Range) -> None:
    try:
        whole = connection.execute(WHOLE_RANGE, [within.time_zone]).fetchone() or (None, None)
    except duckdb.Error as error:
        raise UsageError(f"{within.time_zone!r} is no time zone. Name one such as Europe/Berlin.") from error
    from_at, until_at = within.from_at or whole[0], within.until_at or whole[1]
    if from_at is not None and until_at is not None and from_at >= until_at:
        raise UsageError(f"the range from {from_at} until {until_at} is empty. Let it end after it begins.")
    connection.execute(
        f"create table {relation(RANGES)} as select 'range' as range_id, "
        "$1::timestamptz as from_at, $2::timestamptz as until_at, $3::varchar as time_zone",
        [from_at, until_at, within.time_zone],
    )


def _rows(connection: duckdb.DuckDBPyConnection, result: Result) -> pa.Table:
    key = ", ".join(f'"{name}"' for name in result.key)
    return connection.sql(f"select * from {relation(result.model)} order by {key}").to_arrow_table()
