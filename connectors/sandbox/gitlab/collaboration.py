"""How people, pushes, merge requests, reviews and comments change what GitLab shows."""

from collections.abc import Callable
from typing import Any

from connectors.sandbox import events
from connectors.sandbox.gitlab.delivery import touched
from connectors.sandbox.gitlab.state import GitLabState, Group, Happening, MergeRequest, Project
from connectors.sandbox.parameters import ORGANISATION


def person_joined(state: GitLabState, event: events.PersonJoined) -> None:
    """An account is a member of its team; one without a team, of the organisation."""
    state.groups[event.team or ORGANISATION].members[event.login] = event.at


def person_moved(state: GitLabState, event: events.PersonMovedTeam) -> None:
    """A person is in another team."""
    del state.groups[event.from_team].members[event.login]
    state.groups[event.to_team].members[event.login] = event.at


def person_left(state: GitLabState, event: events.PersonLeft) -> None:
    """A person is in no team; perhaps the account is gone."""
    del state.groups[event.team].members[event.login]
    if event.is_account_deleted:
        state.deleted.add(event.login)


def team_formed(state: GitLabState, event: events.TeamFormed) -> None:
    """A team is a group below its parent, or below the organisation."""
    number = 90_001 + len(state.groups)
    state.groups[event.team] = Group(number, event.team, event.parent or ORGANISATION, event.at)


def reorganised(state: GitLabState, event: events.ReorganisationHappened) -> None:
    """Groups are moved below other groups; their paths change, their ids do not."""
    for team, parent in event.team_moves:
        if team in state.groups:
            state.groups[team].parent = parent


def repository_created(state: GitLabState, event: events.RepositoryCreated) -> None:
    """A project exists, with its first commits."""
    number = 40_000_001 + 7 * len(state.projects)
    project = Project(event.repository, number, event.at, event.at, event.commits[-1].sha)
    project.commits.update((commit.sha, commit) for commit in event.commits)
    state.projects[event.repository] = project


def commits_pushed(state: GitLabState, event: events.CommitsPushed) -> None:
    """Commits are on a branch; a forced push took others away."""
    project = state.projects[event.repository]
    project.commits.update((commit.sha, commit) for commit in event.commits)
    if event.branch == "main":
        before: str | None = project.head_sha
        project.head_sha = event.commits[-1].sha
    else:
        commits = project.branches.setdefault(event.branch, [])
        before = commits[-1].sha if commits else None
        if event.is_forced:
            del commits[event.kept :]
        commits.extend(event.commits)
        for request in open_requests(project, event.branch):
            request.updated_at = event.at
    push = {
        "commit_count": len(event.commits),
        "action": "pushed" if before else "created",
        "ref_type": "branch",
        "commit_from": before,
        "commit_to": event.commits[-1].sha,
        "ref": event.branch,
        "commit_title": event.commits[-1].message.splitlines()[0],
        "ref_count": None,
    }
    action = "pushed to" if before else "pushed new"
    happened(state, project, action, author=event.actor, at=event.at, fields={"push_data": push})


def open_requests(project: Project, branch: str) -> list[MergeRequest]:
    """The open merge requests of a branch."""
    return [row for row in project.merge_requests.values() if row.branch == branch and row.state == "opened"]


def request_opened(state: GitLabState, event: events.PullRequestOpened) -> None:
    """A merge request is open."""
    project = state.projects[event.repository]
    request = MergeRequest(
        290_000_000 + 5 * state.serial(),
        event.number,
        event.author,
        event.title,
        event.body,
        event.labels,
        event.branch,
        project.branches[event.branch],
        event.at,
        event.at,
        event.is_draft,
    )
    project.merge_requests[event.number] = request
    about(state, project, request, action="opened", author=event.author, at=event.at)


def request_readied(state: GitLabState, event: events.PullRequestReadied) -> None:
    """A draft is one no more."""
    request = state.projects[event.repository].merge_requests[event.number]
    request.is_draft, request.updated_at = False, event.at


def review_requested(state: GitLabState, event: events.ReviewRequested) -> None:
    """Somebody is asked."""
    request = state.projects[event.repository].merge_requests[event.number]
    if event.reviewer not in request.reviewers:
        request.reviewers.append(event.reviewer)
    request.updated_at = event.at


