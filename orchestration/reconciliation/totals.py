"""What a source counts itself, beside what staging holds of the same: scope by scope."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import duckdb

from connectors.http.questions import GONE, Reply, SourceTotal
from connectors.http.streams import HttpStream
from connectors.http.totals import is_partial, total_of
from connectors.streams import TOTALS
from orchestration.reconciliation.asked import AskedSource, no_answer


@dataclass(frozen=True, slots=True)
class CountedScope:
    """A scope, and up to when records of it should have arrived."""

    scope: str
    created_before: datetime


def count_source(
    con: duckdb.DuckDBPyConnection, asked: AskedSource, *, count: int, seed: str
) -> Iterator[dict[str, Any]]:
    """Yield what a source counts, as rows of `quality.source_totals`.

    Args:
        con: The warehouse.
        asked: The source.
        count: Scopes of each stream that are asked about.
        seed: Decides which, where there are more.
    """
    problem = asked.problem
    for stream in asked.streams:
        total = stream.source_total
        if total is None or not count or not _is_comparable(total, asked):
            continue
        scopes = _scopes(con, asked, stream, total, count=count, seed=seed)
        replies = _replies(asked, stream, total, scopes, problem)
        problem = problem or no_answer(replies)
        place = {"source": asked.name, "kind": asked.kind, "stream": stream.name}
        for scope, told in zip(scopes, replies, strict=True):
            reply, staged = told, None
            try:
                staged = _staged(con, asked, stream, total, scope)
            except duckdb.Error as error:
                reply = replace(told, problem=f"staging cannot be counted: {str(error).splitlines()[0]}")
            yield {
                **place,
                "subject": asked.staging(stream),
                **_row(_tolerant(total, asked), scope, reply, staged),
            }


def _is_comparable(total: SourceTotal, asked: AskedSource) -> bool:
    """Whether source and staging can mean the same: not where days are left out that the source counts."""
    if asked.has_end and not total.ignores_since:
        return False
    return asked.since is None or total.ignores_since or total.since is not None


def _first_day(total: SourceTotal, asked: AskedSource) -> date | None:
    """Return the first day from which on both sides count, by last updates; None for the whole history."""
    return None if total.ignores_since else asked.since


def _scopes(
    con: duckdb.DuckDBPyConnection,
    asked: AskedSource,
    stream: HttpStream,
    total: SourceTotal,
    *,
    count: int,
    seed: str,
) -> list[CountedScope]:
    """Return some scopes of a stream with the instant of their last fetch, less the time that indexes lag."""
    listed = "select distinct scope from windows"
    if total.listed_by is not None:
        other, column = total.listed_by
        listed = f'select distinct "{column}" from staging.stg_{asked.kind}__{other} where source = $source'
    rows = con.execute(
        f"""
        with windows as (
            select
                scope,
                max(least(started_at, coalesce(requested_until, started_at))) as reached_at,
                min(coalesce(requested_from, timestamptz '0001-01-01 00:00:00+00')) as begun_at
            from raw.fetch_windows
            where source = $source and stream = $stream
            group by scope
        ),
        listed (scope) as ({listed}),
        reached as (
            select
                scope,
                coalesce(windows.reached_at, (select max(reached_at) from windows)) - $settling
                    as created_before,
                windows.begun_at
            from listed left join windows using (scope)
            where exists (select 1 from windows) and scope is not null
        )
        select scope, {_end(total)} as created_before
        from reached
        where $window::interval is null or begun_at <= {_end(total)} - $window::interval
        order by hash(scope, $seed), scope limit $count
        """,
        {
            "source": asked.name,
            "stream": stream.name,
            "settling": total.settling,
            "window": total.window,
            "seed": seed,
            "count": count,
        },
    ).fetchall()
    return sorted((CountedScope(*row) for row in rows), key=lambda each: each.scope)


def _end(total: SourceTotal) -> str:
    """Up to when records count: the last fetch, or the end of the last whole stretch before it."""
    if total.window is None:
        return "created_before"
    return f"time_bucket(interval '{total.window.total_seconds():.0f} seconds', created_before)"


def _replies(
    asked: AskedSource,
    stream: HttpStream,
    total: SourceTotal,
    scopes: Sequence[CountedScope],
    problem: str | None,
) -> list[Reply]:
    since = _first_day(total, asked)
    questions = [
        asked.source.total_question(stream, total, each.scope, until=each.created_before, since=since)
        for each in scopes
    ]
    if problem is not None:
        return [Reply(question=question, problem=problem) for question in questions]
    return asked.ask(stream.name, questions, kept_as=stream.name + TOTALS) if questions else []


def _staged(
    con: duckdb.DuckDBPyConnection,
    asked: AskedSource,
    stream: HttpStream,
    total: SourceTotal,
    scope: CountedScope,
) -> int:
    """Count the rows of staging that the source's number is about."""
    relation = f"staging.stg_{asked.kind}__{total.model}" if total.model else asked.staging(stream)
    conditions = [f'"{column}" is {str(value).lower()}' for column, value in total.where]
    if total.created_column is not None:
        conditions.append(f'"{total.created_column}" < $before')
    if total.created_column is not None and total.window is not None:
        conditions.append(f'"{total.created_column}" >= $begin')
    named: dict[str, Any] = {"source": asked.name}
    if total.scope_column is not None:
        conditions.append(f'"{total.scope_column}" = $scope')
        named["scope"] = scope.scope
    if _first_day(total, asked) is not None:
        conditions.append(f"\"{total.updated_column}\" >= $first::date::timestamp at time zone 'UTC'")
    where = " and ".join(["source = $source", *conditions])
    if total.created_column is not None:
        named["before"] = scope.created_before
    if total.created_column is not None and total.window is not None:
        named["begin"] = scope.created_before - total.window
    if _first_day(total, asked) is not None:
        named["first"] = _first_day(total, asked)
    row = con.execute(f"select count(*) from {relation} where {where}", named).fetchone()
    return int(row[0]) if row else 0


def _tolerant(total: SourceTotal, asked: AskedSource) -> SourceTotal:
    """Return the declaration as it holds here: with a first day, what is old and changes now comes in."""
    if _first_day(total, asked) is None:
        return total
    share = max(total.tolerance_percent, 1.0)
    return replace(total, tolerance=max(total.tolerance, 1), tolerance_percent=share)


def _row(total: SourceTotal, scope: CountedScope, reply: Reply, staged: int | None) -> dict[str, Any]:
    verdict, number, problem = _verdict(total, reply)
    share = 0 if number is None else math.ceil(number * total.tolerance_percent / 100)
    return {
        "scope": scope.scope,
        "verdict": verdict,
        "created_before": scope.created_before if total.created_column is not None else None,
        "total_count": number,
        "staged_count": staged,
        "tolerance_count": max(total.tolerance, share),
        "sampled_log_index": reply.log_index,
        "problem": problem,
    }


def _verdict(total: SourceTotal, reply: Reply) -> tuple[str, int | None, str | None]:
    """Return the verdict, the number, and why the number is none to compare with."""
    if reply.problem is not None or reply.status in GONE:
        return "not_taken", None, reply.problem or f"the source answers with {reply.status}"
    number = total_of(total, reply)
    if number is None and total.cap is not None:
        return "capped", None, f"the source tells no total, as it does above {total.cap:,}"
    if number is None:
        return "not_taken", None, "the answer holds no number"
    if is_partial(total, reply):
        return "partial", number, "the source says that its count is not complete"
    if total.cap is not None and number >= total.cap:
        return "capped", number, f"the source counts up to {total.cap:,} only"
    return ("may_shrink" if total.may_shrink else "compared"), number, None
