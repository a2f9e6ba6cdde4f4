"""Records fetched again from the source, compared with their rows in staging, column by column.

What a record says now is not compared with what it said then: where the source's own last update has moved
on, the record has changed since, and that is no fault. Unless it moved before the place was last read by
updates: then that reading should have brought it, and no later one will.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb

NEVER_COMPARED: Final = frozenset({"record_id", "source_updated_at", "cast_loss_count"})
UNREADABLE: Final = "whole record"
OF_ACCOUNTS: Final = re.compile(r"_tokens?$|^is_\w+_bot$")
"""Columns that say who it was: where an account is deleted, a source shows another one (GitHub's and GitLab's
ghost) in all that it ever did, and none of these records counts as updated."""
CREATED: Final = "created_at"  # no update changes when a record was made
UPDATED: Final = "source_updated_at"
_INDEX_LAG: Final = "interval 10 minutes"  # lists may be behind the record by so much
_SHOWN_TYPES: Final = ("BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP WITH TIME ZONE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """One record that was asked for again.

    Attributes:
        record_key: What it is called at its source, without naming anybody.
        staged_record_id: Its row in staging.
        log_index: The page that answered; None where none did.
        problem: Why there is no answer; None where there is one, or where the source says that it is gone.
    """

    record_key: str
    staged_record_id: int
    log_index: int | None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRules:
    """How the rows of one stream are compared.

    Attributes:
        staged: The staging table.
        sampled: The table in which the same SQL has made rows of what was fetched again.
        unversioned: Columns that may change without the record's last update moving, beside `OF_ACCOUNTS`.
        incomparable: Columns that are not compared.
        final_with: By column that is compared only once another one has a value: that other one.
        is_read_by_update: Whether each reading of a place brings everything that was updated before it.
    """

    staged: str
    sampled: str
    unversioned: Collection[str] = ()
    incomparable: Collection[str] = ()
    final_with: Mapping[str, str] = field(default_factory=dict)
    is_read_by_update: bool = False


def compare_samples(
    con: duckdb.DuckDBPyConnection, rules: SampleRules, samples: Sequence[Sampled]
) -> Iterator[dict[str, Any]]:
    """Yield the verdict on each record, as columns of `quality.sampled_records` without its place.

    The verdicts: `equal`; `changed_since`; `overlooked`, where it changed before the place was last read;
    `differs` under the same last update; `unversioned_change`, where
    only columns differ that change without it, or the record tells of no update; `vanished`; `not_taken`.

    Args:
        con: The warehouse.
        rules: The tables and which columns count.
        samples: What was asked for.
    """
    columns = _columns(con, rules)
    for sample in samples:
        verdict, found = _verdict(con, rules, columns, sample)
        yield {
            "record_key": sample.record_key,
            "verdict": verdict,
            "differing_columns": [name for name, _ in found],
            "differences": [words for _, words in found],
            "staged_record_id": sample.staged_record_id,
            "sampled_record_id": None if sample.log_index is None else sample.log_index << 23,
            "problem": sample.problem,
        }


def _verdict(
    con: duckdb.DuckDBPyConnection, rules: SampleRules, columns: Sequence[tuple[str, str]], sample: Sampled
) -> tuple[str, list[tuple[str, str]]]:
    if sample.problem is not None:
        return "not_taken", []
    if sample.log_index is None:
        return "vanished", []
    row = con.execute(_query(rules, columns), [sample.staged_record_id, sample.log_index]).fetchone()
    if row is None:
        return "differs", [(UNREADABLE, "what the source answers is no such record")]
    is_newer, is_overlooked, is_versioned, *words = row
    found = [(name, word) for (name, _), word in zip(columns, words, strict=True) if word is not None]
    if is_overlooked:
        return "overlooked", [*found, (UPDATED, is_overlooked)]
    if is_newer:
        found = [(name, word) for name, word in found if name == CREATED]
    if not found:
        return ("changed_since" if is_newer else "equal"), []
    is_noticed = is_versioned and any(_moves_update(name, rules) for name, _ in found)
    return ("differs" if is_noticed else "unversioned_change"), found


def _moves_update(column: str, rules: SampleRules) -> bool:
    return column not in rules.unversioned and OF_ACCOUNTS.search(column) is None


def _columns(con: duckdb.DuckDBPyConnection, rules: SampleRules) -> list[tuple[str, str]]:
    """Return name and type of each column that is compared."""
    described = con.execute(f"describe select * from {rules.staged}").fetchall()
    left_out = NEVER_COMPARED | set(rules.incomparable)
    return [(str(row[0]), str(row[1])) for row in described if row[0] not in left_out]


def _query(rules: SampleRules, columns: Sequence[tuple[str, str]]) -> str:
    differences = ",\n".join(_difference(name, kind, rules.final_with.get(name)) for name, kind in columns)
    return f"""
        select
            coalesce(sampled.source_updated_at > staged.source_updated_at, false) as is_newer,
            {_overlooked(rules)} as is_overlooked,
            staged.source_updated_at is not null as is_versioned,
            {differences}
        from {rules.staged} as staged
        inner join {rules.sampled} as sampled
            on staged.record_id = ? and sampled.record_id >> 23 = ?
    """


def _overlooked(rules: SampleRules) -> str:
    """Words about an update that lies before the newest reading of its record's place; null without one."""
    if not rules.is_read_by_update:
        return "null"
    return f"""(
        select concat(
            'its last update is ', staged.source_updated_at, ' in staging, ', sampled.source_updated_at,
            ' at the source, and the place was read at ', max(windows.started_at)
        )
        from raw.evidence_pages as pages
        inner join raw.fetch_windows as windows using (source, kind, stream, scope)
        where pages.log_index = staged.record_id >> 23
            and windows.parent_key is null and windows.requested_until is null
            and sampled.source_updated_at > staged.source_updated_at
        having max(windows.started_at) > sampled.source_updated_at + {_INDEX_LAG}
    )"""


def _difference(name: str, kind: str, final_with: str | None) -> str:
    """What differs, in words; texts as the beginning of their hash, for they may be about people."""
    staged, sampled = (_shown(f'{side}."{name}"', kind) for side in ("staged", "sampled"))
    is_final = f'and staged."{final_with}" is not null ' if final_with else ""
    return (
        f'case when staged."{name}" is distinct from sampled."{name}" {is_final}'
        f"then concat('{name} is ', {staged}, ' in staging, ', {sampled}, ' at the source') end"
    )


def _shown(value: str, kind: str) -> str:
    shown = f"{value}::varchar" if kind in _SHOWN_TYPES else f"'#' || left(sha256({value}::varchar), 8)"
    return f"coalesce({shown}, 'null')"
