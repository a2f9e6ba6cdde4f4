"""What a red check says about its repair: the place, the command, the record; and what covers a fault."""

from datetime import datetime

import duckdb
import pytest

from quality_checks import run_reconciliation
from quality_checks.checks import SourceRange, comparisons
from quality_checks.repairs import REBUILD, RESTORE, Repair, refetch
from quality_checks.results import CheckResult
from tests.quality_checks.evidence import places

_RANGE = next(each for each in comparisons() if each.name == "reported_range_was_read")
TAGS = "kind = 'github' and stream = 'tags'"


def red(con: duckdb.DuckDBPyConnection, name: str) -> list[CheckResult]:
    layers = ["extraction", "landing", "staging"]
    results = run_reconciliation(con, layers=layers, expected=places())
    return [result for result in results if result.name == name and not result.is_passed]


def spoil_page(con: duckdb.DuckDBPyConnection) -> int:
    """Let the oldest page of tags be no answer; returns it."""
    row = con.execute(f"select min(log_index) from raw.evidence_pages where {TAGS}").fetchone()
    assert row is not None
    con.execute(f"update raw.github__tags set body = '{{' where log_index = {row[0]}")
    con.execute(f"delete from quality.landed_pages where {TAGS}")
    con.execute(f"delete from quality.landed_records where {TAGS}")
    return int(row[0])


def add_window(con: duckdb.DuckDBPyConnection, page: int, window_id: str) -> None:
    """Close a newer window of the same place, without the page."""
    con.execute(f"""
        insert into raw.fetch_windows
        select * replace (
            window_index + 1000 as window_index, '{window_id}' as window_id,
            list_filter(page_indexes, lambda index: index <> {page}) as page_indexes,
            started_at + interval 1 day as started_at
        )
        from raw.fetch_windows
        where {TAGS} and list_contains(page_indexes, {page})
    """)


def test_a_page_is_named_with_its_window_and_its_list_is_what_is_fetched(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    page = spoil_page(warehouse)
    (result,) = red(warehouse, "pages_parse")
    assert result.offenders[0].startswith(f"page {page} (acme/")
    assert "window" in result.offenders[0]
    (repair,) = result.repairs
    assert repair == refetch("github", "tags", scope=repair.scope)
    assert f"run `assay repair github.tags --scope {repair.scope}`" in result.message


def test_a_window_that_only_goes_on_hides_no_fault_of_the_one_before(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    page = spoil_page(warehouse)
    add_window(warehouse, page, "run:tags:acme/shop#9")
    assert [result.subject for result in red(warehouse, "pages_parse")] == ["raw.github__tags"]


def test_a_window_that_was_read_from_its_start_again_covers_the_one_before(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    page = spoil_page(warehouse)
    add_window(warehouse, page, "run:tags:acme/shop#9 again")
    assert red(warehouse, "pages_parse") == []


def test_a_record_is_named_by_its_key_at_the_source(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("""
        delete from staging.stg_github__pull_requests
        where record_id = (select max(record_id) from staging.stg_github__pull_requests)
    """)
    (result,) = red(warehouse, "landed_keys_are_staged")
    row = warehouse.execute(
        "select max(record_id) from quality.landed_records where stream = 'pull_requests'"
    )
    (record_id,) = row.fetchone() or (None,)
    assert result.offenders[0].startswith(f"record {record_id} (pull_requests ")
    assert "window" in result.offenders[0]
    assert result.repairs == (REBUILD,)
    assert "run `assay run --full-refresh`" in result.message


def test_people_are_never_named_by_their_accounts(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("""
        update staging.stg_github__members set cast_loss_count = 1
        where record_id = (select max(record_id) from staging.stg_github__members)
    """)
    (result,) = red(warehouse, "no_value_lost_in_casts")
    assert result.offenders[0].startswith("record ")
    assert "members" not in result.offenders[0]


def test_a_name_that_somebody_chose_is_not_shown(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("""
        update staging.stg_github__tags set cast_loss_count = 1
        where record_id = (select max(record_id) from staging.stg_github__tags)
    """)
    (result,) = red(warehouse, "no_value_lost_in_casts")
    assert "tags" not in result.offenders[0]
    assert "window" in result.offenders[0]


def test_a_window_of_time_is_fetched_by_its_own_range(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("""
        update raw.fetch_windows
        set claimed_total = 3 * record_count + 3, requested_from = timestamptz '2026-05-01 00:00:00+00',
            requested_until = timestamptz '2026-05-02 12:30:00+00'
        where kind = 'github' and stream = 'workflow_runs'
    """)
    (result,) = red(warehouse, "claimed_totals_nearly_arrived")
    repair = result.repairs[0]
    assert (repair.requested_from, repair.requested_until) == ("2026-05-01", "2026-05-02T12:30:00Z")
    assert repair.command.endswith("--from 2026-05-01 --until 2026-05-02T12:30:00Z")
    assert "from 2026-05-01, until 2026-05-02T12:30:00Z" in result.offenders[0]


def test_evidence_that_is_gone_is_restored_and_not_fetched(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute(f"""
        delete from raw.evidence_pages
        where log_index = (select max(log_index) from raw.evidence_pages where {TAGS})
    """)
    (result,) = red(warehouse, "window_pages_exist")
    assert result.repairs == (RESTORE,)


def test_a_list_of_a_parent_that_was_never_read_is_asked_for_by_that_parent(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute("""
        delete from raw.fetch_windows
        where stream = 'reviews' and window_index = (
            select max(window_index) from raw.fetch_windows where stream = 'reviews'
        )
    """)
    (result,) = red(warehouse, "parents_were_read")
    (repair,) = result.repairs
    assert (repair.source, repair.stream) == ("github", "reviews")
    assert repair.scope is not None
    assert repair.parent_key is not None


def test_what_the_settings_do_not_ask_of_a_source_is_no_gap(warehouse: duckdb.DuckDBPyConnection) -> None:
    """One that begins later on purpose is whole; of a gap only the part that is asked for is fetched."""
    warehouse.execute("""
        update marts.mart_stream_completeness
        set gaps = [{
            'gap_from': timestamptz '2026-01-10T00:00:00Z', 'gap_until': timestamptz '2026-01-20T00:00:00Z'
        }]
        where stream = 'issues'
    """)
    for since, until, asked in (
        (None, None, ("2026-01-10", "2026-01-20")),
        ("2026-01-15", None, ("2026-01-15", "2026-01-20")),
        (None, "2026-01-12", ("2026-01-10", "2026-01-12")),
        ("2026-01-20", None, None),
    ):
        ends = (None if day is None else datetime.fromisoformat(f"{day}T00:00:00Z") for day in (since, until))
        results = run_reconciliation(warehouse, expected=places(), ranges=[SourceRange("github", *ends)])
        (result,) = [each for each in results if each.name == "reported_range_was_read"]
        assert result.is_passed == (asked is None)
        ((fetched,),) = warehouse.execute(f"""
            select list((requested_from::date::varchar, requested_until::date::varchar))
            from ({_RANGE.places}) where stream = 'issues'
        """).fetchall()
        assert fetched == ([asked] if asked else None)


@pytest.mark.parametrize(
    ("repair", "command"),
    [
        (refetch("ci", "tags"), "assay repair ci.tags"),
        (refetch("ci", "tags", scope="it's"), "assay repair ci.tags --scope 'it'\"'\"'s'"),
        (refetch("ci", "tags", scope="-x $(rm)"), "assay repair ci.tags '--scope=-x $(rm)'"),
    ],
)
def test_what_a_source_calls_its_places_is_quoted(repair: Repair, command: str) -> None:
    assert repair.command == command
