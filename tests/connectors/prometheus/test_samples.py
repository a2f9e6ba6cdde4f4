"""Samples from range queries: slice by slice, replaced by their newest reading, gaps left gaps."""

from pathlib import Path
from typing import Any

import pytest

from connectors.errors import TransientSourceError
from connectors.reports import StreamReport
from connectors.streams import TimeWindow
from tests.connectors.prometheus.observed import Observation, SmallPrometheus, instant, observe, seconds
from tests.connectors.workspace import windows
from tests.replay.loopback import Response
from tests.replay.vendor_api import VendorApi

UP: dict[str, Any] = {"name": "up", "query": "up"}
HOURLY: dict[str, Any] = {"name": "up", "query": "up", "step_seconds": 60, "slice_points": 60}


def extract(observed: Observation, run_id: str = "run") -> StreamReport:
    return observed.source.extract("range_samples", run_id=run_id)


def counting(since: str, until: str, *, step: int = 60) -> dict[int, str]:
    return {at: str(at - seconds(since)) for at in range(seconds(since), seconds(until), step)}


def failure(report: StreamReport) -> str:
    (only,) = report.failures
    return str(only.error)


def test_slices_tile_the_time_and_share_no_instant(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-20", "2026-11-22 12:00")})
    server = VendorApi(small, prefix="prometheus")
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-20") as observed:
        report = extract(observed)
        assert report.requests == 3
        assert [
            (row["parent_key"], row["requested_from"], row["requested_until"])
            for row in windows(observed.store, "range_samples")
        ] == [
            ("2026-11-20T00:00:00Z/60", instant("2026-11-20"), instant("2026-11-21")),
            ("2026-11-21T00:00:00Z/60", instant("2026-11-21"), instant("2026-11-22")),
            ("2026-11-22T00:00:00Z/60", instant("2026-11-22"), instant("2026-11-22 11:59")),
        ]
        assert {at for _, _, at in observed.held()} == set(counting("2026-11-20", "2026-11-22 11:59"))


def test_a_later_run_asks_only_for_the_slices_of_the_overlap(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-20", "2026-11-23")})
    server = VendorApi(small, prefix="prometheus")
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-20") as observed:
        extract(observed)
        server.asked()
        observed.time.now = instant("2026-11-22 18:00")
        report = extract(observed, "later")
        assert (report.requests, report.pages) == (1, 1)
        start, end = "2026-11-22T00:00:00Z", "2026-11-22T17:58:00Z"
        assert server.asked() == [f"/api/v1/query_range?query=up&start={start}&end={end}&step=60"]
        assert len(observed.held()) == len(counting("2026-11-20", "2026-11-22 17:59"))


def test_a_run_without_news_lands_nothing(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-20", "2026-11-22 12:00")})
    server = VendorApi(small, prefix="prometheus")
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-20") as observed:
        extract(observed)
        again = extract(observed, "again")
        assert (again.requests, again.pages, again.reused_pages) == (1, 0, 1)


def test_a_sample_that_comes_late_is_taken_and_one_that_vanishes_goes(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-22 10:00", "2026-11-22 12:00")})
    late, wrong = seconds("2026-11-22 11:20"), seconds("2026-11-22 11:30")
    del small.series["shop"][late]
    server = VendorApi(small, prefix="prometheus")
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[HOURLY], since="2026-11-22") as observed:
        extract(observed)
        instants = {at for _, _, at in observed.held()}
        assert late not in instants
        assert wrong in instants
        small.series["shop"][late] = "1"
        del small.series["shop"][wrong]
        extract(observed, "later")
        instants = {at for _, _, at in observed.held()}
        assert late in instants
        assert wrong not in instants


def test_a_missing_scrape_is_a_gap_and_odd_values_stay_as_they_are(tmp_path: Path) -> None:
    at = seconds("2026-11-22 10:00")
    small = SmallPrometheus({"shop": {at: "NaN", at + 60: "+Inf", at + 180: "-Inf", at + 240: "7e-05"}})
    server = VendorApi(small, prefix="prometheus")
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-22") as observed:
        extract(observed)
        assert {key[2] - at: value for key, value in observed.held().items()} == {
            0: "NaN",
            60: "+Inf",
            180: "-Inf",
            240: "7e-05",
        }


def test_queries_are_read_side_by_side_and_one_refusal_stops_no_other(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-22", "2026-11-22 12:00")})
    server = VendorApi(small, prefix="prometheus")
    server.spoil = lambda request: (
        Response(b'{"status":"error","errorType":"bad_data","error":"parse error: unclosed"}', 400)
        if "sum(" in request.query["query"]
        else None
    )
    queries = [{"name": "broken", "query": "sum("}, UP]
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=queries, since="2026-11-22") as observed:
        report = extract(observed)
        assert "HTTP 400: parse error: unclosed" in failure(report)
        assert {scope for scope, _, _ in observed.held()} == {"up"}


def test_an_answer_with_warnings_is_no_answer(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-21", "2026-11-22 12:00")})
    server = VendorApi(small, prefix="prometheus")
    partial = (
        b'{"status":"success","data":{"resultType":"matrix","result":[]},'
        b'"warnings":["No StoreAPIs matched for this query: store-2 is unavailable"]}'
    )
    server.spoil = lambda request: (
        Response(partial) if request.query["start"] == "2026-11-22T00:00:00Z" else None
    )
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-21") as observed:
        with pytest.raises(TransientSourceError, match="store-2 is unavailable"):
            extract(observed)
        assert [row["parent_key"] for row in windows(observed.store, "range_samples")] == [
            "2026-11-21T00:00:00Z/60"
        ]
        server.spoil = lambda _: None
        extract(observed, "later")
        assert len(observed.held()) == len(counting("2026-11-21", "2026-11-22 11:59"))


def test_an_empty_warning_list_and_infos_are_fine(tmp_path: Path) -> None:
    body = (
        b'{"status":"success","data":{"resultType":"matrix","result":[]},"warnings":[],'
        b'"infos":["PromQL info: metric might not be a counter"]}'
    )
    server = VendorApi(SmallPrometheus(), prefix="prometheus")
    server.spoil = lambda _: Response(body)
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-22") as observed:
        assert not extract(observed).failures


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"status":"error","error":"too many samples","data":{"result":[]}}', "too many samples"),
        (b'{"status":"error","errorType":"execution","error":"too many samples"}', "another shape"),
        (b'{"status":"success","data":{"result":[{"metric":{},"value":[1,"2"]}]}}', "neither values"),
        (b'{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}', "another shape"),
        (b'{"data":{"result":[]}}', "an error"),
    ],
)
def test_an_error_or_another_result_is_never_taken_for_samples(
    tmp_path: Path, body: bytes, said: str
) -> None:
    server = VendorApi(SmallPrometheus(), prefix="prometheus")
    server.spoil = lambda _: Response(body)
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-22") as observed:
        assert said in failure(extract(observed))
        assert not windows(observed.store, "range_samples")


def test_a_timeout_of_the_server_is_told_and_tried_again_later(tmp_path: Path) -> None:
    server = VendorApi(SmallPrometheus(), prefix="prometheus")
    server.spoil = lambda _: Response(
        b'{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}', 503
    )
    with (
        observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-22") as observed,
        pytest.raises(TransientSourceError, match="query timed out in expression evaluation"),
    ):
        extract(observed)


def test_a_changed_query_needs_another_name(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-22", "2026-11-22 12:00")})
    server = VendorApi(small, prefix="prometheus")
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-22") as observed:
        extract(observed)
        observed.settings["queries"] = [{"name": "up", "query": "up offset 5m"}]
        assert "query changed" in failure(extract(observed))
        observed.settings["queries"] = [{"name": "up", "query": "up", "step_seconds": 30}]
        assert "step_seconds changed" in failure(extract(observed))
        observed.settings["queries"] = [UP, {"name": "up.earlier", "query": "up offset 5m"}]
        assert not extract(observed).failures


def test_a_window_that_is_asked_for_is_read_again_and_the_cursor_stays(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-18", "2026-11-22 12:00")})
    server = VendorApi(small, prefix="prometheus")
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-18") as observed:
        extract(observed)
        before = observed.store.cursor("prometheus", "range_samples", "up")
        small.series["shop"][seconds("2026-11-19 08:00")] = "corrected"
        server.asked()
        window = TimeWindow(instant("2026-11-19 06:00"), instant("2026-11-20"))
        report = observed.source.extract("range_samples", run_id="again", window=window)
        assert (report.requests, report.pages) == (1, 1)
        assert observed.store.cursor("prometheus", "range_samples", "up") == before
        assert "corrected" in observed.held().values()


def test_what_the_server_has_forgotten_is_neither_replaced_nor_asked_for(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-01", "2026-11-22 12:00")})
    server = VendorApi(small, prefix="prometheus")
    with observe(tmp_path, server, now="2026-11-10 12:00", queries=[UP], since="2026-11-08") as observed:
        extract(observed)
        held = observed.held()
        small.series["shop"] = counting("2026-11-15", "2026-11-30")
        observed.time.now = instant("2026-11-29 12:00")
        extract(observed, "after a long pause")
        assert held.items() <= observed.held().items()
        window = TimeWindow(instant("2026-11-09"), instant("2026-11-10"))
        report = observed.source.extract("range_samples", run_id="again", window=window)
        assert "keeps 15 days" in failure(report)
        assert held.items() <= observed.held().items()


def test_a_window_is_not_read_again_when_the_server_begins_to_forget_it(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-01", "2026-11-22 12:00")})
    server = VendorApi(small, prefix="prometheus")
    window = TimeWindow(instant("2026-11-07"), instant("2026-11-08"))
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-01") as observed:
        first = observed.source.extract("range_samples", run_id="first", window=window)
        assert (len(first.failures), first.requests) == (0, 1)
        (read,) = windows(observed.store, "range_samples")
        assert read["requested_from"] == instant("2026-11-07 12:00")
        observed.time.now = instant("2026-11-22 18:00")
        again = observed.source.extract("range_samples", run_id="again", window=window)
        assert "keeps 15 days" in failure(again)
        assert len(observed.held()) == 12 * 60


def test_earlier_history_is_read_when_the_settings_ask_for_it(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-18", "2026-11-22 12:00")})
    server = VendorApi(small, prefix="prometheus")
    with observe(tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-21") as observed:
        extract(observed)
        observed.settings["since"] = "2026-11-18"
        extract(observed, "earlier")
        assert len(observed.held()) == len(counting("2026-11-18", "2026-11-22 11:59"))


def test_a_first_extraction_is_estimated_in_slices(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": counting("2026-11-20", "2026-11-22 12:00")})
    server = VendorApi(small, prefix="prometheus")
    with observe(
        tmp_path, server, now="2026-11-22 12:00", queries=[UP], since="2026-11-20", streams=["range_samples"]
    ) as observed:
        (cost,) = observed.source.estimate()
        report = extract(observed)
        assert cost.requests == report.requests == 3
        assert report.bytes <= cost.bytes <= 2 * report.bytes
