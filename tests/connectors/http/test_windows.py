"""Reading by windows of time: nothing is lost, nothing is asked for twice without reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import PermanentSourceError
from connectors.http.places import body_at, parts_of, place_of
from connectors.streams import Mode, TimeWindow
from tests.connectors.http.items_api import ITEMS, SINCE, Items, short_windows
from tests.connectors.workspace import FakeTime, landed, landed_records, open_store, windows
from tests.replay.loopback import Request, Response


def at(day: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC) + timedelta(minutes=minute)


def asked(items: Items) -> list[tuple[str, str]]:
    """The windows asked for since the last time this was called."""
    targets = items.server.targets()
    items.server.requests.clear()
    queries = [parse_qs(urlsplit(target).query) for target in targets]
    return [(query["from"][0][5:16], query["until"][0][5:16]) for query in queries]


def newest(records: list[dict[str, object]]) -> dict[object, object]:
    """The newest version of each item, as staging keeps it."""
    kept: dict[object, str] = {}
    for record in records:
        kept[record["id"]] = max(str(record["updated"]), kept.get(record["id"], ""))
    return dict(kept)


def test_windows_are_read_oldest_first_and_never_longer_than_the_api_serves(tmp_path: Path) -> None:
    items = Items({number: at(number) for number in range(1, 21)})
    with items.server, open_store(tmp_path) as store:
        report = items.source(store, FakeTime(now=at(12, 5))).extract("items", run_id="run")
        assert dict.fromkeys(asked(items)) == dict.fromkeys(
            [("11-01T00:00", "11-06T00:00"), ("11-06T00:00", "11-11T00:00"), ("11-11T00:00", "11-12T00:05")]
        )
        assert report.windows_closed == 3
        assert report.requests == 2 + 2 + 1
        closed = windows(store, "items")
        assert [row["claimed_total"] for row in closed] == [5, 5, 2]


def test_the_next_run_asks_for_what_is_new_and_a_little_before(tmp_path: Path) -> None:
    items = Items({1: at(2)})
    with items.server, open_store(tmp_path) as store:
        time = FakeTime(now=at(3))
        items.source(store, time).extract("items", run_id="a")
        asked(items)
        time.now = at(3, 30)
        items.source(store, time).extract("items", run_id="b")
        assert asked(items) == [("11-02T23:50", "11-03T00:30")]


def test_a_window_that_holds_more_than_the_api_returns_is_split_before_anything_is_taken(
    tmp_path: Path,
) -> None:
    items = Items({number: at(1, number) for number in range(40)}, most_results=10)
    with items.server, open_store(tmp_path) as store:
        stream = short_windows(max_results=10)
        items.source(store, FakeTime(now=at(2)), stream=stream).extract("items", run_id="run")
        records = [each for page in landed_records(store, "items", envelope="data") for each in page["items"]]
        assert sorted(each["id"] for each in records) == list(range(40))
        assert all(row["claimed_total"] <= 10 for row in windows(store, "items"))


def test_a_window_is_read_again_without_moving_the_cursor(tmp_path: Path) -> None:
    items = Items({number: at(number) for number in range(1, 10)})
    with items.server, open_store(tmp_path) as store:
        time = FakeTime(now=at(10))
        source = items.source(store, time)
        source.extract("items", run_id="a")
        before = store.cursor("items", "items", "one")
        asked(items)
        again = source.extract("items", run_id="b", window=TimeWindow(at(3), at(4)))
        assert asked(items) == [("11-03T00:00", "11-04T00:00")]
        assert again.records == 1
        assert store.cursor("items", "items", "one") == before
        items.source(store, time).extract("items", run_id="c")
        assert asked(items) == [("11-09T23:50", "11-10T00:00")]


def test_a_window_read_again_before_the_first_run_hides_nothing_from_it(tmp_path: Path) -> None:
    items = Items({1: at(1), 2: at(5)})
    with items.server, open_store(tmp_path) as store:
        source = items.source(store, FakeTime(now=at(6)))
        source.extract("items", run_id="a", window=TimeWindow(at(4), at(6)))
        asked(items)
        source.extract("items", run_id="b")
        assert asked(items)[0] == ("11-01T00:00", "11-06T00:00")


def test_a_stream_without_windows_refuses_to_read_one_again(tmp_path: Path) -> None:
    items = Items({})
    with items.server, open_store(tmp_path) as store:
        source = items.source(store, FakeTime(now=at(6)))
        with pytest.raises(PermanentSourceError, match="no windows of time"):
            source.extract("parts", run_id="a", window=TimeWindow(at(4), at(6)))


def test_a_broken_window_goes_on_at_its_next_page(tmp_path: Path) -> None:
    items = Items({number: at(1, number) for number in range(12)})
    broken = {"offset": "9"}
    items.fault = lambda request: (
        Response(status=500) if request.query.get("offset") == broken["offset"] else None
    )
    with items.server, open_store(tmp_path) as store:
        time = FakeTime(now=at(2))
        failed = items.source(store, time).extract  # the only scope fails for now
        with pytest.raises(Exception, match="could not be read"):
            failed("items", run_id="a")
        broken["offset"] = "none"
        items.server.requests.clear()
        items.source(store, time).extract("items", run_id="b")
        offsets = [request.query.get("offset") for request in items.server.requests]
        assert offsets[0] == "9"
        records = [each for page in landed_records(store, "items", envelope="data") for each in page["items"]]
        assert {each["id"] for each in records} == set(range(12))


def test_more_history_is_read_when_the_settings_ask_for_it(tmp_path: Path) -> None:
    items = Items({1: at(1), 2: at(9)})
    with items.server, open_store(tmp_path) as store:
        time = FakeTime(now=at(10))
        items.source(store, time, since=at(8).date()).extract("items", run_id="a")
        assert asked(items) == [("11-08T00:00", "11-10T00:00")]
        items.source(store, time, since=at(1).date()).extract("items", run_id="b")
        assert asked(items)[0] == ("11-01T00:00", "11-06T00:00")


def test_windows_that_are_sets_are_whole_cells_whose_newest_reading_counts(tmp_path: Path) -> None:
    items = Items({1: at(2)})
    stream = replace(short_windows(is_set=True, longest=timedelta(days=1)), mode=Mode.REPLACE_SET)
    with items.server, open_store(tmp_path) as store:
        time = FakeTime(now=at(2, 30))
        items.source(store, time, stream=stream).extract("items", run_id="a")
        asked(items)
        time.now = at(2, 60)
        items.source(store, time, stream=stream).extract("items", run_id="b")
        assert asked(items) == [("11-02T00:00", "11-03T00:00")]
        assert {row["parent_key"] for row in windows(store, "items")} == {
            "2026-11-01T00:00:00Z",
            "2026-11-02T00:00:00Z",
        }


def test_the_body_of_a_post_stands_in_evidence_behind_the_url(tmp_path: Path) -> None:
    items = Items({1: at(2)})
    stream = replace(ITEMS, method="POST", body={"fields": ["id"]})
    with items.server, open_store(tmp_path) as store:
        items.source(store, FakeTime(now=at(3)), stream=stream).extract("items", run_id="a")
        (request,) = items.server.requests
        assert request.method == "POST"
        (page,) = landed(store, "items")
        assert page["method"] == "POST"
        url, body = parts_of(page["url"])
        assert url == items.server.base_url + request.target
        assert "#" not in request.target
        assert body == request.body
        assert body_at(page["url"])["fields"] == ["id"]


def test_a_place_does_not_depend_on_the_order_of_keys() -> None:
    assert place_of("/x", {"b": 1, "a": "ü&#"}) == place_of("/x", {"a": "ü&#", "b": 1})
    assert body_at(place_of("/x", {"a": "ü&#"})) == {"a": "ü&#"}


def test_children_of_records_in_windows_are_read_and_a_missing_list_is_an_empty_one(tmp_path: Path) -> None:
    items = Items({1: at(1), 2: at(2)})
    items.fault = lambda request: Response(b"{}", 404) if request.path == "/one/items/2/parts" else None
    with items.server, open_store(tmp_path) as store:
        time = FakeTime(now=at(3))
        source = items.source(store, time)
        source.extract("items", run_id="a")
        report = source.extract("parts", run_id="a")
        assert (report.failures, report.windows_closed) == ((), 2)
        items.server.requests.clear()
        items.updates[1] = at(3)
        time.now = at(4)
        source.extract("items", run_id="b")
        source.extract("parts", run_id="b")
        assert [request.path for request in items.server.requests if "parts" in request.path] == [
            "/one/items/1/parts"
        ]


def test_one_scope_that_is_refused_stops_no_other(tmp_path: Path) -> None:
    items = Items({1: at(1)})
    items.fault = lambda request: Response(b"{}", 403) if request.path.startswith("/two") else None
    with items.server, open_store(tmp_path) as store:
        source = items.source(store, FakeTime(now=at(2)), scopes=("one", "two", "three"))
        report = source.extract("items", run_id="a")
        assert [failure.scope for failure in report.failures] == ["two"]
        assert {row["scope"] for row in windows(store, "items")} == {"one", "three"}


def test_a_check_asks_once_and_an_estimate_counts_windows(tmp_path: Path) -> None:
    items = Items({number: at(1) for number in range(7)})
    with items.server, open_store(tmp_path) as store:
        source = items.source(store, FakeTime(now=at(16)))
        assert source.check()[0].is_ok
        assert len(items.server.requests) == 1
        estimates = {each.stream: each.requests for each in source.estimate()}
        assert estimates["items"] >= 3


EDITS = st.lists(
    st.tuples(st.integers(1, 8), st.integers(1, 600)), max_size=12
)  # which item is edited, how many minutes later


@settings(max_examples=25, deadline=None)
@given(history=st.lists(EDITS, min_size=1, max_size=4), while_paging=st.integers(0, 8))
def test_increments_end_in_what_one_reading_of_all_gives(
    history: list[list[tuple[int, int]]], while_paging: int
) -> None:
    """Edits arrive between runs, and one of them while pages are read."""
    items = Items({number: SINCE + timedelta(minutes=number) for number in range(1, 9)})
    time = FakeTime(now=SINCE + timedelta(hours=1))

    def edit_while_paging(request: Request) -> Response | None:
        if while_paging and request.query.get("offset") == "3":
            items.updates[while_paging] = time.now
        return None

    with TemporaryDirectory() as folder, items.server, open_store(Path(folder)) as store:
        for edits in history:
            for number, minutes in edits:
                time.now += timedelta(minutes=minutes)
                items.updates[number] = time.now
            time.now += timedelta(minutes=1)
            items.fault = edit_while_paging
            items.source(store, time).extract("items", run_id="run")
            items.fault = lambda _: None
        time.now += timedelta(minutes=1)
        items.source(store, time).extract("items", run_id="last")
        records = [each for page in landed_records(store, "items", envelope="data") for each in page["items"]]
        held = newest(records)
    assert held == {number: updated.isoformat() for number, updated in items.updates.items()}


def test_a_record_is_found_again_by_its_address_inside_its_envelope(tmp_path: Path) -> None:
    items = Items({1: at(1), 2: at(2)})
    with items.server, open_store(tmp_path) as store:
        items.source(store, FakeTime(now=at(3))).extract("items", run_id="a")
        (page,) = landed(store, "items")
        assert store.record((page["log_index"] << 23) | 1).value["id"] == 2
