"""The recorded repository as it was at an earlier moment, rebuilt from the dates that its records carry.

What an item was then: created by then, closed and merged only if that was before, its last update the latest
thing that had happened to it. Commits that a later force push removed are not in the recording; they stand
here under ids of their own, so that a reader who keeps them is found out.
"""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import msgspec

from tests.replay.lists import Record
from tests.replay.recorded import FULL_NAME, RecordedRepository

REMOVED_PREFIX = "dead"
UNTOLD = frozenset(
    {
        "connected",
        "cross-referenced",
        "labeled",
        "closed",
        "marked_as_duplicate",
        "mentioned",
        "referenced",
        "subscribed",
        "unsubscribed",
    }
)
"""Events that happened to items of the recording without moving their last update."""

Document = dict[str, Any]
_BASE = f"/repos/{FULL_NAME}/"


def lists_as_of(recorded: RecordedRepository, moment: str) -> dict[str, list[Record]]:
    """The lists of the repository at an instant (ISO 8601, UTC, with `Z`)."""
    documents = {
        path: [msgspec.json.decode(each.body) for each in held] for path, held in recorded.lists.items()
    }
    pushed_later = _pushed_later(documents, moment)
    opened = {str(item["number"]) for item in documents[_BASE + "pulls"] if item["created_at"] <= moment}
    last_change = _last_changes(documents, moment)
    lists: dict[str, list[Record]] = defaultdict(list)
    for path, items in documents.items():
        kept = [each for item in items if (each := _then(path, item, moment, last_change)) is not None]
        if path.endswith("/commits") and "/pulls/" in path:
            kept = _replaced(path, items) if _number(path) in pushed_later & opened else kept
        lists[path] = [Record.of(item) for item in kept]
    return lists


def _number(path: str) -> str:
    return path.split("/")[5]


def _at(item: Document) -> str:
    """When a record came about."""
    if "created_at" in item or "submitted_at" in item:
        return str(item.get("created_at") or item.get("submitted_at") or "")
    committer = (item.get("commit") or item).get("committer") or {}
    return _in_utc(committer.get("date") or "")


def _in_utc(text: str) -> str:
    if not text:
        return ""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _pushed_later(documents: dict[str, list[Document]], moment: str) -> set[str]:
    return {
        _number(path)
        for path, items in documents.items()
        if path.endswith("/timeline")
        for item in items
        if item["event"] == "head_ref_force_pushed" and _at(item) > moment
    }


def _last_changes(documents: dict[str, list[Document]], moment: str) -> dict[str, str]:
    """The latest thing that had happened to each item by then."""
    last: dict[str, str] = defaultdict(str)
    for path, items in documents.items():
        if path.endswith(("/timeline", "/reviews")):
            times = [_at(item) for item in items if item.get("event") not in UNTOLD]
            last[_number(path)] = max([last[_number(path)], *(at for at in times if at <= moment)])
    for item in documents[_BASE + "pulls/comments"]:
        number = item["pull_request_url"].rpartition("/")[2]
        if item["created_at"] <= moment:
            last[number] = max(last[number], item["created_at"])
    return last


def _then(path: str, item: Document, moment: str, last_change: dict[str, str]) -> Document | None:
    """A record as it was then; None if it was not yet."""
    if _at(item) > moment:
        return None
    if path in (_BASE + "pulls", _BASE + "issues"):
        return _item_then(item, moment, last_change[str(item["number"])])
    if path == _BASE + "pulls/comments" and item["updated_at"] > moment:
        return item | {"updated_at": item["created_at"]}
    return item


def _item_then(item: Document, moment: str, last_change: str) -> Document:
    if item["updated_at"] <= moment:
        return item
    then = dict(item) | {"updated_at": max(item["created_at"], last_change)}
    if (item.get("closed_at") or "") > moment:
        then |= {"closed_at": None, "state": "open"}
    if (item.get("merged_at") or "") > moment:
        then |= {"merged_at": None, "merge_commit_sha": None}
    return then


def _replaced(path: str, commits: list[Document]) -> list[Document]:
    """Commits that a later push replaced: the same work under other ids."""
    return [
        commit | {"sha": REMOVED_PREFIX + commit["sha"][4:], "node_id": f"{path} {at}"}
        for at, commit in enumerate(commits)
    ]
