"""GitHub's list conventions over records in memory: sort, filter, pages, `Link`, `ETag`."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec

from tests.replay.loopback import Request, Response

_ENVELOPES = {"/actions/runs": "workflow_runs", "/jobs": "jobs"}
_COMPARISON = "/compare/"
_SEARCH_RESULTS = 1000
_CHILD_PARTS = 5
_ASKED_BY = ("number", "sha", "id")


@dataclass(slots=True)
class Record:
    """One record of a list, encoded, with what lists are sorted and filtered by."""

    body: bytes
    created_at: str = ""
    updated_at: str = ""

    @classmethod
    def of(cls, item: dict[str, Any]) -> "Record":
        """A record of a JSON object."""
        return cls(msgspec.json.encode(item), item.get("created_at") or "", item.get("updated_at") or "")


class ListServer:
    """Answers list endpoints from records.

    Args:
        lists: Records by path, in the endpoint's own order.
        documents: Bodies of single objects by path.
    """

    def __init__(self, lists: Mapping[str, Sequence[Record]], documents: Mapping[str, bytes]) -> None:
        self._lists = lists
        self._documents = documents

    def answer(self, request: Request) -> Response:
        """The answer to one request."""
        if request.path == "/rate_limit":
            return Response(b'{"resources":{"core":{"limit":5000,"remaining":4999,"reset":1795000000}}}')
        if request.path in self._documents:
            return _conditional(request, self._documents[request.path], {})
        if request.path not in self._lists and request.path.rpartition("/")[0] in self._lists:
            return self._one(request)
        envelope = next((name for end, name in _ENVELOPES.items() if request.path.endswith(end)), None)
        if _COMPARISON in request.path:
            envelope = "commits"
        is_child = envelope is not None or request.path.count("/") > _CHILD_PARTS
        if request.path not in self._lists and not is_child:
            return Response(b'{"message":"Not Found"}', HTTPStatus.NOT_FOUND)
        records = _selected(list(self._lists.get(request.path, ())), request.query)
        total = len(records)
        if "created" in request.query:
            records = records[:_SEARCH_RESULTS]
        size = min(100, int(request.query.get("per_page", "30")))
        page = int(request.query.get("page", "1"))
        last = max(1, -(-len(records) // size))
        body = b"[" + b",".join(record.body for record in records[(page - 1) * size : page * size]) + b"]"
        if envelope is not None:
            count = b"total_commits" if envelope == "commits" else b"total_count"
            body = b'{"%s":%d,"%s":%s}' % (count, total, envelope.encode(), body)
        return _conditional(request, body, _link(request, page, last))

    def _one(self, request: Request) -> Response:
        """The answer to a question for one record of a list, by what its kind of record is asked for by."""
        path, _, name = request.path.rpartition("/")
        for record in self._lists[path]:
            item = msgspec.json.decode(record.body)
            asked_by = next((item[key] for key in _ASKED_BY if key in item), None)
            if str(asked_by) == name:
                return _conditional(request, record.body, {})
        return Response(b'{"message":"Not Found"}', HTTPStatus.NOT_FOUND)


def _selected(records: list[Record], query: Mapping[str, str]) -> list[Record]:
    since = query.get("since")
    if since is not None:
        records = [record for record in records if not record.updated_at or record.updated_at >= since]
    if ".." in query.get("created", ""):
        first, _, last = query["created"].partition("..")
        records = [record for record in records if first <= record.created_at <= last]
    if query.get("sort") in {"created", "updated"}:
        name = f"{query['sort']}_at"
        records.sort(
            key=lambda record: getattr(record, name), reverse=query.get("direction", "desc") == "desc"
        )
    return records


def _link(request: Request, page: int, last: int) -> dict[str, str]:
    targets = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page >= last:
        del targets["next"], targets["last"]
    if page == 1:
        del targets["prev"], targets["first"]
    base = f"http://{request.headers['host']}{request.path}"
    links = [
        f'<{base}?{urlencode({**request.query, "page": number})}>; rel="{name}"'
        for name, number in targets.items()
    ]
    return {"link": ", ".join(links)} if links else {}


def _conditional(request: Request, body: bytes, headers: dict[str, str]) -> Response:
    tag = f'W/"{hashlib.sha256(body).hexdigest()}"'
    if request.headers.get("if-none-match") == tag:
        return Response(b"", HTTPStatus.NOT_MODIFIED, {"etag": tag})
    return Response(body, headers=headers | {"etag": tag})
