"""An Argo CD over real HTTP: the sandbox's over its story, and a source over it."""

from typing import Any

from connectors.argocd.kind import KIND
from connectors.argocd.settings import ArgoSettings
from connectors.evidence import EvidenceStore
from connectors.http.retries import RetryPolicy
from connectors.http.source import HttpSource
from connectors.kinds import Opening
from connectors.reports import StreamReport
from connectors.sandbox import Organisation, simulate
from connectors.sandbox.argocd.api import ArgoApi
from tests.connectors.workspace import FakeTime
from tests.replay.vendor_api import VendorApi

TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.sandbox"
COMPANY: Organisation = simulate(seed=3, months=3, services=5)


class SmallArgo:
    """The simulated organisation's Argo CD, at an instant of the story."""

    def __init__(self, instant: int) -> None:
        self.app = ArgoApi(COMPANY.company, COMPANY.timeline, TOKEN)
        self.app.move_to(instant)
        self.api = VendorApi(self.app, prefix="argocd")

    @property
    def base_url(self) -> str:
        """Where the API lives."""
        return self.api.base_url

    def source(self, store: EvidenceStore, *, token: str = TOKEN, **settings: Any) -> HttpSource:
        """A source over it, as the settings file would open it."""
        given = {"name": "argocd", "kind": "argocd", "base_url": self.base_url, **settings}
        opening = Opening(
            store=store,
            runtime=FakeTime().runtime(),
            secrets={"ASSAY_ARGOCD_TOKEN": token},
            policy=RetryPolicy(max_attempts=2),
        )
        source = KIND.open(ArgoSettings.model_validate(given), opening)
        assert isinstance(source, HttpSource)
        return source

    def read(self, store: EvidenceStore, **settings: Any) -> StreamReport:
        """Extract the applications."""
        return self.source(store, **settings).extract("applications", run_id="run")
