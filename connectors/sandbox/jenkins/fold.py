"""How the story changes the simulated Jenkins.

Pushes are built by the branch's own job in the repository's multibranch project, inside the organisation's
folder. Pipelines that deploy are jobs of their own in nested folders; those of the staging environment are
of the old freestyle kind. A branch's job goes some days after its pull request has ended, builds and all.
"""

from collections import deque
from collections.abc import Sequence
from urllib.parse import quote

from connectors.sandbox.catalogue import CI_WORKFLOW, DEPLOY_WORKFLOW
from connectors.sandbox.events import (
    BuildFinished,
    BuildStarted,
    Event,
    PullRequestClosed,
    PullRequestMerged,
    PullRequestOpened,
)
from connectors.sandbox.jenkins import state as jenkins
from connectors.sandbox.jenkins.state import Build, Item, JenkinsState, Result
from connectors.sandbox.working_time import DAY

BRANCH_KEPT_SECONDS = 7 * DAY
"""How long the job of a branch outlives its pull request."""

DELIVERY = "delivery"
_ONE_IN = 4


class JenkinsFold:
    """Applies events in their order, up to an instant that can be moved on."""

    def __init__(self, timeline: Sequence[Event], *, starts_at: int) -> None:
        self.state = JenkinsState(starts_at)
        self._timeline = timeline
        self._next = 0
        self._running: dict[int, tuple[Item, Build]] = {}
        self._branches: dict[tuple[str, int], str] = {}
        self._leaving: deque[tuple[int, str, str]] = deque()

    def move_to(self, instant: int) -> None:
        """Apply every event up to and at the instant, in epoch seconds.

        Raises:
            ValueError: The instant is in the past.
        """
        if instant < self.state.at:
            raise ValueError(f"The simulated Jenkins is at {self.state.at} and cannot go back to {instant}.")
        while self._next < len(self._timeline) and self._timeline[self._next].at <= instant:
            self._apply(self._timeline[self._next])
            self._next += 1
        self._remove_branches(instant)
        self.state.at = instant

    def _apply(self, event: Event) -> None:
        match event:
            case BuildStarted():
                self._remove_branches(event.at)
                self._start(event)
            case BuildFinished():
                self._finish(event)
            case PullRequestOpened():
                self._branches[event.repository, event.number] = event.branch
            case PullRequestMerged() | PullRequestClosed():
                branch = self._branches[event.repository, event.number]
                self._leaving.append((event.at + BRANCH_KEPT_SECONDS, event.repository, branch))

    def _start(self, event: BuildStarted) -> None:
        job = self._job(event)
        is_by_hand = event.trigger == "workflow_dispatch"
        build = Build(0, event.commit_sha, event.branch, event.actor, is_by_hand, event.at)
        job.start(build)
        self._running[event.number] = (job, build)

    def _job(self, event: BuildStarted) -> Item:
        owner, _, name = event.repository.partition("/")
        if event.workflow == CI_WORKFLOW:
            project = self.state.root.item(owner, jenkins.ORGANISATION).item(name, jenkins.MULTIBRANCH)
            job = project.item(quote(event.branch, safe=""), jenkins.PIPELINE)
        else:
            is_production = event.workflow == DEPLOY_WORKFLOW
            environment = "production" if is_production else "staging"
            folder = self.state.root.item(DELIVERY, jenkins.FOLDER).item(environment, jenkins.FOLDER)
            job = folder.item(name, jenkins.PIPELINE if is_production else jenkins.FREESTYLE)
        job.repository = event.repository
        return job

    def _finish(self, event: BuildFinished) -> None:
        job, build = self._running.pop(event.number)
        build.finished_at, build.stages = event.at, event.jobs
        build.result = result_of(event, is_main=build.branch == "main")
        job.discard_old()

    def _remove_branches(self, instant: int) -> None:
        while self._leaving and self._leaving[0][0] <= instant:
            _, repository, branch = self._leaving.popleft()
            project = self.state.find(repository.split("/"))
            if project is not None:
                project.items.pop(quote(branch, safe=""), None)


def result_of(event: BuildFinished, *, is_main: bool) -> Result:
    """How Jenkins words the end: some branches only fail tests, some runs are stopped before they start."""
    is_special = event.number // 11 % _ONE_IN == 0
    if event.conclusion == "success":
        return "SUCCESS"
    if event.conclusion == "failure":
        return "UNSTABLE" if is_special and not is_main else "FAILURE"
    return "NOT_BUILT" if is_special and not is_main else "ABORTED"
