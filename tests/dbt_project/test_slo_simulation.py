"""Service levels of the simulated organisation, against sums over its counters and what was asked of it."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from connectors.sandbox import simulate
from connectors.sandbox.prometheus.evaluation import evaluate
from connectors.sandbox.prometheus.monitoring import Monitoring
from connectors.sandbox.prometheus.series import all_series
from connectors.sandbox.prometheus.traffic import Traffic
from connectors.sandbox.working_time import HOUR
from tests.dbt_project.slo_stories import SloStory, objective
from tests.dbt_project.stories import Told

ORGANISATION = simulate(services=1, months=3)
METRICS = {"total": "http_requests_total", "bad": "http_request_errors_total"}


@pytest.fixture(scope="module")
def monitoring() -> Monitoring:
    folded = Monitoring(ORGANISATION.company, ORGANISATION.timeline)
    folded.move_to(ORGANISATION.parameters.ends_at)
    return folded


@pytest.fixture(scope="module")
def samples(monitoring: Monitoring) -> dict[str, list[tuple[int, int]]]:
    """Instants and values of both counters, an hour apart."""
    parameters = ORGANISATION.parameters
    instants = np.arange(parameters.starts_at, parameters.ends_at + 1, HOUR, dtype=np.int64)
    found = {}
    for role, metric in METRICS.items():
        (series,) = evaluate(all_series(monitoring), metric, instants)
        found[role] = [(at, int(text)) for at, text in series["values"]]
    return found


@pytest.fixture(scope="module")
def told(samples: dict[str, list[tuple[int, int]]]) -> Told:
    story = SloStory([objective("bad", "total", slice_seconds=HOUR, target=Decimal("0.998"))])
    for role, pairs in samples.items():
        by_instant = dict(pairs)
        first, last = pairs[0][0], pairs[-1][0]
        values = [by_instant.get(at) for at in range(first, last + 1, HOUR)]
        story.series(role, values, step=HOUR, start=datetime.fromtimestamp(first, UTC))
    return story.build()


def months(told: Told) -> list[dict[str, Any]]:
    return told.rows(
        "select * from marts.mart_slo_attainment where window_kind = 'month' and scope_kind = 'service' "
        "and slice_count >= 24 order by window_ends_at"
    )


def grown(pairs: list[tuple[int, int]], start: datetime, end: datetime) -> int:
    """What a counter grew by between two instants, by hand: one that falls began anew."""
    total = 0
    for (_, before), (at, value) in pairwise(pairs):
        if start.timestamp() < at <= end.timestamp():
            total += value - before if value >= before else value
    return total


def test_the_months_are_the_sums_of_what_the_counters_grew(
    told: Told, samples: dict[str, list[tuple[int, int]]]
) -> None:
    rows = months(told)
    assert [row["is_partial"] for row in rows] == [True, False, False]
    for row in rows:
        start, end = row["window_starts_at"], row["window_ends_at"]
        total, bad = (grown(samples[role], start, end) for role in ("total", "bad"))
        assert (row["total_count"], row["spent_units"]) == (total, bad)
        assert row["attainment_ratio"] == (Decimal(total - bad) / total).quantize(Decimal("1e-9"))


def test_sampling_each_hour_loses_little_of_what_was_asked(told: Told, monitoring: Monitoring) -> None:
    (watched,) = monitoring.running
    traffic = Traffic.of(watched.name)
    for row in months(told):
        start, end = (int(row[name].timestamp()) for name in ("window_starts_at", "window_ends_at"))
        span = np.array([max(start, watched.restarts[0])]), np.array([end])
        asked = int(traffic.requests(*span)[0])
        failed = int(traffic.errors(*span, watched.outages)[0])
        assert 0.95 < float(row["total_count"]) / asked <= 1
        assert abs(float(row["spent_units"]) / float(row["total_count"]) - failed / asked) < 0.001
