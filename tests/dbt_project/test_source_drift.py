"""Each kind of drift, planted in what a source sends and found in the pages as they landed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.source_contracts import source_contracts
from orchestration.steps.raw_schema import build_raw_schema
from orchestration.steps.staged_streams import STAGED_STREAMS, StagedStream
from quality_checks.results import CheckResult
from quality_checks.source_drift.checks import check_source_drift
from quality_checks.source_drift.rules import CLASSES, DriftKind
from quality_checks.source_drift.sightings import PAGES_OF_A_DAY, PAGES_OF_A_LONG_DAY
from tests.dbt_project import records
from tests.dbt_project.test_staging_recorded import land_ants, land_secp256k1
from tests.dbt_project.warehouse import EvidenceBook, config_tables

SHOP = "acme/shop"
DAY = 24 * 60
TABLES = ("field_sightings", "field_days", "sighted_streams", "source_drift")
KINDS = {"github": "github", "git": "git", "drops": "drops", "pagerduty": "pagerduty"}
FEW = {
    "github__pull_requests",
    "github__workflow_runs",
    "git__commits",
    "drops__rows",
    "pagerduty__incidents",
}


@dataclass
class Watch:
    """Evidence, and the warehouse in which its drift is found."""

    book: EvidenceBook
    con: duckdb.DuckDBPyConnection
    results: list[CheckResult] = field(default_factory=list)

    def check(self, *, accepted: Sequence[str] = ()) -> None:
        build_raw_schema(self.con, self.book.evidence(), config=config_tables(), staging_sha256="1")
        tables = {stream.table for stream in self.book.streams}
        contracts = [
            each
            for each in source_contracts(frozenset(KINDS.values()))
            if each.relation.removeprefix("raw.") in tables
        ]
        self.results = check_source_drift(self.con, contracts, accepted=accepted)

    def next_day(self) -> None:
        self.book.landed += DAY
        self.book.run_id += " and another"

    def drifts(self) -> list[tuple[str, ...]]:
        return self.con.execute(
            "select json_path, drift_kind, drift_class, is_now, state from quality.source_drift"
        ).fetchall()

    def red(self) -> list[tuple[str, str]]:
        return [(each.name, each.subject) for each in self.results if not each.is_passed]

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        return {
            name: self.con.execute(f"select * from quality.{name} order by all").fetchall() for name in TABLES
        }


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    yield from watched(tmp_path, [each for each in STAGED_STREAMS if each.table in FEW])


def watched(folder: Path, streams: Sequence[StagedStream] = STAGED_STREAMS) -> Iterator[Watch]:
    book = EvidenceBook(folder, kinds=KINDS, streams=streams)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        yield Watch(book, con)
    book.ledger.close()


def pulls(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [records.pull(number) | changes for number in range(1, count + 1)]


def without(key: str, records_: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in each.items() if name != key} for each in records_]


@dataclass(frozen=True)
class Planted:
    """What a source sends one day, what it sends the next, and what that is called."""

    kind: DriftKind
    path: str
    then: Any
    now: Any
    stream: str = "pull_requests"
    source: str = "github"


RUNS = records.wrapped("workflow_runs", records.workflow_run(1))
PAGE = {
    "id": "P1",
    "status": "resolved",
    "urgency": "high",
    "service": {"id": "S1"},
    "created_at": "2026-01-05T09:00:00Z",
    "updated_at": "2026-01-05T10:00:00Z",
}
PAGES, PAGES_OF_A_NEW_URGENCY = ({"incidents": [PAGE | {"urgency": word}]} for word in ("low", "severe"))
PLANTED = [
    Planted("page_unreadable", "@page", pulls(2), b"<html>Bad Gateway</html>"),
    Planted("page_unreadable", "@page", pulls(2), b'[{"id": 1'),
    Planted("page_unreadable", "@page", records.git_commit("a" * 40), b"fatal: bad object", "commits", "git"),
    Planted("envelope_changed", "@page", RUNS, {"runs": [records.workflow_run(2)]}, "workflow_runs"),
    Planted("envelope_changed", "@page", pulls(2), b"12"),
    Planted(
        "parts_missing", "@page.parts", records.git_commit("a" * 40), b"\x1e" + b"b" * 40, "commits", "git"
    ),
    Planted("values_lost", "number", pulls(2), pulls(2, number={"value": 1})),
    Planted("values_lost", "draft", pulls(2), pulls(2, draft="perhaps")),
    Planted("values_lost", "updated_at", pulls(2), pulls(2, updated_at=1767607200000)),
    Planted("values_lost", "user", pulls(2), pulls(2, user=["octocat"])),
    Planted("values_lost", "labels", pulls(2), pulls(2, labels={"name": "bug"})),
    Planted("values_lost", "labels[]", pulls(2), pulls(2, labels=["bug"])),
    Planted("values_lost", "$", pulls(2), ["text"]),
    Planted("required_missing", "id", pulls(2), pulls(1, id=None)),
    Planted("required_missing", "head", pulls(2), without("head", pulls(1))),
    Planted("required_missing", "head.sha", pulls(2), pulls(1, head={"ref": "main"})),
    Planted("unknown_word", "state", pulls(2), pulls(1, state="archived")),
    Planted(
        "unknown_word",
        "status",
        RUNS,
        records.wrapped("workflow_runs", records.workflow_run(1) | {"status": "dreaming"}),
        "workflow_runs",
    ),
    Planted("unknown_word", "urgency", PAGES, PAGES_OF_A_NEW_URGENCY, "incidents", "pagerduty"),
    Planted("written_otherwise", "number", pulls(2), pulls(1, number="7")),
    Planted("disappeared", "draft", pulls(20), without("draft", pulls(20))),
    Planted("mostly_missing", "title", pulls(50), pulls(50, title=None)),
    Planted("new_field", "queue_position", pulls(2), pulls(1, queue_position=3)),
    Planted("new_field", "user.pronouns", pulls(2), pulls(1, user=records.user(1) | {"pronouns": "they"})),
    Planted("new_field", "@page.next", RUNS, {"next": "abc", **RUNS}, "workflow_runs"),
    Planted("new_type", "locked", pulls(2, locked=False), pulls(1, locked="no")),
    Planted("seen_absent", "title", pulls(2), without("title", pulls(1))),
]


def test_every_kind_of_drift_is_planted() -> None:
    assert {planted.kind for planted in PLANTED} == CLASSES.keys()


@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: f"{each.kind}-{each.path}")
def test_drift_is_found_where_it_begins_and_reported_by_its_class(watch: Watch, planted: Planted) -> None:
    watch.book.land(planted.stream, SHOP, planted.then, source=planted.source)
    watch.check()
    assert watch.drifts() == []
    assert watch.red() == []
    watch.next_day()
    (page,) = watch.book.land(planted.stream, SHOP, planted.now, source=planted.source)
    watch.check()
    found = [drift for drift in watch.drifts() if drift[:2] == (planted.path, planted.kind)]
    assert [drift[2] for drift in found] == [CLASSES[planted.kind]]
    subject = f"raw.{planted.source}__{planted.stream}"
    check = {"breaking": "no_breaking_drift", "suspicious": "no_suspicious_drift"}.get(found[0][2])
    assert watch.red() == ([(check, subject)] if check else [])
    first = watch.con.execute(
        "select first_log_index, first_url from quality.source_drift where json_path = ? and drift_kind = ?",
        [planted.path, planted.kind],
    ).fetchall()
    assert first == [(page, f"https://api.example/{SHOP}/{planted.stream}/")]


def test_a_red_check_names_the_path_the_page_and_what_to_do(watch: Watch) -> None:
    watch.book.land("pull_requests", SHOP, pulls(2))
    watch.next_day()
    (page,) = watch.book.land("pull_requests", SHOP, pulls(1, number=[1]))
    watch.check()
    (red,) = [each for each in watch.results if not each.is_passed]
    assert red.is_blocking
    assert red.offenders[0].startswith("number of github: bigint became list (values_lost) in 1 records")
    assert f"first on page {page} https://api.example/{SHOP}/" in red.offenders[0]
    assert "assay drift list" in red.remedy


def test_incremental_readings_end_in_the_rows_of_one(watch: Watch) -> None:
    days = [
        [pulls(30, **{f"customfield_{number}": 1 for number in range(20)})],
        [pulls(5, number="7", **{"a b": 1, "x" * 80: 2, "mail@host": 3}), b"<html>"],
        [pulls(40, draft="perhaps", **{f"key{letter}": 1 for letter in "abcdefgh"})],
        [without("draft", pulls(60, title=None))],
    ]
    for bodies in days:
        watch.book.land("pull_requests", SHOP, *bodies)
        watch.check()
        watch.next_day()
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        full = Watch(watch.book, con)
        full.check()
        assert full.tables() == watch.tables()


def test_of_a_day_of_many_pages_a_part_is_read_the_same_in_every_history_of_runs(watch: Watch) -> None:
    """A page that is read is so by its number within its day, which no later page changes."""
    bodies = [pulls(1)] * (PAGES_OF_A_LONG_DAY + 100)
    bodies[PAGES_OF_A_DAY + 8 - 1] = pulls(1, seen=1)  # a sixteenth page
    bodies[PAGES_OF_A_DAY + 9 - 1] = pulls(1, unseen=1)
    bodies[PAGES_OF_A_LONG_DAY + 48 - 1] = pulls(1, seen_late=1)  # a sixty-fourth page
    bodies[PAGES_OF_A_LONG_DAY + 64 - 1] = pulls(1, unseen_late=1)  # a sixteenth
    for first in (0, 150, PAGES_OF_A_DAY + 30):
        last = {0: 150, 150: PAGES_OF_A_DAY + 30}.get(first, len(bodies))
        watch.book.land("pull_requests", SHOP, *bodies[first:last])
        watch.check()
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        full = Watch(watch.book, con)
        full.check()
        assert full.tables()["field_sightings"] == watch.tables()["field_sightings"]
        assert full.tables()["field_days"] == watch.tables()["field_days"]
        paths = {path for (path,) in con.execute("select json_path from quality.field_sightings").fetchall()}
    assert {"seen", "seen_late"} <= paths
    assert not {"unseen", "unseen_late"} & paths


def test_a_page_is_read_once_and_all_anew_where_what_is_read_has_changed(watch: Watch) -> None:
    watch.book.land("pull_requests", SHOP, pulls(3))
    watch.check()
    before = watch.tables()
    watch.check()
    assert watch.tables() == before
    watch.con.execute("update quality.sighted_streams set rules_sha256 = 'older'")
    watch.con.execute("update quality.field_sightings set record_count = 99")
    watch.check()
    assert watch.tables() == before


def test_a_source_that_left_the_settings_leaves_nothing_behind(watch: Watch) -> None:
    watch.book.land("pull_requests", SHOP, pulls(3))
    watch.check()
    watch.book.kinds = {"git": "git"}
    watch.check()
    assert watch.tables() == {name: [] for name in TABLES}


def test_keys_that_are_data_are_one_path_and_the_number_of_paths_is_bounded(watch: Watch) -> None:
    odd = {f"customfield_{number}": 1 for number in range(10_000, 10_050)}
    odd |= {"octocat@example.com": 1, "2026": 1, "de305d54-75b4-431b-adb2-eb6b9e546014": 1}
    many = {f"key_{one}{two}": 1 for one in "abcdefghijklmnop" for two in "abcdefghijklmnop"}
    watch.book.land("pull_requests", SHOP, pulls(2, **odd, **many))
    watch.check()
    paths = {
        path for (path,) in watch.con.execute("select json_path from quality.field_sightings").fetchall()
    }
    assert {"customfield_*", "*"} <= paths
    assert not any("octocat" in path or "2026" in path or "de305d54" in path for path in paths)
    assert len([path for path in paths if path.startswith("key_")]) < 200


def test_no_value_of_a_field_is_kept(watch: Watch) -> None:
    watch.book.land("pull_requests", SHOP, pulls(3))
    watch.next_day()
    watch.book.land("pull_requests", SHOP, pulls(3, number=records.SECRET, state=records.SECRET + " 7"))
    watch.check()
    kept = json.dumps(watch.tables(), default=str)
    assert records.SECRET not in kept
    assert "user1" not in kept
    assert "(another text)" in kept


def test_what_was_lost_and_is_sound_again_waits_for_a_word_and_no_longer_blocks(watch: Watch) -> None:
    watch.book.land("pull_requests", SHOP, pulls(2))
    watch.next_day()
    watch.book.land("pull_requests", SHOP, pulls(1, number=[1]))
    watch.check()
    ((drift_id,),) = watch.con.execute("select drift_id from quality.source_drift").fetchall()
    watch.check(accepted=[drift_id])
    assert watch.red() == [("no_breaking_drift", "raw.github__pull_requests")], "it cannot be accepted away"
    watch.next_day()
    watch.book.land("pull_requests", SHOP, pulls(3))
    watch.check()
    assert watch.red() == [("no_suspicious_drift", "raw.github__pull_requests")]
    assert watch.drifts() == [("number", "values_lost", "breaking", "list", "past")]
    watch.check(accepted=[drift_id])
    assert watch.red() == []
    assert watch.drifts() == [("number", "values_lost", "breaking", "list", "accepted")], "it stays listed"


def test_nothing_is_new_in_the_first_records_of_a_stream_or_of_an_object(watch: Watch) -> None:
    watch.book.land("pull_requests", SHOP, [])
    watch.check()
    watch.next_day()
    watch.book.land("pull_requests", SHOP, pulls(2, user=None))
    watch.next_day()
    watch.book.land("pull_requests", SHOP, pulls(2))
    watch.check()
    assert watch.drifts() == []


def test_a_field_that_comes_back_no_longer_warns(watch: Watch) -> None:
    watch.book.land("pull_requests", SHOP, pulls(20))
    watch.next_day()
    watch.book.land("pull_requests", SHOP, without("draft", pulls(20)))
    watch.next_day()
    watch.book.land("pull_requests", SHOP, pulls(3))
    watch.check()
    assert ("draft", "disappeared", "suspicious", "in none", "over") in watch.drifts()
    assert watch.red() == []


def test_a_column_that_a_dropped_file_loses_or_gains_is_told(watch: Watch) -> None:
    def rows(**values: str) -> list[dict[str, Any]]:
        return [
            {"delivery": "d", "file": "f", "line": line, "mode": "append", "key": str(line), "values": values}
            for line in range(20)
        ]

    watch.book.land("rows", "incidents", rows(id="1", opened="x"), source="drops")
    watch.next_day()
    watch.book.land("rows", "incidents", rows(id="1", severity="high"), source="drops")
    watch.check()
    told = {(path, kind, is_now) for path, kind, _, is_now, _ in watch.drifts()}
    assert ("values.severity", "new_field", "string") in told


def test_real_recorded_payloads_lose_nothing(tmp_path: Path, payloads: Path) -> None:
    for watch in watched(tmp_path, [each for each in STAGED_STREAMS if each.kind in ("github", "git")]):
        land_secp256k1(watch.book, payloads / "github" / "secp256k1")
        land_ants(watch.book, payloads / "devlake" / "github")
        watch.check()
        assert watch.red() == []
        assert watch.drifts() == []
