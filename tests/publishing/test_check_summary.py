"""Checks and completeness in brief: counts by hand-over, what is red with what mends it, gaps by stream."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import duckdb

from publishing.check_summary import OFFENDERS_NAMED, summarise_checks
from publishing.completeness import GAPS_NAMED, completeness_document, read_completeness
from tests.publishing.release import Check, Release, Repair

WARNING = Check(
    "reported_range_was_read",
    "marts.mart_stream_completeness",
    "warning",
    is_passed=False,
    message="Every place was read. 2 gaps found, 0 asked for.",
    layer="extraction",
    offenders=tuple(f"github issues acme/{number}: 1 instead of 0" for number in range(7)),
    offender_count=40,
    remedy="Fetch the gap again.",
    repairs=(Repair("assay repair github.issues --scope acme/0"), Repair("assay run")),
)
PLACES = """
    create schema if not exists marts;
    create or replace table marts.mart_stream_completeness as
    select
        'github' as source, 'github' as kind, stream, scope, 2::bigint as window_count,
        10::bigint as record_count, null::timestamptz as read_from,
        timestamptz '2026-07-01 00:00:00+00' as read_until,
        list_transform(range(gaps), lambda day: {
            'gap_from': timestamptz '2026-05-01 00:00:00+00' + to_days(day::integer * 2),
            'gap_until': timestamptz '2026-05-02 00:00:00+00' + to_days(day::integer * 2)
        }) as gaps
    from (values ('issues', 'acme/shop', 1), ('issues', 'acme/<b>search', 8), ('tags', 'acme/shop', 0))
        as places (stream, scope, gaps)
"""


def summary_of(*checks: Check) -> dict[str, object]:
    return summarise_checks(checks).to_document()


def test_results_are_counted_by_hand_over_in_their_order() -> None:
    blocking = Check(is_passed=False)
    found = summary_of(Check(), blocking, WARNING, Check("made_up", layer="elsewhere"))
    assert [
        (each["layer"], each["ran"], each["held"], each["warned"], each["blocked"]) for each in _rows(found)
    ] == [
        ("extraction", 1, 0, 1, 0),
        ("facts", 2, 1, 0, 1),
        ("elsewhere", 1, 1, 0, 0),
    ]
    assert (found["ran"], found["held"], found["warned"], found["blocked"]) == (4, 2, 1, 1)


def _rows(found: dict[str, object]) -> Sequence[dict[str, object]]:
    rows = found["hand_overs"]
    assert isinstance(rows, list)
    return rows


def test_what_is_red_says_the_first_offenders_and_what_mends_it_and_blocking_comes_first() -> None:
    red = summarise_checks([WARNING, Check(is_passed=False)]).red
    assert [each.severity for each in red] == ["blocking", "warning"]
    assert len(red[1].offenders) == OFFENDERS_NAMED
    assert red[1].unnamed_count == 35
    assert red[1].commands == ("assay repair github.issues --scope acme/0", "assay run")


def test_gaps_are_counted_by_stream_and_the_first_are_named() -> None:
    with duckdb.connect() as con:
        assert read_completeness(con) == []
        con.execute("set TimeZone = 'UTC'")
        con.execute(PLACES)
        issues, tags = read_completeness(con)
    assert (issues.place_count, issues.gap_count, len(issues.gaps)) == (2, 9, GAPS_NAMED)
    assert issues.gaps[0].gap_from == datetime(2026, 5, 1, tzinfo=UTC)
    assert issues.gaps[0].places == "acme/<b>search, acme/shop"
    assert issues.unnamed_count == 3
    assert (tags.gap_count, tags.record_count, tags.read_from) == (0, 10, None)
    document = completeness_document([issues, tags])
    assert (document["streams"], document["places"], document["gaps"]) == (2, 3, 9)
    assert [each["stream"] for each in document["streams_with_gaps"]] == ["github.issues"]


def test_the_manifest_and_the_report_say_what_did_not_hold_and_what_was_not_read(release: Release) -> None:
    release.change(PLACES)
    release.publish(checks=(Check(), WARNING))
    manifest = json.loads((release.root / "current" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["check_summary"]["warned"] == 1
    (red,) = manifest["check_summary"]["red"]
    assert (red["name"], red["offender_count"]) == ("reported_range_was_read", 40)
    assert red["commands"][0] == "assay repair github.issues --scope acme/0"
    assert manifest["completeness"]["gaps"] == 9
    page = " ".join((release.root / "current" / "report.html").read_text(encoding="utf-8").split())
    assert "1 of 2 checks hold, 1 warns" in page
    assert "github issues acme/0: 1 instead of 0" in page
    assert "and 35 more" in page
    assert "assay repair github.issues --scope acme/0" in page
    assert "1 of 2 streams were not read for the whole reported range" in page
    assert "acme/&lt;b&gt;search" in page
    assert "acme/<b>search" not in page


def test_a_clean_publication_says_so(release: Release) -> None:
    release.change(PLACES + " where gaps = 0")
    release.publish()
    page = " ".join((release.root / "current" / "report.html").read_text(encoding="utf-8").split())
    assert "2 of 2 checks hold." in page
    assert "What does not hold" not in page
    assert "All 1 streams were read for the whole reported range." in page
