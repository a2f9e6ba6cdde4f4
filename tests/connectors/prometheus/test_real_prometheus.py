"""Against the real Prometheus: resets, an exporter that is gone for a while, long history."""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.evidence import EvidenceStore
from connectors.http.totals import is_partial, total_of
from connectors.sandbox.api import ApiRequest
from connectors.sandbox.company import found
from connectors.sandbox.parameters import Parameters
from connectors.sandbox.prometheus.api import PrometheusApi
from connectors.sandbox.prometheus.openmetrics import openmetrics
from connectors.sandbox.simulation import play
from tests.connectors.alertmanager.watched import open_alertmanager_source
from tests.connectors.prometheus.observed import held, open_source, seconds
from tests.connectors.prometheus.programs import (
    Exporter,
    alertmanager,
    asked,
    blocks_of,
    prometheus,
    wait_until,
)
from tests.connectors.workspace import FakeTime, landed_records, open_store

RULES: dict[str, Any] = {
    "groups": [
        {
            "name": "shop",
            "rules": [
                {"record": "service:shop_requests:sum", "expr": "sum by (service) (shop_requests_total)"},
                {
                    "alert": "ShopDown",
                    "expr": 'up{job="shop"} == 0',
                    "labels": {"severity": "critical"},
                    "annotations": {"summary": "The shop does not answer."},
                },
            ],
        }
    ]
}


@dataclass(frozen=True)
class Watched:
    """What a few seconds of a real Prometheus left in evidence."""

    store: EvidenceStore
    started: datetime


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """An exporter counts, is restarted, is gone until somebody is alerted, and comes back."""
    folder = tmp_path_factory.mktemp("watched")
    rules = folder / "rules.yml"
    rules.write_text(json.dumps(RULES))
    exporter = Exporter()
    with open_store(folder) as store, alertmanager(folder) as alerting:
        started = datetime.now(UTC)
        targets = [{"targets": [alerting.removeprefix("http://")]}]
        with prometheus(
            folder,
            scrape=[exporter.target],
            rule_files=[str(rules)],
            alerting={"alertmanagers": [{"static_configs": targets}]},
        ) as base_url:
            try:
                _live(exporter, base_url, alerting, store)
                source = open_source(store, base_url, time=FakeTime(now=datetime.now(UTC)), **_settings())
                for stream in source.streams:
                    assert not source.extract(stream.name, run_id="run").failures
            finally:
                exporter.stop()
        yield Watched(store, started)


def _settings() -> dict[str, Any]:
    second = {"step_seconds": 1, "slice_points": 3_600}
    queries = [
        {"name": "requests", "query": 'shop_requests_total{job="shop"}', "unit": "requests", **second},
        {"name": "up", "query": "up", **second},
        {"name": "recorded", "query": "service:shop_requests:sum", **second},
    ]
    alerts = {"name": "ALERTS", "query": "ALERTS", **second}
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    return {"queries": queries, "alerts": alerts, "since": yesterday, "delay_seconds": 0}


def _live(exporter: Exporter, base_url: str, alerting: str, store: EvidenceStore) -> None:
    exporter.counter.inc(100)
    wait_until(lambda: _now(base_url, "shop_requests_total") == ["100"], "the first scrape")
    exporter.stop()
    exporter.start()
    exporter.counter.inc(7)
    wait_until(lambda: _now(base_url, "shop_requests_total") == ["7"], "the counter after its reset")
    exporter.stop()
    wait_until(lambda: _now(base_url, "up") == ["0"], "a scrape that fails")
    wait_until(lambda: asked(f"{alerting}/api/v2/alerts"), "the alert")
    for stream in ("alerts", "silences", "receivers"):
        assert not open_alertmanager_source(store, alerting).extract(stream, run_id="run").failures
    exporter.start()
    exporter.counter.inc(9)
    wait_until(lambda: _now(base_url, "service:shop_requests:sum") == ["9"], "the exporter's return")


