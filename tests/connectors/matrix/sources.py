"""Every kind of source that reads an HTTP API, opened against its simulated one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from connectors.evidence import EvidenceStore
from connectors.http.retries import RetryPolicy
from connectors.http.source import HttpSource
from connectors.http.streams import HttpStream
from connectors.kinds import Opening, Source
from connectors.sources import SOURCE_KINDS
from tests.connectors.matrix.vendor import organisation
from tests.connectors.workspace import FakeTime
from tests.replay.loopback import Request

SECRET = "planted-secret-of-{}-6c1f09"
USER = "reader@acme.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSource:
    """One source of the matrix.

    Attributes:
        name: Name of the row.
        kind: The kind of source.
        path: Where its API lives on the organisation's port.
        settings: Keys of its settings.
        secrets: Variables, and what each holds: "user" or "secret".
        bad: Part of the path, query or body, decoded, by which the requests of one scope are told.
        bad_scope: The scope or the key of the parent that those requests are about.
        bad_streams: The streams that have nothing else, where a stream stands for a scope.
        page: Records on a page: the organisation is small, and faults of paging need pages.
    """

    name: str
    kind: str
    path: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    bad: str = ""
    bad_scope: str = ""
    bad_streams: frozenset[str] = frozenset()
    page: int = 4

    @property
    def token(self) -> str:
        """The secret that its API lets in."""
        return SECRET.format(self.name)

    def open(
        self,
        base_url: str,
        store: EvidenceStore,
        time: FakeTime,
        *,
        policy: RetryPolicy | None = None,
        is_paged: bool = True,
        **changes: Any,
    ) -> Source:
        """The source as the settings file would open it, with pages of a few records."""
        kind = SOURCE_KINDS[self.kind]
        document = {"name": self.name, "kind": self.kind, "base_url": base_url + self.path}
        given = {"user": USER, "secret": self.token}
        opening = Opening(
            store=store,
            runtime=time.runtime(),
            secrets={variable: given[what] for variable, what in self.secrets.items()},
            policy=policy,
        )
        source = kind.open(kind.settings.model_validate({**document, **self.settings, **changes}), opening)
        if is_paged:
            engine: Any = getattr(source, "_engine", source)
            _with_short_pages(engine, self.page)
        return source

    def is_bad(self, request: Request) -> bool:
        """Whether a request is about the one scope that a fault is for."""
        return self.bad in unquote(unquote(request.target)) or self.bad.encode() in request.body


def _with_short_pages(source: HttpSource, size: int) -> None:
    """Ask for a few records a page wherever the size of pages is the client's to choose."""
    streams = tuple(_short(stream, size) for stream in source.streams)
    source.streams = streams
    source._api = replace(source._api, streams=streams)


def _short(stream: HttpStream, size: int) -> HttpStream:
    parameters = tuple(
        (name, str(size) if name == "maxResults" else text) for name, text in stream.parameters
    )
    has_size = hasattr(stream.pager, "size") and hasattr(stream.pager, "first")
    pager = replace(stream.pager, size=size) if has_size else stream.pager  # type: ignore[type-var]
    return replace(stream, parameters=parameters, pager=pager)


def _slugs() -> tuple[str, ...]:
    names = [row.name for row in organisation().company.repositories]
    return tuple(f"gh/{name}" for name in names if not name.endswith("/incidents"))


_START = organisation().starts_at.date().isoformat()
_QUERIES: list[dict[str, Any]] = [
    {"name": "requests", "query": "http_requests_total", "step_seconds": 3600, "slice_points": 24},
    {"name": "up", "query": "up", "step_seconds": 3600, "slice_points": 24},
]
_PROMETHEUS_ACCESS = {"token_env": "ASSAY_PROMETHEUS_TOKEN"}

