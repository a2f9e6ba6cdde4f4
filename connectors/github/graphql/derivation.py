"""From a node as GraphQL gave it to the lists that REST would have given: a pure function of evidence.

The derived list is landed as a page of its own (method `DERIVE`) that names the page it came from, so the
models read one form, and whoever doubts it derives it again. What REST has and nothing reads is left out.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

VERSION: Final = "1"
"""Of these rules; a page names it."""

_CONNECTIONS: Final = {
    "reviews": "reviews",
    "pull_request_commits": "commits",
    "timeline": "timelineItems",
}
_EVENTS: Final = {
    "CrossReferencedEvent": "cross-referenced",
    "IssueComment": "commented",
    "PullRequestCommit": "committed",
    "PullRequestReview": "reviewed",
}

_NO_REPLY: Final = re.compile(r"(?P<id>\d+)\+(?P<login>[^@]+)@users\.noreply\.[^@]+")

Node = Mapping[str, Any]


def derived(stream: str, node: Node) -> list[dict[str, Any]] | None:
    """The records of a stream that stand in a node; None where the node does not hold all of them.

    Args:
        stream: `reviews`, `pull_request_commits` or `timeline`.
        node: A pull request or an issue.
    """
    connection = node.get(_CONNECTIONS[stream])
    if connection is None or connection["pageInfo"]["hasNextPage"]:
        return None
    nodes = connection["nodes"]
    if any(each is None for each in nodes) or (stream == "pull_request_commits" and _has_cut_parents(nodes)):
        return None
    derive: Callable[[Node], dict[str, Any]] = _DERIVATIONS[stream]
    return [derive(each) for each in nodes]


def _has_cut_parents(nodes: list[Node]) -> bool:
    return any(each["commit"]["parents"]["pageInfo"]["hasNextPage"] for each in nodes)


def _review(node: Node) -> dict[str, Any]:
    return {
        "id": _number(node["fullDatabaseId"]),
        "node_id": node["id"],
        "user": _account(node["author"]),
        "state": node["state"],
        "submitted_at": node["submittedAt"],
        "commit_id": node["commit"]["oid"] if node["commit"] else None,
    }


def _commit(node: Node) -> dict[str, Any]:
    commit = node["commit"]
    return {
        "sha": commit["oid"],
        "node_id": commit["id"],
        "commit": {
            "message": commit["message"],
            "author": _identity(commit["author"]),
            "committer": _identity(commit["committer"]),
        },
        "author": _committing_account(commit["author"]),
        "committer": _committing_account(commit["committer"]),
        "parents": [{"sha": parent["oid"]} for parent in commit["parents"]["nodes"]],
    }


def _event(node: Node) -> dict[str, Any]:
    kind = node["__typename"]
    event: dict[str, Any] = {"event": _EVENTS.get(kind) or _snake_case(kind), "node_id": node["id"]}
    if kind == "PullRequestCommit":
        return event | {"sha": node["made"]["oid"]}
    if kind == "PullRequestReview":
        return event | {
            "id": _number(node["fullDatabaseId"]),
            "user": _account(node["author"]),
            "submitted_at": node["submittedAt"],
            "state": node["state"].lower(),
            "commit_id": node["commit"]["oid"] if node["commit"] else None,
        }
    event |= {"actor": _account(node.get("actor") or node.get("author")), "created_at": node["createdAt"]}
    if "commit" in node:
        event["commit_id"] = node["commit"]["oid"] if node["commit"] else None
    if "closer" in node:
        event["commit_id"] = node["closer"].get("oid") if node["closer"] else None
    if "label" in node:
        event["label"] = {"name": node["label"]["name"]}
    if "source" in node:
        source = node["source"]
        repository = {"full_name": source["repository"]["nameWithOwner"]}
        event["source"] = {"type": "issue", "issue": {"number": source["number"], "repository": repository}}
    return event


def _snake_case(kind: str) -> str:
    """MergedEvent is merged, HeadRefForcePushedEvent is head_ref_force_pushed."""
    name = kind.removesuffix("Event")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).strip("_")


def _account(actor: Node | None) -> dict[str, Any] | None:
    """An account as REST writes it: bots carry `[bot]` there; one without an id is none."""
    if actor is None or actor.get("databaseId") is None:
        return None
    is_bot = actor["__typename"] == "Bot"
    login = f"{actor['login']}[bot]" if is_bot else actor["login"]
    return {"id": actor["databaseId"], "login": login, "type": actor["__typename"]}


def _committing_account(actor: Node | None) -> dict[str, Any] | None:
    """The account of a git identity. GraphQL names users only; a no-reply address names bots, too."""
    if actor is None:
        return None
    found = _NO_REPLY.fullmatch(actor["email"] or "")
    if actor["user"] is not None or found is None:
        return _account(actor["user"])
    login = found["login"]
    return {"id": int(found["id"]), "login": login, "type": "Bot" if login.endswith("[bot]") else "User"}


def _identity(actor: Node | None) -> dict[str, Any] | None:
    return {name: actor[name] for name in ("name", "email", "date")} if actor else None


def _number(text: str | int | None) -> int | None:
    return None if text is None else int(text)


_DERIVATIONS: Final[Mapping[str, Callable[[Node], dict[str, Any]]]] = {
    "reviews": _review,
    "pull_request_commits": _commit,
    "timeline": _event,
}