def reviewed(state: GitLabState, event: events.ReviewSubmitted) -> None:
    """An approval, a comment, comments on lines: GitLab has no reviews beside them."""
    project = state.projects[event.repository]
    request = project.merge_requests[event.number]
    if event.state == "APPROVED":
        about(state, project, request, action="approved", author=event.reviewer, at=event.at)
    if event.body or event.state != "APPROVED":
        noted(state, project, event.number, author=event.reviewer, at=event.at, kind=None, body=event.body)
    for _, body in event.comments:
        noted(state, project, event.number, author=event.reviewer, at=event.at, kind="DiffNote", body=body)
    request.updated_at = event.at


def commented(state: GitLabState, event: events.CommentWritten) -> None:
    """A comment on a merge request or an issue is there."""
    project = state.projects[event.repository]
    noted(state, project, event.number, author=event.author, at=event.at, kind=None, body=event.body)


def merged(state: GitLabState, event: events.PullRequestMerged) -> None:
    """A merge request is merged: with a merge commit, squashed, or fast-forward after a rebase."""
    project = state.projects[event.repository]
    request = project.merge_requests[event.number]
    project.commits.update((commit.sha, commit) for commit in event.commits)
    project.head_sha = event.commit_sha
    if event.method == "merge":
        request.merge_commit_sha = event.commit_sha
    elif event.method == "squash":
        request.squash_commit_sha = event.commit_sha
    else:
        request.commits = list(event.commits)
    ended(state, project, request, action="accepted", author=event.actor, at=event.at)


def request_closed(state: GitLabState, event: events.PullRequestClosed) -> None:
    """A merge request is given up."""
    project = state.projects[event.repository]
    request = project.merge_requests[event.number]
    ended(state, project, request, action="closed", author=event.actor, at=event.at)


def ended(
    state: GitLabState, project: Project, request: MergeRequest, *, action: str, author: str, at: int
) -> None:
    """A merge request is over and its branch gone."""
    request.state = "merged" if action == "accepted" else "closed"
    request.ended_at, request.ended_by, request.updated_at = at, author, at
    request.commits = list(request.commits)
    project.branches.pop(request.branch, None)
    about(state, project, request, action=action, author=author, at=at)


def issue_opened(state: GitLabState, event: events.IssueOpened) -> None:
    """An issue is open."""
    state.projects[event.repository].issues[event.number] = 160_000_000 + 3 * state.serial()


def about(
    state: GitLabState, project: Project, request: MergeRequest, *, action: str, author: str, at: int
) -> None:
    """Something was done to a merge request."""
    happening = happened(state, project, action, author=author, at=at)
    happening.target_type, happening.target_id = "MergeRequest", request.number
    happening.target_iid = request.iid


def noted(
    state: GitLabState, project: Project, number: int, *, author: str, at: int, kind: str | None, body: str
) -> None:
    """A comment was written."""
    request = project.merge_requests.get(number)
    if request is not None:
        request.notes += 1
        request.updated_at = at
    identifier = 1_900_000_000 + 3 * state.serial()
    note = {
        "id": identifier,
        "type": kind,
        "body": body,
        "system": False,
        "noteable_id": project.issues.get(number) if request is None else request.number,
        "noteable_type": "Issue" if request is None else "MergeRequest",
        "noteable_iid": number,
    }
    happening = happened(state, project, "commented on", author=author, at=at, fields={"note": note})
    happening.target_type, happening.target_id = kind or "Note", identifier
    happening.target_iid = identifier


def happened(
    state: GitLabState,
    project: Project,
    action: str,
    *,
    author: str,
    at: int,
    fields: dict[str, Any] | None = None,
) -> Happening:
    """Write an event of a project."""
    happening = Happening(3_100_000_000 + 7 * state.serial(), action, author, at, fields=fields or {})
    touched(project, at).happenings.append(happening)
    return happening


HANDLERS: dict[type[events.Event], Callable[[GitLabState, Any], None]] = {
    events.PersonJoined: person_joined,
    events.PersonMovedTeam: person_moved,
    events.PersonLeft: person_left,
    events.TeamFormed: team_formed,
    events.ReorganisationHappened: reorganised,
    events.RepositoryCreated: repository_created,
    events.CommitsPushed: commits_pushed,
    events.PullRequestOpened: request_opened,
    events.PullRequestReadied: request_readied,
    events.ReviewRequested: review_requested,
    events.ReviewSubmitted: reviewed,
    events.CommentWritten: commented,
    events.PullRequestMerged: merged,
    events.PullRequestClosed: request_closed,
    events.IssueOpened: issue_opened,
}
