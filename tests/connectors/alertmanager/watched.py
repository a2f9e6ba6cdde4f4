"""An Alertmanager source as the settings file would open it."""

from typing import Any

from connectors.alertmanager.kind import KIND
from connectors.alertmanager.settings import AlertmanagerSettings
from connectors.evidence import EvidenceStore
from connectors.http.retries import RetryPolicy
from connectors.http.source import HttpSource
from connectors.kinds import Opening
from tests.connectors.workspace import FakeTime

TOKEN = "s3cr3t-t0ken"
SECRETS = {"ASSAY_ALERTMANAGER_USER": "assay", "ASSAY_ALERTMANAGER_PASSWORD": TOKEN}


def open_alertmanager_source(store: EvidenceStore, base_url: str, **settings: Any) -> HttpSource:
    """A source over the server."""
    parsed = AlertmanagerSettings.model_validate(
        {"name": "alertmanager", "kind": "alertmanager", "base_url": base_url, **settings}
    )
    policy = RetryPolicy(max_attempts=2)
    opening = Opening(store=store, runtime=FakeTime().runtime(), secrets=SECRETS, policy=policy)
    source = KIND.open(parsed, opening)
    assert isinstance(source, HttpSource)
    return source
