"""Reconciliation as data: two queries that must agree item by item, and the engine that compares them."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from quality_checks.offender_names import OffenderNames
from quality_checks.repair_places import PLACE, repairs_of
from quality_checks.repairs import RUN, WITHOUT_FETCHING, Action, Repair, named_command
from quality_checks.results import OFFENDERS_SHOWN, CheckDeclaration, CheckResult, Layer, Severity
from quality_checks.streams import STREAMS, StreamContract

Rule = Literal["equal", "at_least"]
_RELATION = re.compile(r"\b(?:raw|config|quality|staging|intermediate|marts)\.[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Comparison:
    """An agreement between two places.

    `left` says what must arrive and `right` what did arrive. Both are SELECT statements with the columns
    `item` (of one type on both sides, unique within a subject) and `value` (BIGINT); with several subjects
    they also give `subject`. An item that stands on one side only counts as zero on the other.

    Attributes:
        name: Unique together with a subject.
        subjects: The relations that receive, one result each.
        layer: The hand-over that is compared.
        sentence: What must hold, in plain words.
        left: What must arrive.
        right: What arrived.
        measure: The unit of `value`.
        remedy: What to do when the two differ.
        item: How an offending item is written: an SQL expression over `item`.
        owner: Who answers for it.
        tolerance: The largest difference an item may show.
        severity: Whether a difference stops publication.
        rule: `equal`, or `at_least` where more than claimed may arrive.
        action: What kind of thing mends a difference.
        places: Where a differing item comes from, for what is mended by fetching again: a SELECT of `item`
            (and `subject`, where there are several) and the columns of `repair_places.PLACE`.
    """

    name: str
    subjects: tuple[str, ...]
    layer: Layer
    sentence: str
    left: str
    right: str
    measure: str
    remedy: str
    item: str = "item"
    owner: str = "data engineering"
    tolerance: int = 0
    severity: Severity = "blocking"
    rule: Rule = "equal"
    action: Action = "rebuild"
    places: str = ""

    def declarations(self) -> Iterator[CheckDeclaration]:
        """The comparison without its queries, once for each subject."""
        for subject in self.subjects:
            yield CheckDeclaration(self.name, subject, self.layer, self.severity, self.owner, self.sentence)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the two queries gave for one subject."""

    expected: str
    observed: str
    differing: int = 0
    offenders: tuple[str, ...] = ()
    failure: str | None = None
    repairs: tuple[Repair, ...] = ()


def compare(
    con: duckdb.DuckDBPyConnection,
    comparison: Comparison,
    *,
    scope: str,
    streams: Collection[StreamContract] = STREAMS,
) -> list[CheckResult]:
    """Run one comparison: a result for each subject, in their order.

    A comparison that cannot run is red, never skipped. A subject that the queries name and the comparison
    does not declare gets its own result at the end.

    Args:
        con: The warehouse.
        comparison: What is compared.
        scope: How far it looks, for the result.
        streams: How the bodies of each stream look, so that records are named by their keys.
    """
    try:
        rows = con.execute(_sql(comparison)).fetchall()
    except duckdb.Error as error:
        found = _Found("a comparison", "none", failure=str(error).splitlines()[0])
        return [_result(comparison, subject, found, scope=scope) for subject in comparison.subjects]
    names, repairs = OffenderNames(con, streams), _repairs(con, comparison, rows, streams)
    by_subject = {
        subject: _Found(
            expected,
            observed,
            differing,
            tuple(names.named(offender) for offender in offenders or ()),
            repairs=repairs.get(subject, _without_place(comparison)),
        )
        for subject, expected, observed, differing, offenders in rows
    }
    nothing = _Found("0", "0")
    subjects = [*comparison.subjects, *sorted(by_subject.keys() - set(comparison.subjects))]
    return [
        _result(comparison, subject, by_subject.get(subject, nothing), scope=scope) for subject in subjects
    ]


