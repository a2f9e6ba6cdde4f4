"""How builds, deployments, tags and releases change what GitLab shows."""

from collections.abc import Callable, Sequence
from typing import Any

from connectors.sandbox import events
from connectors.sandbox.gitlab.state import (
    Deployment,
    Environment,
    GitLabState,
    Job,
    Pipeline,
    Project,
    Release,
)

STATES = {
    "queued": "created",
    "in_progress": "running",
    "success": "success",
    "failure": "failed",
    "error": "failed",
}
CONCLUSIONS = {"success": "success", "failure": "failed", "cancelled": "canceled"}
SOURCES = {"push": "push", "workflow_dispatch": "web"}


class Outcomes:
    """How the runs of the story end: a pipeline shows its jobs before they are over."""

    def __init__(self, timeline: Sequence[events.Event]) -> None:
        self._jobs: dict[int, list[tuple[events.Job, ...]]] = {}
        for event in timeline:
            if isinstance(event, events.BuildFinished):
                self._jobs.setdefault(event.number, []).append(event.jobs)

    def jobs_of(self, number: int, attempt: int) -> tuple[events.Job, ...]:
        """The jobs of an attempt; none if the story ends before they do."""
        attempts = self._jobs.get(number, [])
        return attempts[attempt - 1] if attempt <= len(attempts) else ()


def build_started(state: GitLabState, outcomes: Outcomes, event: events.BuildStarted) -> None:
    """A pipeline runs, or all its jobs are retried, each with an id of its own."""
    project = state.projects[event.repository]
    pipeline = project.pipelines.get(event.number)
    if pipeline is None:
        pipeline = Pipeline(
            event.number,
            len(project.pipelines) + 1,
            event.workflow,
            event.commit_sha,
            event.branch,
            event.actor,
            SOURCES[event.trigger],
            event.at,
            event.at,
        )
        project.pipelines[event.number] = project.built[event.commit_sha] = pipeline
    pipeline.status, pipeline.updated_at, pipeline.finished_at = "running", event.at, None
    for row in outcomes.jobs_of(event.number, event.attempt):
        number = 7_000_000_000 + 3 * state.serial()
        ended = CONCLUSIONS[row.conclusion]
        pipeline.jobs.append(
            Job(number, row.name, stage_of(row.name), event.at, row.started_at, row.finished_at, ended)
        )


def build_finished(state: GitLabState, event: events.BuildFinished) -> None:
    """A pipeline is over."""
    end(state.projects[event.repository].pipelines[event.number], event.at, CONCLUSIONS[event.conclusion])


def end(pipeline: Pipeline, at: int, status: str) -> None:
    """Nothing of a pipeline runs any more."""
    pipeline.status, pipeline.updated_at, pipeline.finished_at = status, at, at


def stage_of(job: str) -> str:
    """The stage that a job belongs to."""
    return job if job in {"test", "deploy"} else "build"


def deployment_started(state: GitLabState, event: events.DeploymentStarted) -> None:
    """A deployment exists; a job of the commit's pipeline does it, if there is one."""
    project = state.projects[event.repository]
    environment = project.environments.get(event.environment)
    if environment is None:
        number = 500_000 + len(project.environments) + 11 * project.number
        environment = Environment(number, event.environment, event.is_production, event.at)
        project.environments[event.environment] = environment
    deployment = Deployment(
        event.number,
        len(project.deployments) + 1,
        environment,
        event.commit_sha,
        event.actor,
        event.at,
        event.at,
    )
    project.deployments[event.number] = deployment
    pipeline = project.built.get(event.commit_sha)
    if pipeline is not None:
        number = 7_000_000_000 + 3 * state.serial()
        deployment.pipeline = pipeline
        deployment.job = Job(number, f"deploy:{event.service}", "deploy", event.at, event.at, None, "running")
        pipeline.jobs.append(deployment.job)
        pipeline.running.add(event.number)
        pipeline.status, pipeline.updated_at, pipeline.finished_at = "running", event.at, None


def deployment_changed(state: GitLabState, event: events.DeploymentStatusChanged) -> None:
    """A deployment goes on or ends, and with it its job and, if nothing else runs, its pipeline."""
    deployment = state.projects[event.repository].deployments[event.number]
    deployment.status, deployment.updated_at = STATES[event.state], event.at
    job, pipeline = deployment.job, deployment.pipeline
    if job is None or pipeline is None or deployment.status not in {"success", "failed"}:
        return
    job.conclusion, job.finished_at = deployment.status, event.at
    pipeline.running.discard(event.number)
    if not pipeline.running:
        end(pipeline, event.at, deployment.status)


def tagged(state: GitLabState, event: events.TagCreated) -> None:
    """A tag exists."""
    state.projects[event.repository].tags[event.name] = (event.commit_sha, event.at)


def released(state: GitLabState, event: events.ReleasePublished) -> None:
    """A release exists; GitLab knows no candidates."""
    release = Release(event.tag, event.commit_sha, event.author, event.notes, event.at)
    touched(state.projects[event.repository], event.at).releases.append(release)


def touched(project: Project, at: int) -> Project:
    """The project, in which something happened now."""
    project.activity_at = at
    return project


HANDLERS: dict[type[events.Event], Callable[[GitLabState, Any], None]] = {
    events.BuildFinished: build_finished,
    events.DeploymentStarted: deployment_started,
    events.DeploymentStatusChanged: deployment_changed,
    events.TagCreated: tagged,
    events.ReleasePublished: released,
}
