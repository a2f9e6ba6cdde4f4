"""An Alertmanager whose alerts a test arranges, and a source as the settings file would open it."""

from dataclasses import dataclass, field
from typing import Any

from connectors.alertmanager.kind import KIND
from connectors.alertmanager.settings import AlertmanagerSettings
from connectors.evidence import EvidenceStore
from connectors.http.retries import RetryPolicy
from connectors.http.source import HttpSource
from connectors.kinds import Opening
from connectors.sandbox.alertmanager.firing import fingerprint
from connectors.sandbox.api import ApiRequest, ApiResponse
from tests.connectors.workspace import FakeTime

TOKEN = "s3cr3t-t0ken"
SECRETS = {"ASSAY_ALERTMANAGER_USER": "assay", "ASSAY_ALERTMANAGER_PASSWORD": TOKEN}


@dataclass
class SmallAlertmanager:
    """Lists what a test puts into it."""

    alerts: list[dict[str, Any]] = field(default_factory=list)
    silences: list[dict[str, Any]] = field(default_factory=list)
    receivers: list[str] = field(default_factory=lambda: ["on-call", "nobody"])

    def move_to(self, instant: int) -> None:
        """Nothing happens by itself."""

    def respond(self, request: ApiRequest) -> ApiResponse:
        """One of the three lists."""
        lists: dict[str, list[Any]] = {
            "/api/v2/alerts": self.alerts,
            "/api/v2/silences": self.silences,
            "/api/v2/receivers": [{"name": name} for name in self.receivers],
        }
        return ApiResponse(lists[request.path])


def alert(service: str, started: str, *, updated: str, silenced_by: tuple[str, ...] = ()) -> dict[str, Any]:
    """An alert of a day in November; times are hours and minutes."""
    labels = {"alertname": "HighErrorRate", "service": service, "severity": "critical"}
    return {
        "annotations": {"summary": "Many requests fail."},
        "endsAt": _at("23:00"),
        "fingerprint": fingerprint(labels),
        "receivers": [{"name": "on-call"}],
        "startsAt": _at(started),
        "status": {
            "inhibitedBy": [],
            "silencedBy": list(silenced_by),
            "state": "suppressed" if silenced_by else "active",
        },
        "updatedAt": _at(updated),
        "generatorURL": "http://prometheus.example/graph",
        "labels": labels,
    }


def silence(silence_id: str, *, creator: str, state: str, updated: str) -> dict[str, Any]:
    """A silence of the same day."""
    return {
        "id": silence_id,
        "status": {"state": state},
        "updatedAt": _at(updated),
        "comment": "Known.",
        "createdBy": creator,
        "startsAt": _at("10:00"),
        "endsAt": _at("11:00"),
        "matchers": [{"isEqual": True, "isRegex": False, "name": "service", "value": "shop"}],
    }


def open_alertmanager_source(
    store: EvidenceStore, base_url: str, *, time: FakeTime | None = None, **settings: Any
) -> HttpSource:
    """A source over the server."""
    parsed = AlertmanagerSettings.model_validate(
        {"name": "alertmanager", "kind": "alertmanager", "base_url": base_url, **settings}
    )
    policy = RetryPolicy(max_attempts=2)
    runtime = (time or FakeTime()).runtime()
    source = KIND.open(parsed, Opening(store=store, runtime=runtime, secrets=SECRETS, policy=policy))
    assert isinstance(source, HttpSource)
    return source


def _at(time: str) -> str:
    return f"2026-11-22T{time}:00.000Z"
