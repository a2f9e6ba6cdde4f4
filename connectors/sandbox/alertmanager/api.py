"""The HTTP API of the simulated Alertmanager: alerts, silences, receivers and its status."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.alertmanager.firing import Firing, Silence, fingerprint, firing, silences
from connectors.sandbox.api import ApiRequest, ApiResponse, SandboxApi
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event
from connectors.sandbox.prometheus.api import is_let_in, refused
from connectors.sandbox.prometheus.monitoring import Monitoring
from connectors.sandbox.working_time import MINUTE

RESENT_WITHIN = 4 * MINUTE
_DEFAULT_RECEIVER = "default"


class AlertmanagerApi:
    """An Alertmanager that the simulated Prometheus sends to.

    Args:
        company: The organisation.
        events: Its whole timeline.
        token: The one secret that is let in; None for everybody.
    """

    def __init__(self, company: Company, events: Sequence[Event], token: str | None) -> None:
        self.monitoring = Monitoring(company, events)
        self._token = token
        self._routes: dict[str, Callable[[], Any]] = {
            "/api/v2/alerts": self._alerts,
            "/api/v2/silences": self._silences,
            "/api/v2/receivers": self._receivers,
            "/api/v2/status": self._status,
        }

    def move_to(self, instant: int) -> None:
        """Let time pass."""
        self.monitoring.move_to(instant)

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request."""
        if not is_let_in(request, self._token):
            return refused()
        route = self._routes.get(request.path)
        if route is None:
            return ApiResponse({"code": 404, "message": f"path {request.path} was not found"}, status=404)
        if request.method != "GET":
            return ApiResponse(
                {"code": 405, "message": f"method {request.method} is not allowed"}, status=405
            )
        return ApiResponse(route())

    def _alerts(self) -> list[dict[str, Any]]:
        now = self.monitoring.now
        active = [silence for silence in silences(self.monitoring) if silence.state_at(now) == "active"]
        alerts = [self._alert(alert, active) for alert in firing(self.monitoring)]
        return sorted(alerts, key=lambda alert: str(alert["fingerprint"]))

    def _alert(self, alert: Firing, active: Sequence[Silence]) -> dict[str, Any]:
        silenced_by = [silence.id for silence in active if silence.labels == alert.labels]
        return {
            "annotations": {"summary": f"Many requests to {alert.labels['service']} fail."},
            "endsAt": milliseconds(alert.updated_at + RESENT_WITHIN),
            "fingerprint": fingerprint(alert.labels),
            "receivers": [{"name": alert.team}],
            "startsAt": milliseconds(alert.starts_at),
            "status": {
                "inhibitedBy": [],
                "silencedBy": silenced_by,
                "state": "suppressed" if silenced_by else "active",
            },
            "updatedAt": milliseconds(alert.updated_at),
            "generatorURL": "http://prometheus.internal:9090/graph",
            "labels": dict(alert.labels),
        }

    def _silences(self) -> list[dict[str, Any]]:
        return [self._silence(silence) for silence in silences(self.monitoring)]

    def _silence(self, silence: Silence) -> dict[str, Any]:
        return {
            "id": silence.id,
            "status": {"state": silence.state_at(self.monitoring.now)},
            "updatedAt": milliseconds(silence.starts_at),
            "comment": "Known; we are working on it.",
            "createdBy": silence.creator,
            "startsAt": milliseconds(silence.starts_at),
            "endsAt": milliseconds(silence.ends_at),
            "matchers": [
                {"isEqual": True, "isRegex": False, "name": label, "value": value}
                for label, value in sorted(silence.labels.items())
            ],
        }

    def _receivers(self) -> list[dict[str, str]]:
        teams = {
            self.monitoring.company.owner_at(watched.name, self.monitoring.now)
            for watched in self.monitoring.running
        }
        return [{"name": name} for name in (_DEFAULT_RECEIVER, *sorted(teams))]

    def _status(self) -> dict[str, Any]:
        started = milliseconds(self.monitoring.company.parameters.starts_at)
        return {
            "cluster": {"name": "sandbox", "peers": [], "status": "ready"},
            "config": {"original": f"route:\n  receiver: {_DEFAULT_RECEIVER}\n"},
            "uptime": started,
            "versionInfo": {
                "branch": "HEAD",
                "buildDate": "20221222-00:00:00",
                "buildUser": "sandbox",
                "goVersion": "go1.19.8",
                "revision": "simulated",
                "version": "0.25.0",
            },
        }


def milliseconds(instant: int) -> str:
    """An instant as Alertmanager writes it."""
    moment = datetime.fromtimestamp(instant, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


API = SandboxApi(prefix="alertmanager", make=AlertmanagerApi)
