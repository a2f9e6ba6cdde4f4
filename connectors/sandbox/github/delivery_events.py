"""How runs, deployments, tags and releases change what GitHub shows."""

from collections.abc import Callable
from typing import Any

from connectors.sandbox import events
from connectors.sandbox.github.state import Deployment, GitHubState, Release, Run, Status


def build_started(state: GitHubState, event: events.BuildStarted) -> None:
    """A run, or another attempt of it, is in progress."""
    repository = state.repositories[event.repository]
    known = repository.runs.get(event.number)
    if known is not None:
        known.attempt, known.started_at, known.updated_at = event.attempt, event.at, event.at
        known.conclusion = None
        return
    repository.run_numbers[event.workflow] += 1
    repository.runs[event.number] = Run(
        event.number,
        repository.run_numbers[event.workflow],
        event.workflow,
        event.commit_sha,
        event.branch,
        event.title,
        event.actor,
        event.trigger,
        event.at,
        event.at,
        event.at,
    )


def build_finished(state: GitHubState, event: events.BuildFinished) -> None:
    """A run is completed."""
    run = state.repositories[event.repository].runs[event.number]
    run.conclusion, run.updated_at = event.conclusion, event.at
    run.jobs.extend((run.attempt, 23_000_000_000 + 3 * state.serial(), job) for job in event.jobs)


def deployment_started(state: GitHubState, event: events.DeploymentStarted) -> None:
    """A deployment exists."""
    deployment = Deployment(
        event.number,
        event.environment,
        event.is_production,
        event.commit_sha,
        event.task,
        event.part,
        event.actor,
        event.at,
        event.at,
    )
    state.repositories[event.repository].deployments[event.number] = deployment


def deployment_changed(state: GitHubState, event: events.DeploymentStatusChanged) -> None:
    """A deployment has a new status; a success makes those before it in the environment inactive."""
    repository = state.repositories[event.repository]
    deployment = repository.deployments[event.number]
    add_status(deployment, Status(status_number(state), event.state, event.at, event.note))
    if event.state == "success":
        active = repository.active[deployment.environment]
        for older in active:
            add_status(older, Status(status_number(state), "inactive", event.at, ""))
        active[:] = [deployment]


def status_number(state: GitHubState) -> int:
    """The number of the next status."""
    return 77_000_000 + 3 * state.serial()


def add_status(deployment: Deployment, status: Status) -> None:
    """Put a status at the end of the history."""
    deployment.statuses.append(status)
    deployment.updated_at = status.at


def tagged(state: GitHubState, event: events.TagCreated) -> None:
    """A tag exists."""
    state.repositories[event.repository].tags[event.name] = event.commit_sha


def released(state: GitHubState, event: events.ReleasePublished) -> None:
    """A release exists."""
    release = Release(
        event.number,
        event.tag,
        event.commit_sha,
        event.author,
        event.notes,
        event.is_prerelease,
        event.at,
    )
    state.repositories[event.repository].releases.append(release)


HANDLERS: dict[type[events.Event], Callable[[GitHubState, Any], None]] = {
    events.BuildStarted: build_started,
    events.BuildFinished: build_finished,
    events.DeploymentStarted: deployment_started,
    events.DeploymentStatusChanged: deployment_changed,
    events.TagCreated: tagged,
    events.ReleasePublished: released,
}
