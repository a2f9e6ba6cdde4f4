"""Business seconds: changes of the clocks, holidays, zones, years, and every minute counted by hand."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.flow.calendar_rows import calendar_rows
from orchestration.settings import Settings
from orchestration.settings.references import reference_faults
from orchestration.steps.business_hours import write_working_hours
from orchestration.steps.config_tables import write_config_tables
from tests.dbt_project.warehouse import config_tables

OFFICE = [f"{day} 09:00-17:00" for day in range(1, 6)]
HOUR = 3600
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")
BUSINESS = """
    with instants as (select $1::varchar as calendar_id, $2::timestamptz as started, $3::timestamptz as ended)
    select {finish} - {start} from instants {from_start} {from_end}
"""


def calendar(name: str = "team", zone: str = "UTC", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"calendar_id": name, "time_zone": zone, "country": None, "subdivision": None}
    row |= {"hours": OFFICE, "days_off": [], "working_days": [], "valid_from": None, "valid_until": None}
    return row | {"holidays_version": None} | more


def opened(*calendars: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:")
    con.execute("set TimeZone = 'UTC'")
    table = {"calendars": pa.Table.from_pylist(list(calendars))}
    write_config_tables(con, config_tables() | table)
    write_working_hours(con)
    return con


def business_seconds(
    con: duckdb.DuckDBPyConnection, start: datetime, end: datetime, name: str = "team"
) -> Any:
    """Ask as the models do: by two look-ups, with the SQL that their macros write."""
    lookup = (
        "left join computed.working_days as {0} on {0}.calendar = calendar_id "
        "and {0}.utc_date = cast({1} at time zone 'UTC' as date)"
    )
    position = (
        "list_transform(list_filter({0}.stretches, lambda each: each.starts_at <= {1})[-1:], "
        "lambda each: each.cumulative_seconds "
        "+ least(epoch_us({1}) // 1000000 - epoch_us(each.starts_at) // 1000000, "
        "epoch_us(each.ends_at) // 1000000 - epoch_us(each.starts_at) // 1000000))[1]"
    )
    query = BUSINESS.format(
        start=position.format("a", "started"),
        finish=position.format("b", "ended"),
        from_start=lookup.format("a", "started"),
        from_end=lookup.format("b", "ended"),
    )
    (row,) = con.execute(query, [name, start, end]).fetchall()
    return row[0]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_night_and_a_weekend_are_no_working_time() -> None:
    con = opened(calendar())
    assert business_seconds(con, utc("2026-05-08 16:00"), utc("2026-05-11 10:00")) == 2 * HOUR
    assert business_seconds(con, utc("2026-05-09 10:00"), utc("2026-05-10 20:00")) == 0


def test_the_days_on_which_the_clocks_change_have_their_own_length() -> None:
    always = [f"{day} 00:00-24:00" for day in range(1, 8)]
    con = opened(calendar(zone="Europe/Berlin", hours=always))
    assert business_seconds(con, utc("2026-03-28 23:00"), utc("2026-03-29 22:00")) == 23 * HOUR
    assert business_seconds(con, utc("2026-10-24 22:00"), utc("2026-10-25 23:00")) == 25 * HOUR


def test_office_hours_follow_the_wall_clock_over_a_change() -> None:
    con = opened(calendar(zone="Europe/Berlin"))
    assert business_seconds(con, utc("2026-03-27 08:00"), utc("2026-03-27 16:00")) == 8 * HOUR
    assert business_seconds(con, utc("2026-03-30 07:00"), utc("2026-03-30 15:00")) == 8 * HOUR
    assert business_seconds(con, utc("2026-03-30 07:00"), utc("2026-03-30 08:00")) == HOUR


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-03-29", HOUR), ("2026-10-25", 3 * HOUR)],  # 02:00 to 03:00 is skipped, and repeated
)
def test_an_hour_that_is_skipped_or_repeated_counts_as_often_as_it_happens(day: str, expected: int) -> None:
    con = opened(calendar(zone="Europe/Berlin", hours=["7 01:00-02:00", "7 02:00-03:00"]))
    start = utc(f"{day} 00:00") - timedelta(hours=3)
    assert business_seconds(con, start, start + timedelta(hours=12)) == expected


def test_public_holidays_are_those_of_the_place() -> None:
    con = opened(
        calendar("berlin", zone="Europe/Berlin", country="DE", subdivision="BE"),
        calendar("munich", zone="Europe/Berlin", country="DE", subdivision="BY"),
    )
    epiphany = utc("2026-01-06 00:00"), utc("2026-01-07 00:00")
    womens_day = utc("2027-03-08 00:00"), utc("2027-03-09 00:00")
    assert business_seconds(con, *epiphany, name="berlin") == 8 * HOUR
    assert business_seconds(con, *epiphany, name="munich") == 0
    assert business_seconds(con, *womens_day, name="berlin") == 0
    assert business_seconds(con, *womens_day, name="munich") == 8 * HOUR


def test_a_holiday_on_a_weekend_is_kept_on_the_day_on_which_it_is_observed() -> None:
    con = opened(calendar(zone="America/New_York", country="US"))
    friday = utc("2026-07-03 04:00"), utc("2026-07-04 04:00")  # 4 July 2026 is a Saturday
    assert business_seconds(con, *friday) == 0


def test_further_days_off_and_days_of_work_are_the_workspaces_own() -> None:
    con = opened(calendar(country="DE", days_off=[date(2026, 12, 24)], working_days=[date(2026, 5, 1)]))
    assert business_seconds(con, utc("2026-12-24 00:00"), utc("2026-12-25 00:00")) == 0
    assert business_seconds(con, utc("2026-05-01 00:00"), utc("2026-05-02 00:00")) == 8 * HOUR


def test_a_calendar_changes_on_a_day_and_what_was_stays() -> None:
    part_time = [f"{day} 09:00-13:00" for day in range(1, 6)]
    con = opened(
        calendar(valid_until=date(2026, 5, 6)), calendar(hours=part_time, valid_from=date(2026, 5, 6))
    )
    assert business_seconds(con, utc("2026-05-04 00:00"), utc("2026-05-09 00:00")) == (2 * 8 + 3 * 4) * HOUR


def test_time_that_two_zones_of_a_moving_calendar_share_counts_once() -> None:
    always = [f"{day} 00:00-24:00" for day in range(1, 8)]
    con = opened(
        calendar(zone="America/New_York", hours=always, valid_until=date(2026, 5, 6)),
        calendar(zone="Asia/Kolkata", hours=always, valid_from=date(2026, 5, 6)),
    )
    assert business_seconds(con, utc("2026-05-01 00:00"), utc("2026-05-11 00:00")) == 240 * HOUR


def test_a_day_that_a_zone_left_out_has_no_working_time() -> None:
    """Samoa went from 29 to 31 December 2011: Friday the 30th never was."""
    con = opened(calendar(zone="Pacific/Apia"))
    thursday_to_monday = utc("2011-12-29 10:00"), utc("2012-01-02 10:00")
    assert business_seconds(con, *thursday_to_monday) == 8 * HOUR + 8 * HOUR


def test_spans_over_years_add_up_from_their_parts() -> None:
    con = opened(calendar(zone="Europe/Berlin", country="DE"))
    years = [utc(f"{year}-07-01 12:34:56") for year in range(2001, 2058, 4)]
    parts = [business_seconds(con, start, end) for start, end in pairwise(years)]
    assert business_seconds(con, years[0], years[-1]) == sum(parts)
    assert all(6000 * HOUR < part < 8400 * HOUR for part in parts)


def test_outside_the_range_that_is_known_nothing_is_claimed() -> None:
    con = opened(calendar())
    assert business_seconds(con, utc("1999-12-31 00:00"), utc("2000-01-05 00:00")) is None


def test_a_night_shift_belongs_to_two_days() -> None:
    con = opened(calendar(hours=["1 22:00-24:00", "2 00:00-06:00"]))
    assert business_seconds(con, utc("2026-05-04 00:00"), utc("2026-05-06 00:00")) == 8 * HOUR
    rows = con.execute(
        "select count(*) from computed.working_hours where calendar = 'team' and starts_at >= '2026-05-04' "
        "and starts_at < '2026-05-06'"
    ).fetchall()
    assert rows == [(1,)]


def is_working(instant: datetime, zone: ZoneInfo, windows: dict[int, list[tuple[int, int]]]) -> bool:
    local = instant.astimezone(zone)
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in windows.get(local.weekday(), []))


@given(
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2010, 1, 1), datetime(2027, 12, 1)),  # noqa: DTZ001 - made aware below
    minutes=st.integers(0, 10 * 24 * 60),
    edges=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 47), st.integers(1, 24)), max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_any_span_equals_a_count_minute_by_minute(
    zone: str, start: datetime, minutes: int, edges: list[tuple[int, int, int]]
) -> None:
    began = start.replace(second=0, microsecond=0, tzinfo=UTC)
    windows: dict[int, list[tuple[int, int]]] = {}
    for weekday, opens, halves in edges:
        windows.setdefault(weekday, []).append((opens * 30, min(48, opens + halves) * 30))
    hours = [
        f"{weekday + 1} {opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"
        for weekday, day in windows.items()
        for opens, closes in day
    ]
    near = {"valid_from": began.date() - timedelta(days=3), "valid_until": began.date() + timedelta(days=14)}
    con = opened(calendar(zone=zone, hours=hours, **near))
    ended = began + timedelta(minutes=minutes)
    counted = sum(
        is_working(began + timedelta(minutes=minute), ZoneInfo(zone), windows) for minute in range(minutes)
    )
    assert business_seconds(con, began, ended) == counted * 60


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Europe/Nowhere"},
        {"hours": {"monday": "17:00-09:00"}},
        {"hours": {"monday": "09:00-12:00, 11:00-17:00"}},
        {"hours": {"monday": "09:00-25:00"}},
        {"hours": {"someday": "09:00-17:00"}},
        {"country": "XX"},
        {"country": "DE", "subdivision": "ZZ"},
        {"subdivision": "BE"},
    ],
)
def test_a_calendar_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    document = {
        "organisation": "acme",
        "sources": [{"name": "github", "kind": "github", "organisation": "acme"}],
        "calendars": [{"name": "team", "time_zone": "UTC", **wrong}],
    }
    with pytest.raises(ValueError, match="calendars"):
        Settings.model_validate(document)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"teams": [{"name": "a", "calendar": "nowhere"}]}, "there is no calendar 'nowhere'"),
        (
            {
                "calendars": [
                    {"name": "x", "time_zone": "UTC", "until": "2026-05-02"},
                    {"name": "x", "time_zone": "UTC", "from": "2026-05-01"},
                ]
            },
            "begins before the one before ends",
        ),
    ],
)
def test_calendars_that_contradict_each_other_are_found(wrong: dict[str, Any], message: str) -> None:
    base = {"organisation": "acme", "sources": [{"name": "g", "kind": "github", "organisation": "acme"}]}
    faults = list(reference_faults(Settings.model_validate(base | wrong)))
    assert [fault for fault in faults if message in fault.message]
    right = {
        "calendars": [
            {"name": "x", "time_zone": "UTC", "until": "2026-05-01"},
            {"name": "x", "time_zone": "UTC", "from": "2026-05-01"},
        ],
        "teams": [{"name": "a", "calendar": "x"}, {"name": "b", "calendar": "default"}],
    }
    assert list(reference_faults(Settings.model_validate(base | right))) == []


def test_the_settings_become_the_rows_that_the_step_reads() -> None:
    document = {
        "organisation": "acme",
        "sources": [{"name": "g", "kind": "github", "organisation": "acme"}],
        "reporting": {"time_zone": "Europe/Berlin"},
        "calendars": [
            {
                "name": "x",
                "time_zone": "UTC",
                "country": "DE",
                "hours": {"tuesday": "08:00-09:00, 10:00-11:00"},
            }
        ],
        "teams": [{"name": "a", "calendar": "x", "from": "2026-05-01"}, {"name": "b"}],
    }
    tables = calendar_rows(Settings.model_validate(document))
    first, default = tables["calendars"].to_pylist()
    assert first["hours"] == ["2 08:00-09:00", "2 10:00-11:00"]
    assert first["holidays_version"]
    assert (default["calendar_id"], default["time_zone"]) == ("default", "Europe/Berlin")
    assert [row["team_id"] for row in tables["team_calendars"].to_pylist()] == ["a"]
