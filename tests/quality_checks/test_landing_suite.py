"""The suite over landings: it says nothing of clean ones, of any seed, and finds what was planted."""

from collections.abc import Callable, Iterator

import duckdb
import pytest

from quality_checks.expectations import run_suites
from quality_checks.landing_profiles import LEAST_RUNS, profile_landings
from quality_checks.landing_suite import landing_suite
from quality_checks.results import CheckResult
from quality_checks.streams import STREAMS
from tests.quality_checks import landings
from tests.quality_checks.landings import CONTRACTS, PEOPLE, RUNS, TICKETS

SUITE = landing_suite(CONTRACTS)
Results = dict[tuple[str, str], CheckResult]
_NEWEST_PAGES = f"select log_index from raw.evidence_pages where fetched_at > '2026-03-{RUNS}'"
FAULTS = {
    "landing_volumes_are_usual": (
        TICKETS.staging,
        f"update raw.fetch_windows set record_count = 1 where window_id = 'tickets{RUNS - 1}'",
    ),
    "landed_columns_keep_their_values": (
        TICKETS.staging,
        f"update {TICKETS.staging} set state = null where record_id >> 23 in ({_NEWEST_PAGES})",
    ),
    "landed_keys_are_unique": (
        PEOPLE.staging,
        f"insert into {PEOPLE.staging} select * from {PEOPLE.staging} order by record_id desc limit 1",
    ),
}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        landings.write(made, newest=300)
        yield made


def results(con: duckdb.DuckDBPyConnection) -> Results:
    profile_landings(con, CONTRACTS)
    return {(each.name, each.subject): each for each in run_suites(con, [SUITE], scope="all")}


def worst(con: duckdb.DuckDBPyConnection, column: str, subject: str = TICKETS.staging) -> float:
    profile_landings(con, CONTRACTS)
    row = con.execute(f"select max({column}) from landing_profiles where subject = ?", [subject]).fetchone()
    assert row is not None
    assert row[0] is not None, "there is nothing to compare"
    return float(row[0])


def test_clean_landings_are_green_in_every_stream(con: duckdb.DuckDBPyConnection) -> None:
    found = results(con)
    assert [result for result in found.values() if not result.is_passed] == []
    assert set(found) == {(each.name, each.subject) for each in SUITE.declarations()}
    assert found["landing_volumes_are_usual", TICKETS.staging].observed == "0 of 1 outside"


def test_every_expectation_has_a_planted_fault() -> None:
    assert {expectation.name for expectation in SUITE.expectations} == set(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_turns_its_check_red_and_no_other(con: duckdb.DuckDBPyConnection, name: str) -> None:
    subject, sql = FAULTS[name]
    con.execute(sql)
    red = {key: result for key, result in results(con).items() if not result.is_passed}
    assert set(red) == {(name, subject)}
    (result,) = red.values()
    assert result.remedy
    assert result.offenders[0].startswith("desk")


def test_an_offender_says_what_was_found_and_what_is_usual(con: duckdb.DuckDBPyConnection) -> None:
    for name in ("landing_volumes_are_usual", "landed_columns_keep_their_values"):
        con.execute(FAULTS[name][1])
    found = results(con)
    assert "desk: 1 records, usually" in found["landing_volumes_are_usual", TICKETS.staging].offenders[0]
    assert (
        "desk state: 100 % missing, usually"
        in found["landed_columns_keep_their_values", TICKETS.staging].offenders[0]
    )


def test_clean_landings_of_fifty_seeds_give_no_alarm() -> None:
    for seed in range(50):
        with duckdb.connect() as con:
            landings.write(con, seed=seed)
            assert worst(con, "volume_deviation") <= 1, seed
            assert worst(con, "null_deviation") <= 1, seed


@pytest.mark.parametrize(
    ("count", "is_usual"), [(0, False), (1, False), (30, True), (300, True), (700, True), (3000, False)]
)
def test_how_far_a_volume_may_lie_from_the_usual(count: int, *, is_usual: bool) -> None:
    """Week-ends bring 40, working days 300: neither is an alarm."""
    with duckdb.connect() as con:
        landings.write(con, newest=count)
        assert (worst(con, "volume_deviation") <= 1) is is_usual


@pytest.mark.parametrize(
    "make_it_say_nothing",
    [
        lambda con: con.execute(
            f"delete from raw.fetch_windows where run_id not in "
            f"('run-{RUNS - 1}', {', '.join(repr(f'run-{n}') for n in range(LEAST_RUNS))})"
        ),
        lambda con: con.execute(
            f"update raw.fetch_windows set started_at = '2026-03-{RUNS - 1}T02:30:00Z' "
            f"where run_id = 'run-{RUNS - 1}'"
        ),
    ],
    ids=["seven runs beside the first", "half an hour after the run before"],
)
def test_too_little_history_and_a_run_too_soon_say_nothing(
    con: duckdb.DuckDBPyConnection, make_it_say_nothing: Callable[[duckdb.DuckDBPyConnection], object]
) -> None:
    con.execute(FAULTS["landing_volumes_are_usual"][1])
    assert worst(con, "volume_deviation") > 1
    make_it_say_nothing(con)
    assert results(con)["landing_volumes_are_usual", TICKETS.staging].is_passed


def test_a_window_that_is_fetched_again_is_no_volume(con: duckdb.DuckDBPyConnection) -> None:
    """A backfill of one day brings few records, or many."""
    con.execute("update raw.fetch_windows set requested_until = started_at where stream = 'tickets'")
    con.execute("""
        insert into raw.fetch_windows by name
        select * replace (
            window_index + 1000 as window_index, 'backfill' as run_id, 9000 as record_count,
            started_at + interval 10 day as started_at
        )
        from raw.fetch_windows where window_id = 'tickets7'
    """)
    assert worst(con, "volume_deviation") <= 1


def test_a_key_may_stand_in_many_sets_but_once_in_each(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update staging.stg_tracker__notes set note_id = note_id % 1000")
    assert results(con)["landed_keys_are_unique", "staging.stg_tracker__notes"].is_passed


def test_a_stream_that_cannot_be_looked_at_is_red_and_the_others_are_not(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute(f"alter table {TICKETS.staging} drop column source")
    red = [result for result in results(con).values() if not result.is_passed]
    assert {(result.name, result.subject) for result in red} == {(name, TICKETS.staging) for name in FAULTS}
    assert all("it cannot be looked at" in result.offenders[0] for result in red)


def test_every_stream_of_the_contracts_has_its_checks() -> None:
    declared = {(each.name, each.subject) for each in landing_suite(STREAMS).declarations()}
    assert declared == {(name, contract.staging) for name in FAULTS for contract in STREAMS}


def test_a_suite_that_cannot_be_read_is_red_for_every_stream() -> None:
    with duckdb.connect() as con:
        found = run_suites(con, [SUITE], scope="all")
    assert len(found) == len(FAULTS) * len(CONTRACTS)
    assert not any(result.is_passed for result in found)
