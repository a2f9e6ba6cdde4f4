"""The monitoring of a small simulated organisation."""

from datetime import timedelta
from typing import Any

from connectors.sandbox.company import found
from connectors.sandbox.parameters import Parameters
from connectors.sandbox.prometheus.api import PrometheusApi
from connectors.sandbox.simulation import play
from tests.connectors.prometheus.observed import instant

PARAMETERS = Parameters(seed=3, months=2, services=3)
END = instant(PARAMETERS.until.isoformat())
QUERIES: list[dict[str, Any]] = [
    {"name": "requests", "query": "http_requests_total", "step_seconds": 300, "slice_points": 288},
    {"name": "errors", "query": "http_request_errors_total", "step_seconds": 300, "slice_points": 288},
    {"name": "up", "query": "up", "step_seconds": 300, "slice_points": 288},
]


def company_api(token: str | None = None) -> PrometheusApi:
    """The simulated Prometheus at the end of the story."""
    story = play(found(PARAMETERS))
    api = PrometheusApi(story.company, story.events, token)
    api.move_to(PARAMETERS.ends_at)
    return api


def at_end(*, hours: int = 0) -> str:
    """An instant near the end of the story, as tests write it."""
    return (END + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M")
