"""Renders pull requests, issues, reviews, comments and timelines as GitHub does."""

from typing import Any

import msgspec

from connectors.sandbox.commits import Commit
from connectors.sandbox.github.accounts import API, OWNER, WEB, Document, stamp, stamp_or_none
from connectors.sandbox.github.commit_documents import signature, unsigned
from connectors.sandbox.github.rendering import Renderer
from connectors.sandbox.github.repository_documents import label
from connectors.sandbox.github.state import Entry, Item, LineComment, Pull, RepositoryState, Review
from connectors.sandbox.parameters import ORGANISATION

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


def issue_state(item: Item) -> str:
    """Whether it is open."""
    return "open" if item.closed_at is None else "closed"


def pull_of(item: Item) -> Pull:
    """What a pull request has beyond an issue."""
    if item.pull is None:
        raise LookupError(f"{item.repository.name}#{item.number} is not a pull request.")
    return item.pull


def association(render: Renderer, login: str) -> str:
    """How an author belongs to the repository."""
    return "MEMBER" if login in render.state.people and not login.endswith("[bot]") else "NONE"


def pull_request(render: Renderer, item: Item) -> Document:
    """A pull request as in lists."""
    pull, name = pull_of(item), item.repository.name
    url, page = f"{API}/repos/{name}/pulls/{item.number}", f"{WEB}/{name}/pull/{item.number}"
    issue_url, head = f"{API}/repos/{name}/issues/{item.number}", pull.commits[-1].sha
    links = {
        "self": url,
        "html": page,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{API}/repos/{name}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{API}/repos/{name}/statuses/{head}",
    }
    return {
        "url": url,
        "id": pull.number,
        "node_id": f"PR_{pull.number}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue_url,
        "number": item.number,
        "state": issue_state(item),
        "locked": False,
        "title": item.title,
        "user": render.user(item.author),
        "body": item.body,
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "closed_at": stamp_or_none(item.closed_at),
        "merged_at": stamp_or_none(pull.merged_at),
        "merge_commit_sha": pull.recorded_sha or (head[::-1] if item.closed_at is None else None),
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [render.user(login) for login in pull.requested],
        "requested_teams": [],
        "labels": [label(item.repository, text) for text in item.labels],
        "milestone": None,
        "draft": pull.is_draft,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "head": side(render, item.repository, pull.branch, head, is_gone=item.author in render.state.deleted),
        "base": side(render, item.repository, "main", pull.base_sha),
        "_links": {key: {"href": value} for key, value in links.items()},
        "author_association": association(render, item.author),
        "auto_merge": None,
        "active_lock_reason": None,
    }


def side(
    render: Renderer, repository: RepositoryState, branch: str, sha: str, *, is_gone: bool = False
) -> Document:
    """Head or base of a pull request; the head's account and repository are null once its author is gone."""
    return {
        "label": f"{ORGANISATION}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": None if is_gone else OWNER,
        "repo": None if is_gone else render.repository(repository),
    }


def pull_request_in_detail(render: Renderer, item: Item) -> Document:
    """One pull request with what lists leave out."""
    pull = pull_of(item)
    files = {path for commit in pull.commits for path in commit.revisions}
    return pull_request(render, item) | {
        "merged": pull.merged_at is not None,
        "mergeable": None if item.closed_at is not None else True,
        "rebaseable": None if item.closed_at is not None else True,
        "mergeable_state": "unknown" if item.closed_at is not None else "clean",
        "merged_by": render.user(pull.merged_by) if pull.merged_by else None,
        "comments": item.comments,
        "review_comments": pull.line_comments,
        "maintainer_can_modify": False,
        "commits": len(pull.commits),
        "additions": len(files) * 2,
        "deletions": len(files),
        "changed_files": len(files),
    }


def reactions(url: str) -> Document:
    """Nobody has reacted."""
    return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(REACTIONS, 0)}


def issue(render: Renderer, item: Item) -> Document:
    """An issue, or a pull request as the issue that it is too."""
    url = f"{API}/repos/{item.repository.name}/issues/{item.number}"
    kind = "issues" if item.pull is None else "pull"
    page = f"{WEB}/{item.repository.name}/{kind}/{item.number}"
    document: Document = {
        "url": url,
        "repository_url": f"{API}/repos/{item.repository.name}",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": page,
        "id": item.identifier,
        "node_id": f"I_{item.identifier}" if item.pull is None else f"PR_{item.pull.number}",
        "number": item.number,
        "title": item.title,
        "user": render.user(item.author),
        "labels": [label(item.repository, text) for text in item.labels],
        "state": issue_state(item),
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": item.comments,
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "closed_at": stamp_or_none(item.closed_at),
        "author_association": association(render, item.author),
        "active_lock_reason": None,
        "body": item.body,
        "closed_by": render.user(item.closed_by) if item.closed_by else None,
        "reactions": reactions(url),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": item.reason,
    }
    if item.pull is not None:
        document["draft"] = item.pull.is_draft
        document["pull_request"] = {
            "url": f"{API}/repos/{item.repository.name}/pulls/{item.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": stamp_or_none(item.pull.merged_at),
        }
    return document


