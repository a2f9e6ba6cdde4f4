"""Prometheus from the wire to staging: every sample once, gaps left gaps, what vanished gone."""

import json
import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.prometheus.streams import STREAMS
from connectors.sandbox.prometheus.documents import rule_groups
from tests.connectors.prometheus.observed import SmallPrometheus, held, instant, open_source, seconds
from tests.connectors.prometheus.organisation import QUERIES, at_end, company_api
from tests.connectors.workspace import FakeTime
from tests.dbt_project.warehouse import EvidenceBook, Warehouse
from tests.replay.loopback import Response
from tests.replay.vendor_api import VendorApi

SELECTED = ("path:models/staging/prometheus",)
SAMPLES = ("stg_prometheus__range_samples",)
KINDS = {"prometheus": "prometheus"}
DAY = "2026-11-22"
HALF_HOURLY = [{"name": "requests", "query": "requests_total", "step_seconds": 60, "slice_points": 30}]


class Staged:
    """A Prometheus whose samples a test arranges, read into a store of its own and staged."""

    def __init__(self, folder: Path) -> None:
        self.small = SmallPrometheus()
        self.server = VendorApi(self.small, prefix="prometheus")
        self.book = EvidenceBook(folder / "book", kinds=KINDS)
        self.warehouse = Warehouse(folder / "warehouse")
        self.time = FakeTime(now=instant("2026-11-22 01:00"))
        self.folder = folder

    def stage(self, command: str = "run") -> Warehouse:
        """Read what is new of the samples and build the models."""
        source = open_source(
            self.book.store,
            self.server.base_url,
            time=self.time,
            queries=HALF_HOURLY,
            since=DAY,
            delay_seconds=0,
        )
        assert source.extract("range_samples", run_id="run").failures == ()
        self.warehouse.build(self.book.evidence(), command=command, select=SAMPLES)
        return self.warehouse

    def afresh(self) -> Warehouse:
        """All evidence in another warehouse, at once."""
        warehouse = Warehouse(self.folder / "afresh")
        warehouse.build(self.book.evidence(), select=SAMPLES)
        return warehouse


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Staged]:
    made = Staged(tmp_path)
    with made.server.server:
        yield made


def samples(
    warehouse: Warehouse, columns: str = "series_labels, epoch(sampled_at)::bigint, value_text"
) -> Any:
    return warehouse.rows(f"select {columns} from staging.stg_prometheus__range_samples order by all")


def test_samples_come_as_they_are_with_gaps_resets_and_odd_values(staged: Staged) -> None:
    at = seconds(DAY)
    staged.small.series["shop"] = {at: "41", at + 60: "42", at + 240: "3", at + 300: "NaN", at + 360: "+Inf"}
    warehouse = staged.stage("build")
    found = samples(warehouse, "epoch(sampled_at)::bigint, value_text, value")
    assert [(when - at, text) for when, text, _ in found] == [
        (0, "41"),
        (60, "42"),
        (240, "3"),
        (300, "NaN"),
        (360, "+Inf"),
    ]
    assert [value for _, _, value in found[:3]] == [41.0, 42.0, 3.0]
    assert math.isnan(found[3][2])
    assert found[4][2] == math.inf
    assert samples(warehouse, "distinct query_name, step_seconds, slice_started_at, cast_loss_count") == [
        ("requests", 60, instant(DAY), 0)
    ]


def test_a_sample_that_vanishes_at_the_source_vanishes_here(staged: Staged) -> None:
    at = seconds(DAY)
    staged.small.series["shop"] = {at + 60 * minute: str(minute) for minute in range(60)}
    assert len(samples(staged.stage())) == 60
    del staged.small.series["shop"][at + 60 * 45]
    staged.small.series["shop"][at + 60 * 50] = "late"
    staged.small.series["shop"] |= {at + 60 * minute: str(minute) for minute in range(60, 90)}
    staged.time.now += timedelta(minutes=30)
    found = samples(staged.stage())
    expected = [
        ('{"service":"shop"}', when, value) for when, value in sorted(staged.small.series["shop"].items())
    ]
    assert found == expected
    assert samples(staged.afresh()) == expected
    assert samples(staged.warehouse, "sum(cast_loss_count)") == [(1,)]
    staged.small.series.clear()
    assert samples(staged.stage()) == expected[:30]


def test_labels_are_told_apart_and_native_histograms_set_aside(staged: Staged) -> None:
    at = seconds(DAY)
    histogram = [[at, {"count": "12", "sum": "4", "buckets": []}]]
    series = [
        {"metric": {"b": "2", "__name__": "up", "a": 'quo"te'}, "values": [[at, "1"]]},
        {"metric": {}, "values": [[at, "2"]], "histograms": histogram},
        {"metric": {"job": "histograms"}, "histograms": histogram},
    ]
    staged.server.spoil = lambda request: (
        answer(series) if request.query["start"] == f"{DAY}T00:00:00Z" else None
    )
    warehouse = staged.stage()
    assert samples(warehouse, "series_labels, value") == [
        ('{"__name__":"up","a":"quo\\"te","b":"2"}', 1.0),
        ("{}", 2.0),
    ]
    assert warehouse.rows("select count(*) from raw.unreadable_records") == [(2,)]


def answer(series: list[dict[str, Any]]) -> Response:
    document = {"status": "success", "data": {"resultType": "matrix", "result": series}}
    return Response(json.dumps(document).encode())


def test_the_simulated_organisation_arrives_whole(tmp_path: Path) -> None:
    api = company_api()
    server = VendorApi(api, prefix="prometheus")
    book = EvidenceBook(tmp_path / "book", kinds=KINDS)
    warehouse = Warehouse(tmp_path / "warehouse")
    time = FakeTime(now=instant(at_end(hours=-8)))
    with server.server:
        source = open_source(
            book.store, server.base_url, time=time, queries=QUERIES, since="2026-05-01", retention_days=400
        )
        for stream in STREAMS:
            assert source.extract(stream.name, run_id="run").failures == ()
    warehouse.build(book.evidence(), command="build", select=SELECTED)
    read = held(book.store, "range_samples")
    counts = "select count(*), sum(value), sum(cast_loss_count) from staging.stg_prometheus__range_samples"
    assert warehouse.rows(counts) == [(len(read), sum(map(float, read.values())), 0)]
    alerts = held(book.store, "alerts_history")
    assert warehouse.rows(
        "select count(*), count(distinct alert_name), min(alert_state), max(alert_state) "
        "from staging.stg_prometheus__alerts_history"
    ) == [(len(alerts), 1, "firing", "pending")]
    (group,) = rule_groups(api.monitoring)
    assert warehouse.rows(
        "select rule_position, rule_name, query, for_seconds from staging.stg_prometheus__rules"
    ) == [(place, rule["name"], rule["query"], 120.0) for place, rule in enumerate(group["rules"], 1)]
    assert warehouse.rows("select count(*), min(health) from staging.stg_prometheus__targets") == [
        (len(api.monitoring.running), "up")
    ]
