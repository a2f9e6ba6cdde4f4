"""The fold: how each event of the timeline changes what GitHub shows."""

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

from connectors.sandbox import events
from connectors.sandbox.commits import Commit
from connectors.sandbox.company import INCIDENT_REPOSITORY, Company
from connectors.sandbox.github.state import (
    Deployment,
    Entry,
    GitHubState,
    Item,
    LineComment,
    Pull,
    Release,
    RepositoryState,
    Review,
    Run,
    Status,
    TeamState,
)

MENTION = re.compile(r"(?:([\w.-]+/[\w.-]+))?#(\d+)")


class GitHubFold:
    """Applies events in their order, up to an instant that can be moved on."""

    def __init__(self, company: Company, timeline: Sequence[events.Event]) -> None:
        self.state = GitHubState(company, company.parameters.starts_at - 1)
        self._timeline = timeline
        self._next = 0
        self._serial = itertools.count(1)

    def move_to(self, instant: int) -> None:
        """Apply every event up to and at the instant; time does not run backwards."""
        if instant < self.state.at:
            raise ValueError(
                f"The simulated GitHub is at {self.state.at} already and cannot go back to {instant}."
            )
        timeline, index = self._timeline, self._next
        while index < len(timeline) and timeline[index].at <= instant:
            event = timeline[index]
            HANDLERS[type(event)](self, event)
            index += 1
        self._next = index
        self.state.at = instant

    # organisation

    def person_joined(self, event: events.PersonJoined) -> None:
        person = self.state.people[event.login]
        if event.team is not None:
            self.state.teams[event.team].members.append(event.login)
        if person.account_type == "User":
            self.state.members.append(event.login)

    def person_moved(self, event: events.PersonMovedTeam) -> None:
        self.state.teams[event.from_team].members.remove(event.login)
        self.state.teams[event.to_team].members.append(event.login)

    def person_left(self, event: events.PersonLeft) -> None:
        self.state.teams[event.team].members.remove(event.login)
        self.state.members.remove(event.login)
        if event.is_account_deleted:
            self.state.deleted.add(event.login)

    def team_formed(self, event: events.TeamFormed) -> None:
        number = 9_000_001 + len(self.state.teams)
        self.state.teams[event.team] = TeamState(number, event.team, event.parent)

    def reorganised(self, event: events.ReorganisationHappened) -> None:
        for team, parent in event.team_moves:
            if team in self.state.teams:
                self.state.teams[team].parent = parent

    def repository_created(self, event: events.RepositoryCreated) -> None:
        created_at = event.commits[0].committer.at
        number = 600_000_001 + 7 * len(self.state.repositories)
        repository = RepositoryState(
            event.repository, number, created_at, event.at, event.at, event.commits[-1].sha
        )
        repository.commits.update((commit.sha, commit) for commit in event.commits)
        self.state.repositories[event.repository] = repository

    # commits and pull requests

    def commits_pushed(self, event: events.CommitsPushed) -> None:
        repository = self.state.repositories[event.repository]
        repository.commits.update((commit.sha, commit) for commit in event.commits)
        repository.pushed_at = event.at
        if event.branch == "main":
            self.reached_main(repository, event.commits, event.actor, event.at)
            return
        commits = repository.branches.setdefault(event.branch, [])
        if event.is_forced:
            del commits[event.kept :]
        commits.extend(event.commits)
        item = repository.open_pulls.get(event.branch)
        if item is not None:
            item.updated_at = event.at
            if event.is_forced:
                self.note(
                    item, "head_ref_force_pushed", event.at, event.actor, {"commit_id": commits[-1].sha}
                )

    def reached_main(
        self, repository: RepositoryState, commits: Sequence[Commit], actor: str, at: int
    ) -> None:
        repository.head_sha = commits[-1].sha
        for commit in commits:
            if "#" in commit.message:
                for item in self.mentioned(repository, commit.message):
                    self.note(item, "referenced", at, actor, {"commit_id": commit.sha})

    def pull_opened(self, event: events.PullRequestOpened) -> None:
        repository = self.state.repositories[event.repository]
        pull = Pull(
            number=1_900_000_000 + 5 * next(self._serial),
            branch=event.branch,
            base_sha=repository.head_sha,
            is_draft=event.is_draft,
            commits=repository.branches[event.branch],
        )
        self.opened(repository, event, pull)

    def issue_opened(self, event: events.IssueOpened) -> None:
        self.opened(self.state.repositories[event.repository], event, None)

    def opened(
        self,
        repository: RepositoryState,
        event: events.PullRequestOpened | events.IssueOpened,
        pull: Pull | None,
    ) -> None:
        item = Item(
            repository=repository,
            number=event.number,
            identifier=2_600_000_000 + 3 * next(self._serial),
            author=event.author,
            title=event.title,
            body=event.body,
            labels=event.labels,
            created_at=event.at,
            updated_at=event.at,
            pull=pull,
        )
        repository.items[event.number] = item
        if pull is not None:
            repository.open_pulls[pull.branch] = item
        for label in event.labels:
            self.note(item, "labeled", event.at, event.author, {"label": label})
        if "#" in event.body:
            for target in self.mentioned(repository, event.body):
                self.note(target, "cross-referenced", event.at, event.author, {"source": item})

    def pull_readied(self, event: events.PullRequestReadied) -> None:
        item, pull = self.pull_of(event.repository, event.number)
        pull.is_draft = False
        self.note(item, "ready_for_review", event.at, event.actor)

    def review_requested(self, event: events.ReviewRequested) -> None:
        item, pull = self.pull_of(event.repository, event.number)
        pull.requested.append(event.reviewer)
        self.note(item, "review_requested", event.at, event.actor, {"reviewer": event.reviewer})

    def reviewed(self, event: events.ReviewSubmitted) -> None:
        item, pull = self.pull_of(event.repository, event.number)
        number, sha = 1_500_000_000 + 7 * next(self._serial), pull.commits[-1].sha
        review = Review(number, event.reviewer, event.state, event.body, event.at, sha)
        pull.reviews.append(review)
        if event.reviewer in pull.requested:
            pull.requested.remove(event.reviewer)
        for path, body in event.comments:
            comment = LineComment(
                1_300_000_000 + 9 * next(self._serial),
                number,
                item,
                event.reviewer,
                path,
                body,
                event.at,
                sha,
            )
            item.repository.line_comments.append(comment)
            pull.line_comments += 1
        self.note(item, "reviewed", event.at, event.reviewer, {"review": review})

    def commented(self, event: events.CommentWritten) -> None:
        item = self.state.repositories[event.repository].items[event.number]
        item.comments += 1
        self.note(item, "commented", event.at, event.author, {"body": event.body})

    def merged(self, event: events.PullRequestMerged) -> None:
        item, pull = self.pull_of(event.repository, event.number)
        repository = item.repository
        repository.commits.update((commit.sha, commit) for commit in event.commits)
        repository.pushed_at = event.at
        pull.merged_at, pull.merged_by, pull.recorded_sha = event.at, event.actor, event.recorded_sha
        self.reached_main(repository, event.commits, event.actor, event.at)
        self.note(item, "merged", event.at, event.actor, {"commit_id": event.commit_sha})
        self.close(item, event.actor, event.at)
        self.delete_branch(item, pull, event.actor, event.at)

    def pull_closed(self, event: events.PullRequestClosed) -> None:
        item, pull = self.pull_of(event.repository, event.number)
        self.close(item, event.actor, event.at)
        self.delete_branch(item, pull, event.actor, event.at)

    def delete_branch(self, item: Item, pull: Pull, actor: str, at: int) -> None:
        item.repository.branches.pop(pull.branch, None)
        item.repository.open_pulls.pop(pull.branch, None)
        self.note(item, "head_ref_deleted", at, actor)

    # issues and incidents

    def issue_closed(self, event: events.IssueClosed) -> None:
        item = self.state.repositories[event.repository].items[event.number]
        self.close(item, event.actor, event.at, reason=event.reason, commit_sha=event.commit_sha)

    def issue_reopened(self, event: events.IssueReopened) -> None:
        item = self.state.repositories[event.repository].items[event.number]
        item.closed_at, item.closed_by, item.reason = None, None, "reopened"
        self.note(item, "reopened", event.at, event.actor)

    def incident_opened(self, event: events.IncidentOpened) -> None:
        labels = ("incident", f"sev{event.severity}", *(f"service:{service}" for service in event.services))
        repository = self.state.repositories[INCIDENT_REPOSITORY]
        issue = events.IssueOpened(
            event.at, INCIDENT_REPOSITORY, event.number, event.reporter, event.title, event.body, labels
        )
        self.opened(repository, issue, None)

    def incident_resolved(self, event: events.IncidentResolved) -> None:
        item = self.state.repositories[INCIDENT_REPOSITORY].items[event.number]
        item.comments += 1
        self.note(item, "commented", event.at, event.actor, {"body": event.note})
        self.close(item, event.actor, event.at, reason="completed")

    # pipelines, deployments, versions

    def build_started(self, event: events.BuildStarted) -> None:
        repository = self.state.repositories[event.repository]
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

    def build_finished(self, event: events.BuildFinished) -> None:
        run = self.state.repositories[event.repository].runs[event.number]
        run.conclusion, run.updated_at = event.conclusion, event.at
        run.jobs.extend((run.attempt, 23_000_000_000 + 3 * next(self._serial), job) for job in event.jobs)

    def deployment_started(self, event: events.DeploymentStarted) -> None:
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
        self.state.repositories[event.repository].deployments[event.number] = deployment

    def deployment_changed(self, event: events.DeploymentStatusChanged) -> None:
        repository = self.state.repositories[event.repository]
        deployment = repository.deployments[event.number]
        self.add_status(deployment, event.state, event.at, event.note)
        if event.state == "success":
            active = repository.active[deployment.environment]
            for older in active:
                self.add_status(older, "inactive", event.at, "")
            active[:] = [deployment]

    def add_status(self, deployment: Deployment, state: str, at: int, note: str) -> None:
        deployment.statuses.append(Status(77_000_000 + 3 * next(self._serial), state, at, note))
        deployment.updated_at = at

    def tagged(self, event: events.TagCreated) -> None:
        self.state.repositories[event.repository].tags[event.name] = event.commit_sha

    def released(self, event: events.ReleasePublished) -> None:
        release = Release(
            event.number,
            event.tag,
            event.commit_sha,
            event.author,
            event.notes,
            event.is_prerelease,
            event.at,
        )
        self.state.repositories[event.repository].releases.append(release)

    # shared steps

    def pull_of(self, repository: str, number: int) -> tuple[Item, Pull]:
        item = self.state.repositories[repository].items[number]
        if item.pull is None:
            raise LookupError(f"{repository}#{number} is not a pull request.")
        return item, item.pull

    def note(
        self, item: Item, kind: str, at: int, actor: str | None, fields: dict[str, Any] | None = None
    ) -> None:
        number = None if kind in UNNUMBERED else 17_000_000_000 + 3 * next(self._serial)
        item.timeline.append(Entry(kind, at, actor, number, fields or {}))
        item.updated_at = max(item.updated_at, at)

    def close(
        self, item: Item, actor: str, at: int, *, reason: str | None = None, commit_sha: str | None = None
    ) -> None:
        item.closed_at, item.closed_by, item.reason = at, actor, reason
        self.note(item, "closed", at, actor, {"commit_id": commit_sha, "state_reason": reason})

    def mentioned(self, repository: RepositoryState, text: str) -> list[Item]:
        found = []
        for name, number in MENTION.findall(text):
            target = self.state.repositories.get(name or repository.name)
            item = target.items.get(int(number)) if target is not None else None
            if item is not None:
                found.append(item)
        return found