def _now(base_url: str, query: str) -> list[str]:
    """The values as of the last whole second, which is the last that a range of seconds reaches."""
    answer = asked(f"{base_url}/api/v1/query", query=query, time=int(time.time()))
    return [row["value"][1] for row in answer["data"]["result"]] if answer else []


def _series(watched: Watched, query: str, stream: str = "range_samples") -> dict[int, str]:
    samples = held(watched.store, stream)
    return {at: value for (scope, _, at), value in samples.items() if scope == query}


def test_a_counters_reset_stays_visible(watched: Watched) -> None:
    values = list(dict.fromkeys(_series(watched, "requests").values()))
    assert [value for value in values if value != "0"] == ["100", "7", "9"]


def test_a_scrape_that_fails_leaves_a_gap_and_no_zero(watched: Watched) -> None:
    up, requests = _series(watched, "up"), _series(watched, "requests")
    failed = {at for at, value in up.items() if value == "0"}
    assert failed
    assert not failed & set(requests)
    assert min(requests) < min(failed) < max(requests)


def test_recording_rules_are_samples_like_others(watched: Watched) -> None:
    assert {"100", "7", "9"} <= set(_series(watched, "recorded").values())


def test_alerts_have_a_history_in_prometheus(watched: Watched) -> None:
    labels = {json.loads(text)["alertname"] for _, text, _ in held(watched.store, "alerts_history")}
    assert labels == {"ShopDown"}


def test_targets_and_rules_are_listed(watched: Watched) -> None:
    bodies = landed_records(watched.store, "targets")
    assert [target["health"] for target in bodies[0]["data"]["activeTargets"]] == ["up"]
    (group,) = landed_records(watched.store, "rules")[0]["data"]["groups"]
    assert [rule["type"] for rule in group["rules"]] == ["recording", "alerting"]


def test_the_alert_is_read_from_alertmanager_while_it_fires(watched: Watched) -> None:
    (alert,) = landed_records(watched.store, "alerts")
    assert alert["labels"]["alertname"] == "ShopDown"
    assert alert["status"]["state"] == "active"
    assert watched.started <= datetime.fromisoformat(alert["startsAt"]) <= datetime.now(UTC)
    assert landed_records(watched.store, "receivers") == [{"name": "on-call"}]


def test_history_beyond_what_one_query_returns_comes_in_slices(tmp_path: Path) -> None:
    start, count, step = seconds("2026-03-01"), 25_000, 10
    chance = random.Random(5)
    values = {start + n * step: str(chance.randrange(10**6)) for n in range(count) if n % 500 < 400}
    lines = ["# TYPE queue gauge", *(f'queue{{job="q"}} {values[at]} {at}' for at in values), "# EOF"]
    end = start + count * step
    with (
        prometheus(tmp_path, data=blocks_of(lines, tmp_path)) as base_url,
        open_store(tmp_path) as store,
    ):
        whole = {"query": "queue", "start": start, "end": end, "step": step}
        refused = asked(f"{base_url}/api/v1/query_range", **whole)
        assert refused["error"].startswith("exceeded maximum resolution of 11,000 points per timeseries.")
        settings = {
            "queries": [
                {
                    "name": "queue",
                    "query": "queue unless timestamp(queue) < time()",
                    "step_seconds": step,
                    "slice_points": 11_000,
                }
            ],
            "since": "2026-03-01",
            "retention_days": 36_500,
        }
        time_then = FakeTime(now=datetime.fromtimestamp(end + 60, UTC))
        report = open_source(store, base_url, time=time_then, **settings).extract(
            "range_samples", run_id="run"
        )
        assert not report.failures
        assert report.requests == 3
        assert {at: value for (_, _, at), value in held(store, "range_samples").items()} == values


