"""How pushes, pull requests, reviews, issues and incidents change what GitHub shows."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from connectors.sandbox import events
from connectors.sandbox.commits import Commit
from connectors.sandbox.company import INCIDENT_REPOSITORY
from connectors.sandbox.github.state import (
    Entry,
    GitHubState,
    Item,
    LineComment,
    Pull,
    RepositoryState,
    Review,
)

MENTION = re.compile(r"(?:([\w.-]+/[\w.-]+))?#(\d+)")
UNNUMBERED = {"cross-referenced"}


def commits_pushed(state: GitHubState, event: events.CommitsPushed) -> None:
    """Commits are on a branch; a forced push took others away."""
    repository = state.repositories[event.repository]
    repository.commits.update((commit.sha, commit) for commit in event.commits)
    repository.pushed_at = event.at
    if event.branch == "main":
        reached_main(state, repository, event.commits, event.actor, event.at)
        return
    commits = repository.branches.setdefault(event.branch, [])
    if event.is_forced:
        del commits[event.kept :]
    commits.extend(event.commits)
    item = repository.open_pulls.get(event.branch)
    if item is not None:
        item.updated_at = event.at
        if event.is_forced:
            note(
                state,
                item,
                "head_ref_force_pushed",
                at=event.at,
                actor=event.actor,
                commit_id=commits[-1].sha,
            )


def reached_main(
    state: GitHubState, repository: RepositoryState, commits: Sequence[Commit], actor: str, at: int
) -> None:
    """Commits are on the main branch; what their messages mention is told."""
    repository.head_sha = commits[-1].sha
    for commit in commits:
        if "#" in commit.message:
            for item in mentioned(state, repository, commit.message):
                note(state, item, "referenced", at=at, actor=actor, commit_id=commit.sha)


def pull_opened(state: GitHubState, event: events.PullRequestOpened) -> None:
    """A pull request is open."""
    repository = state.repositories[event.repository]
    pull = Pull(
        number=1_900_000_000 + 5 * state.serial(),
        branch=event.branch,
        base_sha=repository.head_sha,
        is_draft=event.is_draft,
        commits=repository.branches[event.branch],
    )
    opened(state, repository, event, pull)


def issue_opened(state: GitHubState, event: events.IssueOpened) -> None:
    """An issue is open."""
    opened(state, state.repositories[event.repository], event, None)


def opened(
    state: GitHubState,
    repository: RepositoryState,
    event: events.PullRequestOpened | events.IssueOpened,
    pull: Pull | None,
) -> None:
    """An issue or a pull request is there, with its labels; what it mentions is told."""
    item = Item(
        repository=repository,
        number=event.number,
        identifier=2_600_000_000 + 3 * state.serial(),
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
        note(state, item, "labeled", at=event.at, actor=event.author, label=label)
    if "#" in event.body:
        for target in mentioned(state, repository, event.body):
            note(state, target, "cross-referenced", at=event.at, actor=event.author, source=item)


def pull_readied(state: GitHubState, event: events.PullRequestReadied) -> None:
    """A draft is one no more."""
    item, pull = pull_of(state, event.repository, event.number)
    pull.is_draft = False
    note(state, item, "ready_for_review", at=event.at, actor=event.actor)


def review_requested(state: GitHubState, event: events.ReviewRequested) -> None:
    """Somebody is asked."""
    item, pull = pull_of(state, event.repository, event.number)
    pull.requested.append(event.reviewer)
    note(state, item, "review_requested", at=event.at, actor=event.actor, reviewer=event.reviewer)


def reviewed(state: GitHubState, event: events.ReviewSubmitted) -> None:
    """A review is there, with its comments on lines."""
    item, pull = pull_of(state, event.repository, event.number)
    number, sha = 1_500_000_000 + 7 * state.serial(), pull.commits[-1].sha
    review = Review(number, event.reviewer, event.state, event.body, event.at, sha)
    pull.reviews.append(review)
    if event.reviewer in pull.requested:
        pull.requested.remove(event.reviewer)
    for path, body in event.comments:
        comment = LineComment(
            1_300_000_000 + 9 * state.serial(),
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
    note(state, item, "reviewed", at=event.at, actor=event.reviewer, review=review)


def commented(state: GitHubState, event: events.CommentWritten) -> None:
    """A comment is there."""
    item = state.repositories[event.repository].items[event.number]
    item.comments += 1
    note(state, item, "commented", at=event.at, actor=event.author, body=event.body)


def merged(state: GitHubState, event: events.PullRequestMerged) -> None:
    """A pull request is merged and its branch gone."""
    item, pull = pull_of(state, event.repository, event.number)
    repository = item.repository
    repository.commits.update((commit.sha, commit) for commit in event.commits)
    repository.pushed_at = event.at
    pull.merged_at, pull.merged_by, pull.recorded_sha = event.at, event.actor, event.recorded_sha
    reached_main(state, repository, event.commits, event.actor, event.at)
    note(state, item, "merged", at=event.at, actor=event.actor, commit_id=event.commit_sha)
    close(state, item, event.actor, event.at)
    delete_branch(state, item, pull, event.actor, event.at)


def pull_closed(state: GitHubState, event: events.PullRequestClosed) -> None:
    """A pull request is closed and its branch gone."""
    item, pull = pull_of(state, event.repository, event.number)
    close(state, item, event.actor, event.at)
    delete_branch(state, item, pull, event.actor, event.at)


def delete_branch(state: GitHubState, item: Item, pull: Pull, actor: str, at: int) -> None:
    """A branch is gone."""
    item.repository.branches.pop(pull.branch, None)
    item.repository.open_pulls.pop(pull.branch, None)
    note(state, item, "head_ref_deleted", at=at, actor=actor)


def issue_closed(state: GitHubState, event: events.IssueClosed) -> None:
    """An issue is closed."""
    item = state.repositories[event.repository].items[event.number]
    close(state, item, event.actor, event.at, reason=event.reason, commit_sha=event.commit_sha)


def issue_reopened(state: GitHubState, event: events.IssueReopened) -> None:
    """An issue is open again."""
    item = state.repositories[event.repository].items[event.number]
    item.closed_at, item.closed_by, item.reason = None, None, "reopened"
    note(state, item, "reopened", at=event.at, actor=event.actor)


def incident_opened(state: GitHubState, event: events.IncidentOpened) -> None:
    """An incident is an issue with labels."""
    labels = ("incident", f"sev{event.severity}", *(f"service:{service}" for service in event.services))
    repository = state.repositories[INCIDENT_REPOSITORY]
    issue = events.IssueOpened(
        event.at, INCIDENT_REPOSITORY, event.number, event.reporter, event.title, event.body, labels
    )
    opened(state, repository, issue, None)


def incident_resolved(state: GitHubState, event: events.IncidentResolved) -> None:
    """The issue of an incident is closed, with a comment."""
    item = state.repositories[INCIDENT_REPOSITORY].items[event.number]
    item.comments += 1
    note(state, item, "commented", at=event.at, actor=event.actor, body=event.note)
    close(state, item, event.actor, event.at, reason="completed")


def pull_of(state: GitHubState, repository: str, number: int) -> tuple[Item, Pull]:
    """A pull request by its number."""
    item = state.repositories[repository].items[number]
    if item.pull is None:
        raise LookupError(f"{repository}#{number} is not a pull request.")
    return item, item.pull


def note(
    state: GitHubState,
    item: Item,
    kind: str,
    *,
    at: int,
    actor: str | None,
    **fields: Any,
) -> None:
    """Write an entry into the timeline of an item; `fields` are what its kind adds."""
    number = None if kind in UNNUMBERED else 17_000_000_000 + 3 * state.serial()
    item.timeline.append(Entry(kind, at, actor, number, fields))
    item.updated_at = max(item.updated_at, at)


def close(
    state: GitHubState,
    item: Item,
    actor: str,
    at: int,
    *,
    reason: str | None = None,
    commit_sha: str | None = None,
) -> None:
    """Close an issue or a pull request."""
    item.closed_at, item.closed_by, item.reason = at, actor, reason
    note(state, item, "closed", at=at, actor=actor, commit_id=commit_sha, state_reason=reason)


def mentioned(state: GitHubState, repository: RepositoryState, text: str) -> list[Item]:
    """The issues and pull requests that a text mentions."""
    found = []
    for name, number in MENTION.findall(text):
        target = state.repositories.get(name or repository.name)
        item = target.items.get(int(number)) if target is not None else None
        if item is not None:
            found.append(item)
    return found


HANDLERS: dict[type[events.Event], Callable[[GitHubState, Any], None]] = {
    events.CommitsPushed: commits_pushed,
    events.PullRequestOpened: pull_opened,
    events.PullRequestReadied: pull_readied,
    events.ReviewRequested: review_requested,
    events.ReviewSubmitted: reviewed,
    events.CommentWritten: commented,
    events.PullRequestMerged: merged,
    events.PullRequestClosed: pull_closed,
    events.IssueOpened: issue_opened,
    events.IssueClosed: issue_closed,
    events.IssueReopened: issue_reopened,
    events.IncidentOpened: incident_opened,
    events.IncidentResolved: incident_resolved,
}