UNNUMBERED = {"cross-referenced"}
HANDLERS: dict[type[events.Event], Callable[[GitHubFold, Any], None]] = {
    events.PersonJoined: GitHubFold.person_joined,
    events.PersonMovedTeam: GitHubFold.person_moved,
    events.PersonLeft: GitHubFold.person_left,
    events.TeamFormed: GitHubFold.team_formed,
    events.ReorganisationHappened: GitHubFold.reorganised,
    events.RepositoryCreated: GitHubFold.repository_created,
    events.CommitsPushed: GitHubFold.commits_pushed,
    events.PullRequestOpened: GitHubFold.pull_opened,
    events.PullRequestReadied: GitHubFold.pull_readied,
    events.ReviewRequested: GitHubFold.review_requested,
    events.ReviewSubmitted: GitHubFold.reviewed,
    events.CommentWritten: GitHubFold.commented,
    events.PullRequestMerged: GitHubFold.merged,
    events.PullRequestClosed: GitHubFold.pull_closed,
    events.IssueOpened: GitHubFold.issue_opened,
    events.IssueClosed: GitHubFold.issue_closed,
    events.IssueReopened: GitHubFold.issue_reopened,
    events.IncidentOpened: GitHubFold.incident_opened,
    events.IncidentResolved: GitHubFold.incident_resolved,
    events.BuildStarted: GitHubFold.build_started,
    events.BuildFinished: GitHubFold.build_finished,
    events.DeploymentStarted: GitHubFold.deployment_started,
    events.DeploymentStatusChanged: GitHubFold.deployment_changed,
    events.TagCreated: GitHubFold.tagged,
    events.ReleasePublished: GitHubFold.released,
}