SOURCES: Mapping[str, MatrixSource] = {
    source.name: source
    for source in (
        MatrixSource(
            name="github",
            kind="github",
            settings={"organisation": "acme", "details": "rest", "since": _START},
            secrets={"ASSAY_GITHUB_TOKEN": "secret"},
            bad="/repos/acme/checkout/",
            bad_scope="acme/checkout",
        ),
        MatrixSource(
            name="github-graphql",
            kind="github",
            settings={"organisation": "acme", "since": _START},
            secrets={"ASSAY_GITHUB_TOKEN": "secret"},
            bad="/repos/acme/checkout/",
            bad_scope="acme/checkout",
        ),
        MatrixSource(
            name="jira",
            kind="jira",
            path="/jira",
            settings={"email_env": "JIRA_EMAIL", "reconcile_hours": 0},
            secrets={"JIRA_EMAIL": "user", "ASSAY_JIRA_TOKEN": "secret"},
            bad="/project/MAR/",
            bad_scope="MAR",
            page=2,
        ),
        MatrixSource(
            name="jira-projects",
            kind="jira",
            path="/jira",
            settings={"projects": ("CHE", "MAR", "INC"), "reconcile_hours": 0},
            secrets={"ASSAY_JIRA_TOKEN": "secret"},
            bad="MAR",
            bad_scope="MAR",
            page=2,
        ),
        MatrixSource(
            name="gitlab",
            kind="gitlab",
            path="/gitlab/api/v4",
            settings={"groups": ("acme",), "since": _START},
            secrets={"ASSAY_GITLAB_TOKEN": "secret"},
            bad="/projects/acme/checkout/",
            bad_scope="acme/checkout",
        ),
        MatrixSource(
            name="circleci",
            kind="circleci",
            path="/circleci/api/v2",
            settings={"projects": _slugs(), "since": _START},
            secrets={"ASSAY_CIRCLECI_TOKEN": "secret"},
            bad="/project/gh/acme/checkout",
            bad_scope="gh/acme/checkout",
        ),
        MatrixSource(
            name="jenkins",
            kind="jenkins",
            path="/jenkins",
            secrets={"ASSAY_JENKINS_USER": "user", "ASSAY_JENKINS_TOKEN": "secret"},
            bad="/job/checkout/job/main/",
            bad_scope="acme/checkout/main",
        ),
        MatrixSource(
            name="argocd",
            kind="argocd",
            path="/argocd",
            settings={"projects": ("discovery", "payments")},
            secrets={"ASSAY_ARGOCD_TOKEN": "secret"},
            bad="projects=payments",
            bad_scope="payments",
        ),
        MatrixSource(
            name="pagerduty",
            kind="pagerduty",
            path="/pagerduty",
            settings={"since": _START},
            secrets={"ASSAY_PAGERDUTY_TOKEN": "secret"},
            bad="/pagerduty/log_entries",
            bad_scope="account",
            bad_streams=frozenset({"log_entries"}),
        ),
        MatrixSource(
            name="datadog",
            kind="datadog",
            path="/datadog",
            settings={"since": _START},
            secrets={"ASSAY_DATADOG_API_KEY": "secret", "ASSAY_DATADOG_APPLICATION_KEY": "secret"},
            bad="/slo/959d7001f33926d28e8352ebd8f1794a/history",
            bad_scope="959d7001f33926d28e8352ebd8f1794a",
        ),
        MatrixSource(
            name="prometheus",
            kind="prometheus",
            path="/prometheus",
            settings={
                **_PROMETHEUS_ACCESS,
                "queries": _QUERIES,
                "alerts": {"name": "ALERTS", "query": "ALERTS", "step_seconds": 3600, "slice_points": 168},
                "since": (organisation().ends_at - timedelta(days=12)).date().isoformat(),
                "retention_days": 60,
            },
            secrets={"ASSAY_PROMETHEUS_TOKEN": "secret"},
            bad="query=up&",
            bad_scope="up",
        ),
        MatrixSource(
            name="alertmanager",
            kind="alertmanager",
            path="/alertmanager",
            settings=_PROMETHEUS_ACCESS,
            secrets={"ASSAY_PROMETHEUS_TOKEN": "secret"},
            bad="/silences",
            bad_scope="server",
            bad_streams=frozenset({"silences"}),
        ),
        MatrixSource(
            name="scim",
            kind="scim",
            path="/scim",
            secrets={"ASSAY_SCIM_TOKEN": "secret"},
            bad="/Groups",
            bad_scope="directory",
            bad_streams=frozenset({"groups"}),
        ),
    )
}
"""Every source by its name. Jira is there twice: its projects are scopes where the settings name them."""