def review(render: Renderer, item: Item, given: Review) -> Document:
    """A review."""
    url = f"{API}/repos/{item.repository.name}/pulls/{item.number}"
    page = f"{WEB}/{item.repository.name}/pull/{item.number}#pullrequestreview-{given.number}"
    return {
        "id": given.number,
        "node_id": f"PRR_{given.number}",
        "user": render.user(given.reviewer),
        "body": given.body,
        "state": given.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": association(render, given.reviewer),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "submitted_at": stamp(given.at),
        "commit_id": given.commit_sha,
    }


def line_comment(render: Renderer, comment: LineComment) -> Document:
    """A comment of a review on a line."""
    item = comment.item
    url = f"{API}/repos/{item.repository.name}/pulls/comments/{comment.number}"
    pull_url = f"{API}/repos/{item.repository.name}/pulls/{item.number}"
    page = f"{WEB}/{item.repository.name}/pull/{item.number}#discussion_r{comment.number}"
    return {
        "url": url,
        "pull_request_review_id": comment.review,
        "id": comment.number,
        "node_id": f"PRRC_{comment.number}",
        "diff_hunk": "@@ -1,2 +1,2 @@\n-revision = 1\n+revision = 2",
        "path": comment.path,
        "commit_id": comment.commit_sha,
        "original_commit_id": comment.commit_sha,
        "user": render.user(comment.author),
        "body": comment.body,
        "created_at": stamp(comment.at),
        "updated_at": stamp(comment.at),
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": association(render, comment.author),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "reactions": reactions(url),
        "start_line": None,
        "original_start_line": None,
        "start_side": None,
        "line": 2,
        "original_line": 2,
        "side": "RIGHT",
        "position": 2,
        "original_position": 2,
        "subject_type": "line",
    }


def timeline(render: Renderer, item: Item) -> list[Document]:
    """An item's timeline: what happened to it, with the commits that it has now among it."""
    rows: list[tuple[int, int, Document]] = [
        (entry.at, 1, entry_document(render, item, entry)) for entry in item.timeline
    ]
    if item.pull is not None:
        rows.extend((commit.committer.at, 0, committed(item, commit)) for commit in item.pull.commits)
    return [document for _, _, document in sorted(rows, key=lambda row: row[:2])]


def committed(item: Item, commit: Commit) -> Document:
    """A commit of a pull request in its timeline; it has neither id nor time of its own."""
    url = f"{API}/repos/{item.repository.name}/git"
    page = f"{WEB}/{item.repository.name}/commit"
    return {
        "sha": commit.sha,
        "node_id": f"C_{commit.sha}",
        "url": f"{url}/commits/{commit.sha}",
        "html_url": f"{page}/{commit.sha}",
        "author": signature(commit.author),
        "committer": signature(commit.committer),
        "tree": {"sha": commit.tree.sha, "url": f"{url}/trees/{commit.tree.sha}"},
        "message": commit.message,
        "parents": [
            {"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{page}/{sha}"} for sha in commit.parents
        ],
        "verification": unsigned(),
        "event": "committed",
    }


def entry_document(render: Renderer, item: Item, entry: Entry) -> Document:
    """One entry of a timeline."""
    if entry.kind == "reviewed":
        return review(render, item, entry.fields["review"]) | {"event": "reviewed"}
    if entry.kind == "cross-referenced":
        return {
            "actor": render.user(entry.actor),
            "created_at": stamp(entry.at),
            "updated_at": stamp(entry.at),
            "source": {"type": "issue", "issue": cross_referencing(render, entry.fields["source"])},
            "event": "cross-referenced",
        }
    url = f"{API}/repos/{item.repository.name}"
    commit_id = entry.fields.get("commit_id")
    document: Document = {
        "id": entry.number,
        "node_id": f"EV_{entry.number}",
        "url": f"{url}/issues/events/{entry.number}",
        "actor": render.user(entry.actor),
        "event": entry.kind,
        "commit_id": commit_id,
        "commit_url": f"{url}/commits/{commit_id}" if commit_id else None,
        "created_at": stamp(entry.at),
        "performed_via_github_app": None,
    }
    return document | more_of(render, item, entry)


def more_of(render: Renderer, item: Item, entry: Entry) -> dict[str, Any]:
    """What an entry of its kind has besides."""
    if entry.kind == "labeled":
        text = entry.fields["label"]
        return {"label": {"name": text, "color": label(item.repository, text)["color"]}}
    if entry.kind == "review_requested":
        return {
            "requested_reviewer": render.user(entry.fields["reviewer"]),
            "review_requester": render.user(entry.actor),
        }
    if entry.kind == "commented":
        return {
            "body": entry.fields["body"],
            "user": render.user(entry.actor),
            "updated_at": stamp(entry.at),
            "issue_url": f"{API}/repos/{item.repository.name}/issues/{item.number}",
        }
    if entry.kind == "closed":
        return {"state_reason": entry.fields["state_reason"]}
    return {}


def cross_referencing(render: Renderer, source: Item) -> msgspec.Raw:
    """The issue or pull request that mentions another, with its repository."""
    document = issue(render, source) | {"repository": render.repository(source.repository)}
    return msgspec.Raw(msgspec.json.encode(document))