@pytest.mark.parametrize("step", [1, 15, 60, 420])
def test_prometheus_counts_the_samples_that_a_range_query_gives(tmp_path: Path, step: int) -> None:
    day = seconds("2026-03-02")
    instants = [at for at in range(day - 7_200, day + 90_000, 20) if (at - day) % 7_000 < 5_000]
    lines = ["# TYPE queue gauge"]
    lines += [f'queue{{job="{job}"}} 1 {at}' for job in "ab" for at in instants if job == "a" or at % 40]
    now = datetime.fromtimestamp(day + 88_000, UTC)
    query = {"name": "queue", "query": "queue", "step_seconds": step, "slice_points": 11_000}
    with (
        prometheus(tmp_path, data=blocks_of([*lines, "# EOF"], tmp_path)) as base_url,
        open_store(tmp_path) as store,
    ):
        settings = {"queries": [query], "since": "2026-03-01", "retention_days": 36_500}
        source = open_source(store, base_url, time=FakeTime(now=now), **settings)
        assert not source.extract("range_samples", run_id="run").failures
        (stream,) = (each for each in source.streams if each.name == "range_samples")
        total = stream.source_total
        assert total is not None
        end = datetime.fromtimestamp(day + 86_400, UTC)
        question = source.total_question(stream, total, "queue", until=end, since=None)
        (reply,) = source.ask(stream.name, [question], kept_as="range_samples__totals", run_id="run")
        read = [at for _, _, at in held(store, "range_samples") if day <= at < day + 86_400]
        assert reply.problem is None
        assert total_of(total, reply) == len(read) > 100
        assert not is_partial(total, reply)


def test_the_simulated_prometheus_answers_as_the_real_one_does(tmp_path: Path) -> None:
    story = play(found(Parameters(seed=3, months=2, services=3)))
    simulated = PrometheusApi(story.company, story.events, None)
    simulated.move_to(story.parameters.ends_at)
    outage = next(row for row in simulated.monitoring.outages if row.severity == 1)
    first_sunday_of_june = seconds("2026-06-07 02:00")
    starts = [outage.starts_at - 3_600, first_sunday_of_june]
    for start in starts:
        blocks_of(openmetrics(simulated.monitoring, start=start - 600, end=start + 20_000), tmp_path)
    with prometheus(tmp_path, data=tmp_path / "blocks") as base_url:
        seen: dict[str, Any] = {}
        for start in starts:
            for query in ("http_requests_total", "http_request_errors_total", "up", 'ALERTS{service!=""}'):
                asking = {"query": query, "start": str(start), "end": str(start + 19_000), "step": "25"}
                real = _compared(asked(f"{base_url}/api/v1/query_range", **asking))
                assert real == _compared(_simulated(simulated, asking))
                assert real or "ALERTS" in query
                seen.update(real)
                counting = {"query": _counting(query), "time": str(start + 19_000)}
                simulated_count = api_answer(simulated, "/api/v1/query", counting)
                assert asked(f"{base_url}/api/v1/query", **counting) == simulated_count
        assert any("firing" in labels for labels in seen)
        for wrong in ({"step": "1"}, {"end": "0"}, {"start": "never"}, {"step": "0"}):
            asking = {"query": "up", "start": "1000", "end": "90000", "step": "60", **wrong}
            assert asked(f"{base_url}/api/v1/query_range", **asking) == _simulated(simulated, asking)


def _simulated(api: PrometheusApi, asking: dict[str, str]) -> Any:
    return api_answer(api, "/api/v1/query_range", asking)


def api_answer(api: PrometheusApi, path: str, asking: dict[str, str]) -> Any:
    query = {name: (value,) for name, value in asking.items()}
    return api.respond(ApiRequest("GET", path, query)).document


def _counting(query: str) -> str:
    return f"scalar(sum(count_over_time(({query})[18000001ms:25s])) or vector(0))"


def _compared(answer: Any) -> dict[str, Any]:
    rows = answer["data"]["result"]
    return {json.dumps(row["metric"], sort_keys=True): row["values"] for row in rows}
