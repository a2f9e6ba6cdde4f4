"""A Prometheus over real HTTP whose samples a test arranges, and what evidence holds of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.evidence import EvidenceStore
from connectors.http.retries import RetryPolicy
from connectors.kinds import Opening
from connectors.prometheus.kind import KIND
from connectors.prometheus.settings import PrometheusSettings
from connectors.prometheus.source import PrometheusSource
from connectors.sandbox.api import ApiRequest, ApiResponse
from connectors.sandbox.prometheus.range_parameters import BadRequestError, range_parameters
from tests.connectors.workspace import FakeTime, landed, open_store, windows
from tests.replay.vendor_api import VendorApi

TOKEN = "s3cr3t-t0ken"
SECRETS = {"ASSAY_PROMETHEUS_TOKEN": TOKEN, "ASSAY_PROMETHEUS_USER": "assay"}
Sample = tuple[str, str, int]
"""Scope, labels as JSON, epoch seconds."""


@dataclass
class SmallPrometheus:
    """Samples by instant for each series; a query is answered with all of them at its steps.

    Attributes:
        series: Values by epoch seconds, by the series' label `service`.
    """

    series: dict[str, dict[int, str]] = field(default_factory=dict)

    def move_to(self, instant: int) -> None:
        """Nothing happens by itself."""

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a range query, refused as Prometheus refuses it."""
        try:
            asked = range_parameters({name: values[-1] for name, values in request.query.items()})
        except BadRequestError as error:
            return ApiResponse({"status": "error", "errorType": "bad_data", "error": str(error)}, status=400)
        steps = asked.instants.tolist()
        result = [
            {"metric": {"service": name}, "values": [[at, values[at]] for at in steps if at in values]}
            for name, values in sorted(self.series.items())
            if any(at in values for at in steps)
        ]
        return ApiResponse({"status": "success", "data": {"resultType": "matrix", "result": result}})


@dataclass
class Observation:
    """A source over a server, and its evidence.

    Attributes:
        base_url: Where the server is.
        store: Where evidence goes.
        time: The source's clock.
        settings: Keys of the source's settings beside the usual ones.
    """

    base_url: str
    store: EvidenceStore
    time: FakeTime
    settings: dict[str, Any]

    @property
    def source(self) -> PrometheusSource:
        """The source as the settings file would open it."""
        return open_source(self.store, self.base_url, time=self.time, **self.settings)

    def held(self, stream: str = "range_samples") -> dict[Sample, str]:
        """The samples of every slice's newest reading; two for one instant fail the test."""
        return held(self.store, stream)


def open_source(
    store: EvidenceStore, base_url: str, *, time: FakeTime | None = None, **settings: Any
) -> PrometheusSource:
    """A source over the server."""
    parsed = PrometheusSettings.model_validate(
        {"name": "prometheus", "kind": "prometheus", "base_url": base_url, **settings}
    )
    runtime = (time or FakeTime()).runtime()
    policy = RetryPolicy(max_attempts=2)
    source = KIND.open(parsed, Opening(store=store, runtime=runtime, secrets=SECRETS, policy=policy))
    assert isinstance(source, PrometheusSource)
    return source


@contextmanager
def observe(folder: Path, server: VendorApi, *, now: str, **settings: Any) -> Iterator[Observation]:
    """Serve, and open a store beside it."""
    with server.server, open_store(folder) as store:
        yield Observation(server.base_url, store, FakeTime(now=instant(now)), settings)


def held(store: EvidenceStore, stream: str) -> dict[Sample, str]:
    """The samples of every slice's newest reading; two for one instant fail the test."""
    pages = {row["log_index"]: row for row in landed(store, stream)}
    newest = {(row["scope"], row["parent_key"]): row for row in windows(store, stream)}
    found: dict[Sample, str] = {}
    for (scope, _), window in newest.items():
        for index in window["page_indexes"]:
            for series in json.loads(pages[index]["body"])["data"]["result"]:
                labels = json.dumps(series["metric"], sort_keys=True)
                for at, value in series["values"]:
                    assert (scope, labels, at) not in found
                    found[scope, labels, at] = value
    return found


def instant(text: str) -> datetime:
    """An instant in UTC, such as `2026-11-22 12:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def seconds(text: str) -> int:
    """An instant in epoch seconds."""
    return int(instant(text).timestamp())
