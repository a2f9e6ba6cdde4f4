"""Renders projects, pipelines, workflows and jobs as CircleCI does."""

from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.circleci.state import Job, Pipeline, Workflow, identifier

Document = dict[str, Any]


def stamp(instant: int) -> str:
    """An instant as CircleCI writes it."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def project(slug: str) -> Document:
    """A project."""
    organisation, _, name = slug.rpartition("/")
    return {
        "slug": slug,
        "name": name,
        "id": identifier("project", slug),
        "organization_name": organisation.rpartition("/")[2],
        "organization_slug": organisation,
        "organization_id": identifier("organization", organisation),
        "vcs_info": {
            "vcs_url": f"https://github.example/{slug.partition('/')[2]}",
            "provider": "GitHub",
            "default_branch": "main",
        },
    }


def pipeline(row: Pipeline) -> Document:
    """A pipeline; its workflows do not change it."""
    repository = f"https://github.example/{row.slug.partition('/')[2]}"
    return {
        "id": row.identifier,
        "errors": [],
        "project_slug": row.slug,
        "updated_at": stamp(row.created_at),
        "number": row.number,
        "trigger_parameters": {},
        "state": "created",
        "created_at": stamp(row.created_at),
        "trigger": {
            "type": row.trigger,
            "received_at": stamp(row.created_at),
            "actor": {"login": row.actor, "avatar_url": None},
        },
        "vcs": {
            "provider_name": "GitHub",
            "target_repository_url": repository,
            "origin_repository_url": repository,
            "branch": row.branch,
            "revision": row.commit_sha,
            "commit": {"subject": row.title, "body": ""},
        },
    }


def workflow(owner: Pipeline, row: Workflow, *, at: int) -> Document:
    """A workflow as it stands at an instant."""
    return {
        "pipeline_id": owner.identifier,
        "id": row.identifier,
        "name": row.name,
        "project_slug": owner.slug,
        "status": row.status(at),
        "started_by": identifier("user", row.starter),
        "pipeline_number": owner.number,
        "created_at": stamp(row.created_at),
        "stopped_at": None if row.stopped_at is None else stamp(row.stopped_at),
    }


def job(owner: Pipeline, row: Job, *, at: int) -> Document:
    """A job as it stands at an instant; what does not apply is left out."""
    status = row.status(at)
    is_approval = row.number is None
    is_over = row.stopped_at is not None and row.stopped_at <= at
    document: Document = {
        "dependencies": [],
        "id": row.identifier,
        "name": row.name,
        "project_slug": owner.slug,
        "status": status,
        "type": "approval" if is_approval else "build",
        "started_at": stamp(row.started_at) if row.started_at <= at else None,
        "stopped_at": stamp(row.stopped_at) if is_over and row.stopped_at is not None else None,
    }
    if row.number is not None:
        document["job_number"] = row.number
    elif is_over:
        document |= {"approved_by": identifier("user", owner.actor), "approval_request_id": row.identifier}
    return document
