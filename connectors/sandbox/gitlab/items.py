"""Answers questions about one merge request, job, deployment, environment or release of a project."""

from typing import Any

from connectors.sandbox.gitlab import delivery_documents, documents
from connectors.sandbox.gitlab.state import GitLabState, Project


def item_of(state: GitLabState, project: Project, steps: list[str]) -> dict[str, Any] | None:
    """The one thing that the steps below a project name; None where there is none."""
    match steps:
        case ["merge_requests", number] if number.isdigit() and int(number) in project.merge_requests:
            return documents.merge_request(state, project, project.merge_requests[int(number)])
        case ["deployments", number] if number.isdigit() and int(number) in project.deployments:
            return delivery_documents.deployment(state, project, project.deployments[int(number)])
        case ["releases", tag]:
            made = next((row for row in project.releases if row.tag == tag), None)
            return None if made is None else documents.release(state, project, made)
        case ["environments", number]:
            rows = project.environments.values()
            found = next((row for row in rows if str(row.number) == number), None)
            return None if found is None else delivery_documents.environment(found)
        case ["jobs", number]:
            return _job(state, project, number)
    return None


def _job(state: GitLabState, project: Project, number: str) -> dict[str, Any] | None:
    for pipeline in project.pipelines.values():
        for job in pipeline.jobs:
            if str(job.number) == number:
                return delivery_documents.job(state, project, pipeline, job)
    return None
