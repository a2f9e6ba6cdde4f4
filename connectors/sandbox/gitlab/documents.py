"""Renders groups, members, projects, merge requests, commits and events as GitLab does."""

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from connectors.sandbox.commits import Commit, Signature
from connectors.sandbox.gitlab.state import GitLabState, Group, Happening, MergeRequest, Project, Release

WEB = "https://gitlab.example"
"""Addresses in bodies are those of a fixed host, so that equal states give equal bytes on any port."""

GHOST = {"id": 1, "username": "ghost", "public_email": "", "name": "Ghost User", "state": "active"}
DEVELOPER = 30
Document = dict[str, Any]


@lru_cache(maxsize=100_000)
def stamp(instant: int) -> str:
    """An instant as GitLab writes it, with milliseconds."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def stamp_or_none(instant: int | None) -> str | None:
    """An instant, or null."""
    return None if instant is None else stamp(instant)


def local_stamp(signature: Signature) -> str:
    """An instant of a commit, in the time zone of its author's computer."""
    zone = timezone(timedelta(minutes=signature.offset_minutes))
    return datetime.fromtimestamp(signature.at, zone).isoformat(timespec="milliseconds")


def username(login: str) -> str:
    """A login without brackets, which GitLab does not allow."""
    return login.replace("[bot]", "-bot")


def user(state: GitLabState, login: str | None) -> Document | None:
    """An account as nested in other objects; what a deleted one did belongs to the ghost user."""
    if login is None:
        return None
    if login in state.deleted:
        return GHOST | {"locked": False, "avatar_url": None, "web_url": f"{WEB}/ghost"}
    person = state.people[login]
    return {
        "id": person.number,
        "username": username(login),
        "public_email": "",
        "name": person.name,
        "state": "active",
        "locked": False,
        "avatar_url": f"{WEB}/uploads/-/system/user/avatar/{person.number}/avatar.png",
        "web_url": f"{WEB}/{username(login)}",
    }


def group(state: GitLabState, made: Group) -> Document:
    """A group."""
    path = state.full_path(made)
    above = state.groups.get(made.parent or "")
    return {
        "id": made.number,
        "web_url": f"{WEB}/groups/{path}",
        "name": made.slug.replace("-", " ").title(),
        "path": made.slug,
        "description": "",
        "visibility": "private",
        "archived": False,
        "created_at": stamp(made.created_at),
        "default_branch": "main",
        "full_name": path.replace("/", " / ").title(),
        "full_path": path,
        "parent_id": None if above is None else above.number,
        "organization_id": 1,
    }


def member(state: GitLabState, row: tuple[str, int]) -> Document:
    """A direct member of a group."""
    login, since = row
    return (user(state, login) or {}) | {
        "access_level": DEVELOPER,
        "created_at": stamp(since),
        "expires_at": None,
        "membership_state": "active",
    }


def project(state: GitLabState, made: Project) -> Document:
    """A project, in the group of the organisation."""
    owner, _, path = made.name.rpartition("/")
    above = state.groups[owner]
    return {
        "id": made.number,
        "description": None,
        "name": path,
        "name_with_namespace": f"{owner.title()} / {path}",
        "path": path,
        "path_with_namespace": made.name,
        "created_at": stamp(made.created_at),
        "default_branch": "main",
        "web_url": f"{WEB}/{made.name}",
        "last_activity_at": stamp(made.activity_at),
        "namespace": {
            "id": above.number,
            "name": owner.title(),
            "path": owner,
            "kind": "group",
            "full_path": owner,
            "parent_id": None,
        },
        "visibility": "private",
        "archived": False,
        "merge_method": "merge",
        "squash_option": "default_off",
        "jobs_enabled": True,
    }


