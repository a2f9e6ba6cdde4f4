"""The HTTP API of the simulated Prometheus: range queries, targets, rules, and what it was built from."""

import hmac
import math
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from connectors.sandbox.api import ApiRequest, ApiResponse, SandboxApi
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event
from connectors.sandbox.prometheus.documents import rule_groups, targets
from connectors.sandbox.prometheus.evaluation import UnsupportedQueryError, evaluate
from connectors.sandbox.prometheus.monitoring import Monitoring
from connectors.sandbox.prometheus.range_parameters import (
    BadRequestError,
    RangeParameters,
    instant_seconds,
    range_parameters,
)
from connectors.sandbox.prometheus.series import all_series

BASIC_USER: Final = "assay"
"""User for basic authentication; the token is the password."""
_COUNTING: Final = re.compile(
    r"scalar\(sum\(count_over_time\(\((.+)\)\[(\d+)ms:(\d+)s\]\)\) or vector\(0\)\)", re.DOTALL
)

Route = Callable[[Mapping[str, str]], Any]


class PrometheusApi:
    """A Prometheus that scraped the organisation's services all along.

    Args:
        company: The organisation.
        events: Its whole timeline.
        token: The one secret that is let in, as a bearer token or as a password; None for everybody.
    """

    def __init__(self, company: Company, events: Sequence[Event], token: str | None) -> None:
        self.monitoring = Monitoring(company, events)
        self._token = token
        self._routes: dict[str, Route] = {
            "/api/v1/query_range": self._query_range,
            "/api/v1/query": self._count,
            "/api/v1/targets": lambda _: targets(self.monitoring),
            "/api/v1/rules": lambda _: {"groups": rule_groups(self.monitoring)},
            "/api/v1/status/buildinfo": lambda _: _BUILD,
        }

    def move_to(self, instant: int) -> None:
        """Let time pass."""
        self.monitoring.move_to(instant)

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request."""
        if not is_let_in(request, self._token):
            return refused()
        route = self._routes.get(request.path)
        if route is None or request.method not in ("GET", "POST"):
            return ApiResponse(
                status=404, body=b"404 page not found\n", headers={"content-type": "text/plain"}
            )
        try:
            data = route(given(request))
        except BadRequestError as error:
            document = {"status": "error", "errorType": "bad_data", "error": str(error)}
            return ApiResponse(document, status=400)
        return ApiResponse({"status": "success", "data": data})

    def _query_range(self, parameters: Mapping[str, str]) -> Any:
        return {"resultType": "matrix", "result": self._evaluated(range_parameters(parameters))}

    def _count(self, parameters: Mapping[str, str]) -> Any:
        """Count the samples of a subquery: the one instant query that is known here."""
        counting = _COUNTING.fullmatch(parameters.get("query", ""))
        if counting is None:
            raise BadRequestError('invalid parameter "query": this simulation counts samples only')
        query, milliseconds, step = counting[1], int(counting[2]), int(counting[3])
        begin = float(instant_seconds(parameters.get("time", ""))) - milliseconds / 1000
        first = math.ceil(begin / step) * step
        asked = {"query": query, "start": str(first), "end": parameters["time"], "step": str(step)}
        result = self._evaluated(range_parameters(asked, most_points=None))
        count = sum(len(series["values"]) for series in result)
        return {"resultType": "scalar", "result": [instant_seconds(parameters["time"]), str(count)]}

    def _evaluated(self, asked: RangeParameters) -> list[Any]:
        try:
            return evaluate(all_series(self.monitoring), asked.query, asked.instants)
        except UnsupportedQueryError as error:
            raise BadRequestError(
                'invalid parameter "query": this simulation knows plain selectors only, such as '
                f'up{{service="checkout"}}, not {asked.query!r}'
            ) from error


def given(request: ApiRequest) -> dict[str, str]:
    """Parameters of the URL and of a form, the last of each name."""
    found = {name: values[-1] for name, values in request.query.items()}
    if request.method == "POST":
        found |= dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    return found


def is_let_in(request: ApiRequest, token: str | None) -> bool:
    """Whether the request carries the secret, as a bearer token or as the password of the one user."""
    if token is None:
        return True
    pair = b64encode(f"{BASIC_USER}:{token}".encode()).decode("ascii")
    sent = request.headers.get("authorization", "")
    return any(hmac.compare_digest(sent, wanted) for wanted in (f"Bearer {token}", f"Basic {pair}"))


def refused() -> ApiResponse:
    """What Prometheus' own web server says to strangers."""
    headers = {"content-type": "text/plain; charset=utf-8", "www-authenticate": "Basic"}
    return ApiResponse(status=401, body=b"Unauthorized\n", headers=headers)


_BUILD: Final = {
    "version": "2.42.0",
    "revision": "simulated",
    "branch": "HEAD",
    "buildUser": "sandbox",
    "buildDate": "20230201-00:00:00",
    "goVersion": "go1.19.8",
}

API = SandboxApi(prefix="prometheus", make=PrometheusApi)
