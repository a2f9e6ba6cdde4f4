"""The settings of a workspace for the simulated organisation: what `assay.yml` says about it."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from connectors.sandbox.catalogue import DEPLOY_WORKFLOW, VERSION_TAG, Service
from connectors.sandbox.company import Company
from connectors.sandbox.parameters import ORGANISATION
from connectors.sandbox.source_settings import Places, source_document

GITHUB_SOURCE = "github"
GIT_SOURCE = "git"
CODE_KINDS = (GITHUB_SOURCE, GIT_SOURCE)
"""What the metrics are computed from."""
DEMO_KINDS = (
    *CODE_KINDS,
    "jira",
    "argocd",
    "pagerduty",
    "scim",
    "roster",
    "backstage",
    "codeowners",
    "drops",
)
"""What the demonstration reads: the same story from everywhere that tells it in a few answers."""
ROLLOUT_MERGE_HOURS = 6
REVERT_WINDOW_DAYS = 14


def settings_document(
    company: Company,
    *,
    base_url: str,
    git_folder: Path | str,
    files_folder: Path | str = "files",
    kinds: Sequence[str] = CODE_KINDS,
) -> dict[str, Any]:
    """The whole document, ready to be written as YAML.

    Args:
        company: The organisation.
        base_url: Where its APIs are served: GitHub's at the root, the others below their prefixes.
        git_folder: Folder with its clones, as `write_git` lays them out.
        files_folder: Folder with its exports, as `write_files` lays them out.
        kinds: Kinds of source, each of which there is once.
    """
    first = company.parameters.first_day
    places = Places(base_url=base_url, git_folder=str(git_folder), files_folder=str(files_folder))
    return {
        "organisation": ORGANISATION,
        "reporting": {"time_zone": "UTC", "from": first, "until": company.parameters.until},
        "sources": [source_document(kind, company, places) for kind in kinds],
        "teams": [
            {
                "name": period.name,
                "title": period.title,
                "parent": period.parent,
                "from": period.from_day.replace(),
                "until": fresh(period.until_day),
            }
            for period in company.teams
        ],
        "services": [service_document(company, service) for service in company.services],
        "deployments": {
            "from": "deployments",
            "production_environments": "^(production|prod)$",
            "workflow": "(?i)deploy",
            "tag": r"^v?\d+",
        },
        "rules": {
            "hotfix": {"branch": "^hotfix/", "label": "^hotfix$", "title": "(?i)^hotfix"},
            "incidents": {
                "label": "^incident$",
                "severity": "^sev[123]$",
                "service_label_prefix": "service:",
                "link_hours": 24,
            },
            "defects": {"label": "^production-defect$"},
            "rollout_merge_hours": ROLLOUT_MERGE_HOURS,
            "revert_window_days": REVERT_WINDOW_DAYS,
            "bots": {"pattern": r"(\[bot\]|-bot)$", "logins": []},
        },
    }


def service_document(company: Company, service: Service) -> dict[str, Any]:
    """One service with its owners over time and the trace that its rollouts leave."""
    deployments: dict[str, str] = {"from": service.mechanism}
    if service.task is not None:
        deployments["task"] = f"^{service.task}$"
    if service.mechanism == "workflow_runs":
        deployments["workflow"] = f"^{DEPLOY_WORKFLOW}$"
    if service.mechanism in ("releases", "tags"):
        deployments["tag"] = VERSION_TAG
    return {
        "name": service.name,
        "title": service.title,
        "repository": service.repository,
        "paths": list(service.paths),
        "owners": [
            {"team": row.team, "from": row.from_day.replace(), "until": fresh(row.until_day)}
            for row in company.ownerships
            if row.service == service.name
        ],
        "deployments": deployments,
    }


def fresh(day: date | None) -> date | None:
    """The day as an object of its own: YAML writes one that is used twice as an alias."""
    return None if day is None else day.replace()