def merge_request(state: GitLabState, made: Project, request: MergeRequest) -> Document:
    """A merge request as in lists."""
    is_merged = request.state == "merged"
    ended_by = user(state, request.ended_by)
    return {
        "id": request.number,
        "iid": request.iid,
        "project_id": made.number,
        "title": request.title,
        "description": request.body,
        "state": request.state,
        "created_at": stamp(request.created_at),
        "updated_at": stamp(request.updated_at),
        "merged_by": ended_by if is_merged else None,
        "merge_user": ended_by if is_merged else None,
        "merged_at": stamp_or_none(request.ended_at) if is_merged else None,
        "closed_by": ended_by if request.state == "closed" else None,
        "closed_at": stamp_or_none(request.ended_at) if request.state == "closed" else None,
        "target_branch": "main",
        "source_branch": request.branch,
        "user_notes_count": request.notes,
        "upvotes": 0,
        "downvotes": 0,
        "author": user(state, request.author),
        "assignees": [],
        "assignee": None,
        "reviewers": [user(state, login) for login in request.reviewers],
        "source_project_id": made.number,
        "target_project_id": made.number,
        "labels": sorted(request.labels),
        "draft": request.is_draft,
        "imported": False,
        "work_in_progress": request.is_draft,
        "milestone": None,
        "merge_when_pipeline_succeeds": False,
        "detailed_merge_status": "not_open" if request.ended_at else "mergeable",
        "sha": request.commits[-1].sha,
        "merge_commit_sha": request.merge_commit_sha,
        "squash_commit_sha": request.squash_commit_sha,
        "discussion_locked": None,
        "reference": f"!{request.iid}",
        "web_url": f"{WEB}/{made.name}/-/merge_requests/{request.iid}",
        "squash": request.squash_commit_sha is not None,
        "has_conflicts": False,
    }


def commit(made: Project, row: Commit) -> Document:
    """A commit of a merge request; its parents are left out there."""
    return {
        "id": row.sha,
        "short_id": row.sha[:8],
        "created_at": local_stamp(row.committer),
        "parent_ids": [],
        "title": row.message.splitlines()[0],
        "message": row.message,
        "author_name": row.author.name,
        "author_email": row.author.email,
        "authored_date": local_stamp(row.author),
        "committer_name": row.committer.name,
        "committer_email": row.committer.email,
        "committed_date": local_stamp(row.committer),
        "trailers": {},
        "extended_trailers": {},
        "web_url": f"{WEB}/{made.name}/-/commit/{row.sha}",
    }


def happening(state: GitLabState, made: Project, row: Happening) -> Document | None:
    """An event of a project; None for one that the reader may not see."""
    if row.is_hidden:
        return None
    author = user(state, row.author) or {}
    document = {
        "id": row.number,
        "project_id": made.number,
        "action_name": row.action,
        "target_id": row.target_id,
        "target_iid": row.target_iid,
        "target_type": row.target_type,
        "author_id": author["id"],
        "target_title": None,
        "created_at": stamp(row.at),
        "author": author,
        "imported": False,
        "imported_from": "none",
        **row.fields,
        "author_username": author["username"],
    }
    if "note" in row.fields:
        written = {"author": author, "created_at": stamp(row.at), "updated_at": stamp(row.at)}
        document["note"] = row.fields["note"] | written
    return document


def release(state: GitLabState, made: Project, row: Release) -> Document:
    """A release."""
    return {
        "tag_name": row.tag,
        "description": row.notes,
        "name": row.tag,
        "created_at": stamp(row.released_at),
        "released_at": stamp(row.released_at),
        "upcoming_release": False,
        "author": user(state, row.author),
        "commit": commit(made, made.commits[row.commit_sha]),
        "commit_path": f"/{made.name}/-/commit/{row.commit_sha}",
        "tag_path": f"/{made.name}/-/tags/{row.tag}",
    }


def tag(made: Project, row: tuple[str, tuple[str, int]]) -> Document:
    """An annotated tag."""
    name, (sha, at) = row
    return {
        "name": name,
        "message": "",
        "target": sha,
        "commit": commit(made, made.commits[sha]),
        "release": None,
        "protected": False,
        "created_at": stamp(at),
    }
