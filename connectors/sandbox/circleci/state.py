"""What the simulated CircleCI knows: pipelines, their workflows, and jobs whose times may lie ahead."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.sandbox import events

_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "https://circleci.example")
ENDS = {"success": "success", "failure": "failed", "cancelled": "canceled"}
APPROVAL = "hold"


def identifier(kind: str, *parts: object) -> str:
    """The same id for the same thing in every simulation."""
    return str(uuid.uuid5(_NAMES, "/".join([kind, *map(str, parts)])))


@dataclass(slots=True)
class Job:
    """A job, or the approval that a deploying workflow waits for."""

    identifier: str
    name: str
    number: int | None
    started_at: int
    stopped_at: int | None
    end: str

    def status(self, at: int) -> str:
        """Where it stands at an instant."""
        is_approval = self.number is None
        if self.stopped_at is not None and self.stopped_at <= at:
            return self.end
        if is_approval:
            return "on_hold"
        return "running" if self.started_at <= at else "blocked"


@dataclass(slots=True)
class Workflow:
    """A workflow; one that is run again is another one of the same pipeline."""

    identifier: str
    name: str
    starter: str
    created_at: int
    jobs: list[Job]
    end: str | None = None
    stopped_at: int | None = None

    def status(self, at: int) -> str:
        """Where it stands at an instant."""
        if self.end is not None:
            return self.end
        statuses = {job.status(at) for job in self.jobs}
        if "on_hold" in statuses:
            return "on_hold"
        return "failing" if "failed" in statuses else "running"


@dataclass(slots=True)
class Pipeline:
    """A pipeline of one push or call."""

    identifier: str
    number: int
    slug: str
    commit_sha: str
    branch: str
    title: str
    actor: str
    trigger: str
    created_at: int
    workflows: list[Workflow] = field(default_factory=list)


class CircleCIFold:
    """Applies the builds of the story in their order, up to an instant that can be moved on."""

    def __init__(self, timeline: Sequence[events.Event], *, starts_at: int) -> None:
        self.at = starts_at
        self.projects: dict[str, list[Pipeline]] = {}
        self.pipelines: dict[str, Pipeline] = {}
        self.workflows: dict[str, tuple[Pipeline, Workflow]] = {}
        self._builds = [
            event for event in timeline if isinstance(event, events.BuildStarted | events.BuildFinished)
        ]
        self._repositories = [event for event in timeline if isinstance(event, events.RepositoryCreated)]
        self._ends: dict[int, list[events.BuildFinished]] = {}
        for event in self._builds:
            if isinstance(event, events.BuildFinished):
                self._ends.setdefault(event.number, []).append(event)
        self._jobs = 0
        self._next = 0

    def move_to(self, instant: int) -> None:
        """Apply every event up to and at the instant, in epoch seconds.

        Raises:
            ValueError: The instant is in the past: time does not run backwards.
        """
        if instant < self.at:
            raise ValueError(
                f"The simulated CircleCI is at {self.at} already and cannot go back to {instant}."
            )
        for created in self._repositories:
            if created.at <= instant:
                self.projects.setdefault(f"gh/{created.repository}", [])
        while self._next < len(self._builds) and self._builds[self._next].at <= instant:
            event = self._builds[self._next]
            if isinstance(event, events.BuildStarted):
                self._start(event)
            else:
                self._finish(event)
            self._next += 1
        self.at = instant

    def _start(self, event: events.BuildStarted) -> None:
        key = identifier("pipeline", event.number)
        slug = f"gh/{event.repository}"
        pipeline = self.pipelines.get(key)
        if pipeline is None:
            pipeline = Pipeline(
                key,
                len(self.projects[slug]) + 1,
                slug,
                event.commit_sha,
                event.branch,
                event.title,
                event.actor,
                "api" if event.trigger == "workflow_dispatch" else "webhook",
                event.at,
            )
            self.pipelines[key] = pipeline
            self.projects[slug].append(pipeline)
        number = identifier("workflow", event.number, event.attempt)
        workflow = Workflow(number, event.workflow, event.actor, event.at, self._jobs_of(event))
        pipeline.workflows.append(workflow)
        self.workflows[number] = (pipeline, workflow)

    def _jobs_of(self, event: events.BuildStarted) -> list[Job]:
        """The jobs as they will run; before a call's first job somebody has to agree."""
        ends = self._ends.get(event.number, [])
        rows = ends[event.attempt - 1].jobs if event.attempt <= len(ends) else ()
        jobs = []
        for row in rows:
            self._jobs += 1
            key = identifier("job", event.number, event.attempt, row.name)
            jobs.append(Job(key, row.name, self._jobs, row.started_at, row.finished_at, ENDS[row.conclusion]))
        if event.trigger == "workflow_dispatch" and rows:
            key = identifier("job", event.number, event.attempt, APPROVAL)
            agreed_at = min(row.started_at for row in rows)
            jobs.insert(0, Job(key, APPROVAL, None, event.at, agreed_at, "success"))
        return jobs

    def _finish(self, event: events.BuildFinished) -> None:
        workflow = self.pipelines[identifier("pipeline", event.number)].workflows[-1]
        workflow.end, workflow.stopped_at = ENDS[event.conclusion], event.at
