"""Tracing one published cell down to bytes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import duckdb

from lineage.errors import TraceInputError
from lineage.ledger import Ledger
from lineage.trace.absence import find_coverage
from lineage.trace.arguments import SCOPE_KINDS, Period
from lineage.trace.cells import CellName, find_cell, find_definition, read_publication
from lineage.trace.document import Coverage, Trace, TracedCell, TracedDefinition, TracedFact
from lineage.trace.evidence import describe_pages, read_records
from lineage.trace.facts import find_facts, recompute
from lineage.trace.ports import RecordReader

WITHHELD = "withheld"
_SMALL_TEAMS = {"below_team_size", "beside_small_team"}
MOST_RECORDS = 200


def trace(
    con: duckdb.DuckDBPyConnection,
    metric: str,
    *,
    scope_kind: str,
    scope_id: str,
    period_grain: str,
    period_start: date,
    records: RecordReader,
    ledger: Ledger | None = None,
    most_records: int | None = MOST_RECORDS,
) -> Trace:
    """Follow a published value to its facts, their records and the pages that hold them.

    Args:
        con: a publication's `analyst.duckdb`, or a warehouse; read only.
        metric: a name of `dim_metrics`.
        scope_kind: `service`, `team` or `organisation`.
        scope_id: which one.
        period_grain: `day`, `week`, `month` or `quarter`.
        period_start: its first day.
        records: reads records back from evidence.
        ledger: gives the inclusion proofs of the pages; without it pages carry none.
        most_records: how many records to read, those of deciding facts first; None for all.

    Raises:
        CellNotFoundError: there is no such cell; the nearest names are given.
        TraceInputError: an argument is wrong, the cell is withheld, or the database lacks something.
    """
    if scope_kind not in SCOPE_KINDS:
        raise TraceInputError(f"{scope_kind!r} is no kind of scope; there are {', '.join(SCOPE_KINDS)}")
    name = CellName(metric, scope_kind, scope_id, Period(period_grain, period_start))
    cell = find_cell(con, name)
    if WITHHELD in cell.flags:
        raise TraceInputError(f"{metric} for {scope_kind}:{scope_id} in {name.period} is {_why(cell.flags)}")
    definition, formulas = find_definition(con, cell)
    facts = find_facts(con, cell, definition, formulas)
    contributing, context = _record_ids(facts)
    chosen, chosen_context = _chosen(contributing, context, most_records)
    read, pages, redactions = read_records(records, chosen, chosen_context)
    publication = read_publication(con)
    size = publication.get("payload_log_size")
    return Trace(
        cell=cell,
        definition=definition,
        recomputed=recompute(con, cell, definition, formulas),
        facts=facts,
        contributing_ids=contributing,
        context_ids=context,
        records=read,
        pages=describe_pages(pages, redactions, ledger=ledger, tree_size=int(size) if size else None),
        is_cut=len(read) < len(contributing) + len(context),
        coverage=_coverage(con, cell, definition, publication) if not facts else (),
        publication=publication,
    )


def _why(flags: Sequence[str]) -> str:
    if _SMALL_TEAMS & set(flags):
        return "withheld: the team, or one beside it, has fewer people than the workspace's minimum team size"
    return "withheld: it rests on fewer events than the metric's policy demands"


def _coverage(
    con: duckdb.DuckDBPyConnection,
    cell: TracedCell,
    definition: TracedDefinition,
    publication: Mapping[str, str],
) -> tuple[Coverage, ...]:
    zone = ZoneInfo(publication.get("time_zone", "UTC"))
    return find_coverage(con, cell, definition, zone=zone)


def _record_ids(facts: Sequence[TracedFact]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ids that contribute and ids of context, each once, those of deciding facts first."""
    ordered = [
        *(fact for fact in facts if fact.is_deciding),
        *(fact for fact in facts if not fact.is_deciding),
    ]
    contributing = _once(one for fact in ordered for one in fact.record_ids)
    known = set(contributing)
    context = _once(one for fact in ordered for one in fact.context_record_ids if one not in known)
    return contributing, context


def _once(ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(ids))


def _chosen(
    contributing: tuple[int, ...], context: tuple[int, ...], most: int | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if most is None:
        return contributing, context
    first = contributing[:most]
    return first, context[: max(0, most - len(first))]
