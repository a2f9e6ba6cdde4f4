"""What `assay.yml` says about each source of the simulated organisation: one story, told by every kind."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.company import INCIDENT_REPOSITORY, Company
from connectors.sandbox.drop_files import DEPLOYMENTS, INCIDENTS, SERVICES
from connectors.sandbox.ownership_files import BRANCH
from connectors.sandbox.parameters import ORGANISATION
from connectors.sandbox.roster_files import LEAVE_FILE, ROSTER_FILE

PUSH_VARIABLE = "ASSAY_PUSH_SECRET"
PROMETHEUS_VARIABLE = "ASSAY_PROMETHEUS_TOKEN"
ALERTMANAGER_VARIABLE = "ASSAY_ALERTMANAGER_TOKEN"
PUSH_PROVIDERS = ("github", "gitlab", "pagerduty", "cdevents", "deployments", "incidents")
_DAYS_KEPT = 400
_FIVE_MINUTES = 300
_DAY_OF_SAMPLES = 288
Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the organisation is to be found, as seen from the workspace.

    Attributes:
        base_url: Where its APIs are served.
        git_folder: Folder with its clones, as `write_git` lays them out.
        files_folder: Folder with what it exports, as `write_files` lays it out.
    """

    base_url: str
    git_folder: str
    files_folder: str


def source_document(kind: str, company: Company, places: Places) -> Document:
    """One source of a kind, named after it.

    Raises:
        KeyError: The organisation has no source of this kind.
    """
    return {"name": kind, "kind": kind, **_SOURCES[kind](company, places)}


def _api(prefix: str, **more: Any) -> Callable[[Company, Places], Document]:
    """A source that needs nothing but its address, and what is always the same."""

    def document(company: Company, places: Places) -> Document:
        since = company.parameters.first_day.replace()  # an object of its own, else YAML writes an alias
        return {"base_url": f"{places.base_url}{prefix}", "since": since, **more}

    return document


def _monitoring(prefix: str, **more: Any) -> Callable[[Company, Places], Document]:
    """A source of samples and slices: where no end is named they go on, empty, after the story."""

    def document(company: Company, places: Places) -> Document:
        return {**_api(prefix, **more)(company, places), "until": company.parameters.until.replace()}

    return document


def _git(company: Company, places: Places) -> Document:
    return {"repositories": list(_clones(company, places, "main"))}


def _circleci(company: Company, places: Places) -> Document:
    slugs = [f"gh/{name}" for name in _names(company)]
    return {**_api("/circleci/api/v2")(company, places), "projects": slugs}


def _roster(_: Company, places: Places) -> Document:
    folder = places.files_folder
    return {"people": f"{folder}/{ROSTER_FILE}", "leave": f"{folder}/{LEAVE_FILE}"}


def _owned(company: Company, places: Places) -> Document:
    return {"repositories": list(_clones(company, places, BRANCH))}


def _drops(_: Company, places: Places) -> Document:
    return {
        "folder": f"{places.files_folder}/drops",
        "settle_seconds": 0,
        "drops": [drop.declaration for drop in (DEPLOYMENTS, INCIDENTS, SERVICES)],
    }


def _push(_company: Company, _places: Places) -> Document:
    return {"endpoints": [{"provider": name, "secret_env": PUSH_VARIABLE} for name in PUSH_PROVIDERS]}


def _clones(company: Company, places: Places, branch: str) -> Iterator[Document]:
    for name in _names(company):
        yield {"name": name, "path": f"{places.git_folder}/{name}.git", "branch": branch}


def _names(company: Company) -> list[str]:
    """Repositories that have code."""
    return [row.name for row in company.repositories if row.name != INCIDENT_REPOSITORY]


SAMPLED: list[Document] = [
    {"name": name, "query": query, "step_seconds": _FIVE_MINUTES, "slice_points": _DAY_OF_SAMPLES}
    for name, query in (
        ("requests", "http_requests_total"),
        ("errors", "http_request_errors_total"),
        ("up", "up"),
    )
]

_SOURCES: Mapping[str, Callable[[Company, Places], Document]] = {
    "github": _api("", organisation=ORGANISATION, concurrency=16),
    "git": _git,
    "gitlab": _api("/gitlab/api/v4", groups=[ORGANISATION]),
    "jira": _api("/jira"),
    "circleci": _circleci,
    "jenkins": _api("/jenkins"),
    "argocd": _api("/argocd"),
    "pagerduty": _api("/pagerduty"),
    "datadog": _monitoring("/datadog"),
    "prometheus": _monitoring(
        "/prometheus", token_env=PROMETHEUS_VARIABLE, retention_days=_DAYS_KEPT, queries=SAMPLED
    ),
    "alertmanager": _api("/alertmanager", token_env=ALERTMANAGER_VARIABLE),
    "scim": _api("/scim"),
    "roster": _roster,
    "backstage": _owned,
    "codeowners": _owned,
    "drops": _drops,
    "push": _push,
}
KINDS: tuple[str, ...] = tuple(_SOURCES)
"""Every kind of source that the organisation has."""
