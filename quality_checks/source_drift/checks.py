"""The drift of a warehouse's sources as a table, and as results of two checks for each stream."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final, Literal, TypeVar

import duckdb
import pyarrow as pa

from quality_checks.results import OFFENDERS_SHOWN, CheckDeclaration, CheckResult, Severity
from quality_checks.source_drift.contracts import SourceContract
from quality_checks.source_drift.rules import LASTING, Drift, classify
from quality_checks.source_drift.sighted import SightedDay, SightedField, SightedStream
from quality_checks.source_drift.sightings import sight_fields

Row = TypeVar("Row", SightedField, SightedDay)
DriftState = Literal["open", "past", "accepted", "over", "noted"]
OWNER: Final = "data engineering"
_RULES: Final[tuple[tuple[str, Severity, str], ...]] = (
    ("no_breaking_drift", "blocking", "No change of the source's format costs values that staging reads."),
    (
        "no_suspicious_drift",
        "warning",
        "No change of the source's format that may change a meaning waits for somebody's word.",
    ),
)
_REMEDY_BREAKING: Final = (
    "Look at the page (`assay drift list` names it) and at the vendor's changes, and let the stream's "
    "declaration follow; the next run reads the evidence again. It cannot be accepted while values are lost."
)
_REMEDY_SUSPICIOUS: Final = (
    "Look at the page that `assay drift list` names. If the numbers still mean the same, say so: "
    '`assay drift accept ID --by NAME --because "..."`; else let the stream\'s declaration follow.'
)
_COLUMNS: Final = (
    "drift_id varchar, source varchar, kind varchar, stream varchar, json_path varchar, drift_kind varchar, "
    "drift_class varchar, was varchar, is_now varchar, first_log_index bigint, first_record_id bigint, "
    "first_url varchar, first_seen_at timestamptz, last_log_index bigint, record_count bigint, state varchar"
)


@dataclass(frozen=True, slots=True)
class StatedDrift:
    """A drift, and how it stands with it.

    Attributes:
        drift: What differs.
        state: `open`; `past`, where values were lost and newer pages are sound again; `accepted` by somebody;
            `over`, where newer pages do not show it; `noted`, where it is harmless.
        first_url: The address of the first page, without what it was asked with.
    """

    drift: Drift
    state: DriftState
    first_url: str

    @property
    def says(self) -> str:
        """The drift in one line."""
        drift = self.drift
        return (
            f"{drift.json_path} of {drift.source}: {drift.was} became {drift.is_now} ({drift.drift_kind}) "
            f"in {drift.record_count} records, first on page {drift.first_log_index} {self.first_url} "
            f"[{drift.drift_id}]"
        )


def drift_declarations(contracts: Iterable[SourceContract]) -> Iterator[CheckDeclaration]:
    """Give both checks of every stream, without a warehouse."""
    for contract in contracts:
        for name, severity, sentence in _RULES:
            yield CheckDeclaration(name, contract.relation, "landing", severity, OWNER, sentence)


def check_source_drift(
    con: duckdb.DuckDBPyConnection,
    contracts: Sequence[SourceContract],
    *,
    accepted: Collection[str] = (),
) -> list[CheckResult]:
    """Read the new pages, write `quality.source_drift` and give two results for each stream.

    Args:
        con: A writable connection to the warehouse with the `raw` views in place, without a transaction.
        contracts: What staging reads of each stream.
        accepted: Ids of the drifts that somebody has accepted.
    """
    sight_fields(con, contracts)
    stated = stated_drifts(con, contracts, accepted)
    _write(con, stated)
    scope = _scope(con)
    return [
        _result(contract, name, severity, sentence, stated, scope=scope)
        for contract in contracts
        for name, severity, sentence in _RULES
    ]


def stated_drifts(
    con: duckdb.DuckDBPyConnection, contracts: Iterable[SourceContract], accepted: Collection[str]
) -> list[StatedDrift]:
    """Classify what was sighted, stream by stream."""
    sighted_by_stream = sighted_streams(con)
    drifts = [
        drift
        for contract in contracts
        for sighted in sighted_by_stream.get((contract.kind, contract.stream), ())
        for drift in classify(contract, sighted)
    ]
    urls = _urls(con, {drift.first_log_index for drift in drifts})
    return [
        StatedDrift(drift, state_of(drift, accepted), urls.get(drift.first_log_index, "")) for drift in drifts
    ]


def state_of(drift: Drift, accepted: Collection[str]) -> DriftState:
    """Say how it stands with a drift: what costs values now is open, whatever was accepted."""
    if drift.drift_class == "harmless":
        return "noted"
    if drift.drift_class == "breaking" and drift.is_current:
        return "open"
    if drift.drift_id in accepted:
        return "accepted"
    if drift.drift_class == "breaking":
        return "past"
    return "open" if drift.is_current or drift.drift_kind in LASTING else "over"


def sighted_streams(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[SightedStream]]:
    """Read what was sighted, by kind and stream, source by source."""
    sightings = _by_place(con, "field_sightings", SightedField)
    days = _by_place(con, "field_days", SightedDay)
    states = con.execute(
        "select kind, stream, source, first_run_last_log_index, newest_run_first_log_index "
        "from quality.sighted_streams order by all"
    ).fetchall()
    found: dict[tuple[str, str], list[SightedStream]] = {}
    for kind, stream, source, first_run, newest_run in states:
        place = (kind, stream, source)
        seen, missed = tuple(sightings.get(place, ())), tuple(days.get(place, ()))
        found.setdefault((kind, stream), []).append(
            SightedStream(source, seen, missed, first_run, newest_run, _began(seen))
        )
    return found


def _began(seen: Iterable[SightedField]) -> dict[str, int]:
    """Return the first page with each object, by its path."""
    began: dict[str, int] = {}
    for each in seen:
        if each.json_type == "object":
            began[each.json_path] = min(each.first_log_index, began.get(each.json_path, each.first_log_index))
    return began


def _by_place(con: duckdb.DuckDBPyConnection, table: str, row: type[Row]) -> dict[tuple[str, ...], list[Row]]:
    columns = ", ".join(field.name for field in fields(row))
    rows = con.execute(f"select kind, stream, source, {columns} from quality.{table} order by all").fetchall()
    found: dict[tuple[str, ...], list[Row]] = {}
    for kind, stream, source, *values in rows:
        found.setdefault((kind, stream, source), []).append(row(*values))
    return found


def _urls(con: duckdb.DuckDBPyConnection, log_indexes: set[int]) -> dict[int, str]:
    rows = con.execute(
        "select log_index, regexp_replace(url, '[?#].*', '') from raw.evidence_pages "
        "where list_contains(?, log_index)",
        [sorted(log_indexes)],
    ).fetchall()
    return dict(rows)


def _scope(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute("select coalesce(max(log_index) + 1, 0) from raw.evidence_pages").fetchone()
    return f"payload log below {row[0] if row else 0}"


def _result(
    contract: SourceContract,
    name: str,
    severity: Severity,
    sentence: str,
    stated: Iterable[StatedDrift],
    *,
    scope: str,
) -> CheckResult:
    is_breaking = severity == "blocking"
    offending = [
        each
        for each in stated
        if (each.drift.kind, each.drift.stream) == (contract.kind, contract.stream)
        and each.state in ("open", "past")
        and (each.drift.drift_class == "breaking" and each.state == "open") == is_breaking
    ]
    offenders = tuple(each.says for each in offending[:OFFENDERS_SHOWN])
    found = f"{len(offending)} drifts"
    words = f"{found} found; the first is {offenders[0]}." if offending else "None was found."
    remedy = _REMEDY_BREAKING if is_breaking else _REMEDY_SUSPICIOUS
    return CheckResult(
        name=name,
        subject=contract.relation,
        layer="landing",
        severity=severity,
        is_passed=not offending,
        observed=found,
        expected="0 drifts",
        scope=scope,
        offenders=offenders,
        offender_count=len(offending),
        message=f"{sentence} {words}",
        remedy=remedy if offending else "",
        owner=OWNER,
    )


def _write(con: duckdb.DuckDBPyConnection, stated: Iterable[StatedDrift]) -> None:
    con.execute(f"create or replace table quality.source_drift ({_COLUMNS})")
    rows = [
        {
            "drift_id": each.drift.drift_id,
            "drift_class": each.drift.drift_class,
            "first_url": each.first_url,
            "state": each.state,
            **asdict(each.drift),
        }
        for each in stated
    ]
    if not rows:
        return
    con.register("stated_drift", pa.Table.from_pylist(rows))
    con.execute(
        "insert into quality.source_drift by name select stated_drift.* exclude (is_current), "
        "pages.fetched_at as first_seen_at from stated_drift left join raw.evidence_pages as pages "
        "on pages.log_index = stated_drift.first_log_index "
        "order by first_record_id, source, stream, json_path, drift_kind, is_now"
    )
    con.unregister("stated_drift")
