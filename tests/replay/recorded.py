"""One real repository, recorded whole, served again as GitHub's list endpoints.

    with RecordedRepository(payloads / "github" / "secp256k1").serve() as server:
        ...  # GitHubConfig(base_url=server.base_url, repositories=("bitcoin-core/secp256k1",))

Records are kept as they were recorded; where a list endpoint has another shape than the recording (the
commits of a pull request, the commit graph, tags, pull requests as issues), the list's shape is rebuilt.
"""

import gzip
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from tests.replay.lists import ListServer, Record
from tests.replay.loopback import LoopbackServer

FULL_NAME = "bitcoin-core/secp256k1"
_DETAIL_ONLY = (
    "additions",
    "changed_files",
    "comments",
    "commits",
    "deletions",
    "maintainer_can_modify",
    "mergeable_state",
    "merged",
    "merged_by",
    "review_comments",
)
_SHARED_WITH_ISSUES = (
    "number",
    "state",
    "locked",
    "title",
    "user",
    "body",
    "labels",
    "created_at",
    "updated_at",
    "closed_at",
    "assignees",
    "author_association",
)


class RecordedRepository:
    """The recorded repository; lists are rebuilt once and may be changed by a test before or while serving.

    Args:
        folder: The folder `github/secp256k1` of the recorded payloads.

    Attributes:
        lists: Records by path of their list endpoint, in the endpoint's own order.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lists: dict[str, list[Record]] = defaultdict(list)
        self._load_pulls_and_issues()
        self._load_children("timeline", "issue_number", "issues/{}/timeline", _as_recorded)
        self._load_children("reviews", "pull_number", "pulls/{}/reviews", _as_recorded)
        self._load_children("pr_commits", "pull_number", "pulls/{}/commits", _pull_request_commit)
        self._load_review_comments()
        self.lists[_path("commits")] = [Record.of(_commit(item)) for item in reversed(self._items("commits"))]
        self.lists[_path("tags")] = [Record.of(_tag(item)) for item in reversed(self._items("tags"))]
        for empty in ("deployments", "releases"):
            self.lists[_path(empty)] = []

    def serve(self) -> LoopbackServer:
        """A server, not started yet, over the lists."""
        return LoopbackServer(ListServer(self.lists, {f"/repos/{FULL_NAME}": _repository()}).answer)

    def touch(self, number: int, *, updated_at: str) -> None:
        """Move the last update of a pull request or issue, as any change to it does."""
        for name in ("pulls", "issues"):
            for record in self.lists[_path(name)]:
                document = msgspec.json.decode(record.body)
                if document["number"] == number:
                    document["updated_at"] = updated_at
                    record.body, record.updated_at = msgspec.json.encode(document), updated_at

    def count(self, *parts: str) -> int:
        """Records over all lists whose path ends in one of the parts."""
        return sum(len(records) for path, records in self.lists.items() if path.endswith(parts))

    def _items(self, name: str) -> list[dict[str, Any]]:
        return list(self._lines(name))

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        with gzip.open(self._folder / f"{name}.ndjson.gz") as lines:
            for line in lines:
                yield msgspec.json.decode(line)

    def _load_pulls_and_issues(self) -> None:
        pulls = self._items("pulls")
        issues = self._items("issues") + [_pull_as_issue(pull) for pull in pulls]
        for pull in pulls:
            for name in _DETAIL_ONLY:
                pull.pop(name, None)
        for name, items in (("pulls", pulls), ("issues", issues)):
            items.sort(key=_age, reverse=True)
            self.lists[_path(name)] = [Record.of(item) for item in items]

    def _load_children(
        self, name: str, parent: str, path: str, shape: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> None:
        for item in self._lines(name):
            number = item.pop(parent)
            self.lists[_path(path.format(number))].append(Record.of(shape(item)))

    def _load_review_comments(self) -> None:
        for item in self._lines("review_comments"):
            number = item.pop("pull_number")
            item["pull_request_url"] = f"https://api.github.com/repos/{FULL_NAME}/pulls/{number}"
            self.lists[_path("pulls/comments")].append(Record.of(item))


def _path(name: str) -> str:
    return f"/repos/{FULL_NAME}/{name}"


def _age(item: dict[str, Any]) -> tuple[str, int]:
    return item["created_at"], item["number"]


def _as_recorded(item: dict[str, Any]) -> dict[str, Any]:
    return item


def _pull_as_issue(pull: dict[str, Any]) -> dict[str, Any]:
    issue = {name: pull.get(name) for name in _SHARED_WITH_ISSUES}
    return issue | {
        "id": 4_000_000_000 + pull["id"],
        "html_url": pull["html_url"],
        "repository_url": f"https://api.github.com/repos/{FULL_NAME}",
        "state_reason": None,
        "closed_by": None,
        "pull_request": {
            "url": pull["url"],
            "html_url": pull["html_url"],
            "merged_at": pull.get("merged_at"),
        },
    }


def _pull_request_commit(item: dict[str, Any]) -> dict[str, Any]:
    texts = ("author", "committer", "message", "tree", "verification", "url")
    return {
        "sha": item["sha"],
        "node_id": item["node_id"],
        "commit": {name: item[name] for name in texts},
        "html_url": item["html_url"],
        "author": None,
        "committer": None,
        "parents": item["parents"],
    }


def _commit(item: dict[str, Any]) -> dict[str, Any]:
    def identity(person: dict[str, Any]) -> dict[str, Any]:
        instant = datetime.fromisoformat(person["date"])
        return person | {"date": instant.astimezone(UTC).isoformat()}

    message = f"{item['subject']}\n\n{item['body']}".strip()
    return {
        "sha": item["sha"],
        "commit": {
            "author": identity(item["author"]),
            "committer": identity(item["committer"]),
            "message": message,
        },
        "author": None,
        "committer": None,
        "parents": [{"sha": sha} for sha in item["parents"]],
    }


def _tag(item: dict[str, Any]) -> dict[str, Any]:
    return {"name": item["name"], "commit": {"sha": item["commit"]}, "node_id": f"REF_{item['name']}"}


def _repository() -> bytes:
    owner, _, name = FULL_NAME.partition("/")
    return msgspec.json.encode(
        {
            "id": 16_648_618,
            "name": name,
            "full_name": FULL_NAME,
            "private": False,
            "owner": {"login": owner, "id": 21_183_291, "type": "Organization"},
            "fork": False,
            "archived": False,
            "default_branch": "master",
            "created_at": "2014-02-09T00:06:16Z",
            "updated_at": "2026-08-22T07:23:36Z",
            "pushed_at": "2026-08-21T16:54:10Z",
        }
    )