def _repairs(
    con: duckdb.DuckDBPyConnection,
    comparison: Comparison,
    rows: list[tuple[Any, ...]],
    streams: Collection[StreamContract],
) -> dict[str, tuple[Repair, ...]]:
    """What mends each subject by fetching again: asked for only where something differs."""
    if not comparison.places or not any(row[3] for row in rows):
        return {}
    subject = "" if _has_one_subject(comparison) else " and differing.subject = places.subject"
    query = f"""
        with {_compared(comparison)}
        select distinct differing.subject, {PLACE}
        from differing
        inner join ({comparison.places}) as places on differing.item = places.item{subject}
        order by all
    """
    return repairs_of(con.execute(query).fetchall(), streams)


def _without_place(comparison: Comparison) -> tuple[Repair, ...]:
    """What mends a difference that no place is known of; a publication is made anew by whoever found it."""
    if comparison.layer == "publication":
        return ()
    return (WITHOUT_FETCHING.get(comparison.action, RUN),)


def _has_one_subject(comparison: Comparison) -> bool:
    return len(comparison.subjects) == 1


def _compared(comparison: Comparison) -> str:
    """The common table expressions up to `differing`."""
    gap = "expected - observed" if comparison.rule == "at_least" else "abs(expected - observed)"
    subject = f"'{comparison.subjects[0]}' as subject, " if _has_one_subject(comparison) else "subject, "
    return f"""
        lefts as (select {subject}item, value from ({comparison.left})),
        rights as (select {subject}item, value from ({comparison.right})),
        compared as (
            select
                coalesce(lefts.subject, rights.subject) as subject,
                coalesce(lefts.item, rights.item) as item,
                coalesce(lefts.value, 0)::hugeint as expected,
                coalesce(rights.value, 0)::hugeint as observed
            from lefts
            full join rights on lefts.subject = rights.subject and lefts.item = rights.item
        ),
        differing as (select * from compared where {gap} > {comparison.tolerance})
    """


def _sql(comparison: Comparison) -> str:
    return f"""
        with {_compared(comparison)},
        first_differing as (
            select * from differing
            qualify row_number() over (partition by subject order by item) <= {OFFENDERS_SHOWN}
        ),
        named as (
            select
                subject,
                list(concat({comparison.item}, ': ', observed, ' instead of ', expected) order by item)
                    as offenders
            from first_differing
            group by subject
        ),
        totals as (
            select subject, sum(expected)::varchar as expected, sum(observed)::varchar as observed
            from compared
            group by subject
        ),
        counts as (select subject, count(*) as differing from differing group by subject)
        select subject, expected, observed, coalesce(differing, 0), offenders
        from totals
        left join counts using (subject)
        left join named using (subject)
    """


def _relations(query: str) -> tuple[str, ...]:
    """The relations that a query reads, by their names."""
    return tuple(sorted(set(_RELATION.findall(query))))


def _result(comparison: Comparison, subject: str, found: _Found, *, scope: str) -> CheckResult:
    is_passed = found.failure is None and found.differing == 0
    if found.failure is not None:
        words = f"The comparison could not run: {found.failure}"
    elif is_passed:
        words = f"{found.observed} {comparison.measure} found, {found.expected} asked for."
    else:
        words = f"{found.differing} differ; the first is {found.offenders[0]} {comparison.measure}."
        words = f"{words} {named_command(found.repairs)}".rstrip()
    return CheckResult(
        name=comparison.name,
        subject=subject,
        layer=comparison.layer,
        severity=comparison.severity,
        is_passed=is_passed,
        observed=f"{found.observed} {comparison.measure}",
        expected=f"{found.expected} {comparison.measure}",
        scope=scope,
        offenders=found.offenders,
        offender_count=found.differing,
        message=f"{comparison.sentence} {words}",
        remedy="" if is_passed else comparison.remedy,
        owner=comparison.owner,
        measure=comparison.measure,
        expected_total=None if found.failure else int(found.expected),
        observed_total=None if found.failure else int(found.observed),
        tolerance=comparison.tolerance,
        rule=comparison.rule,
        left_relations=_relations(comparison.left),
        right_relations=_relations(comparison.right),
        repairs=() if is_passed else found.repairs,
    )
