"""A made-up vendor that serves items by windows of their last update, over real HTTP, and a source of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from connectors.committer import BatchLimits
from connectors.evidence import EvidenceStore
from connectors.http.credentials import Credentials, StaticCredentials
from connectors.http.pagers import Offset, Token
from connectors.http.retries import GITHUB_STYLE, LimitHeaders, RetryPolicy
from connectors.http.source import HttpApi, HttpSource
from connectors.http.streams import HttpStream, Reading, Windows
from connectors.kinds import Opening
from connectors.settings import HttpSettings
from connectors.streams import Mode
from tests.connectors.workspace import FakeTime
from tests.replay.loopback import LoopbackServer, Request, Response

PAGE = 3
SINCE = datetime(2026, 11, 1, tzinfo=UTC)


class ItemsSettings(HttpSettings):
    """What the made-up source is told."""

    kind: Literal["items"] = "items"
    scopes: tuple[str, ...] = ("one",)


class Item(msgspec.Struct):
    """What paging needs of an item."""

    id: int
    updated: datetime

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        return str(self.id), self.updated.isoformat(), {}


WINDOWS = Windows(
    parameters=lambda start, end: {"from": start.isoformat(), "until": end.isoformat()},
    longest=timedelta(days=5),
    overlap=timedelta(minutes=10),
    first=SINCE,
)
ITEMS = HttpStream(
    name="items",
    title="Items",
    description="An item.",
    mode=Mode.UPSERT,
    keys=("id",),
    envelope="data.items",
    total="data.total",
    path="/{scope}/items",
    reading=Reading.WINDOWS,
    windows=WINDOWS,
    is_windowed=True,
    pager=Offset(size=PAGE, total_path=("data", "total")),
    record=Item,
)
PARTS = HttpStream(
    name="parts",
    title="Parts",
    description="A part of an item.",
    mode=Mode.REPLACE_SET,
    keys=("id",),
    parent="items",
    path="/{scope}/items/{parent_key}/parts",
    reading=Reading.PER_PARENT,
    pager=Token(path=("next",), parameter="after"),
    envelope="parts",
    optional_statuses=frozenset({404}),
)


@dataclass
class Items:
    """The vendor: items with a last update, by scope."""

    updates: dict[int, datetime]
    most_results: int | None = None
    fault: Callable[[Request], Response | None] = lambda _: None

    def __post_init__(self) -> None:
        self.server = LoopbackServer(self._answer)

    def _answer(self, request: Request) -> Response:
        bad = self.fault(request)
        if bad is not None:
            return bad
        asked = json.loads(request.body) if request.body else request.query
        if request.path.endswith("/parts"):
            return Response(json.dumps({"parts": [{"id": 1}, {"id": 2}]}).encode())
        start, until = (datetime.fromisoformat(asked[name]) for name in ("from", "until"))
        found = sorted(
            (updated, number) for number, updated in self.updates.items() if start <= updated < until
        )
        total = len(found)
        offset = int(asked.get("offset", request.query.get("offset", 0)))
        shown = found[: self.most_results][offset : offset + PAGE]
        records = [{"id": number, "updated": updated.isoformat()} for updated, number in shown]
        return Response(json.dumps({"data": {"items": records, "total": total}}).encode())

    def source(
        self,
        store: EvidenceStore,
        time: FakeTime,
        *,
        stream: HttpStream = ITEMS,
        credentials: Credentials | None = None,
        limit_headers: LimitHeaders = GITHUB_STYLE,
        **settings: Any,
    ) -> HttpSource:
        """A source that reads it."""
        given = ItemsSettings(**{"name": "items", "base_url": self.server.base_url, **settings})
        api = HttpApi(
            kind="items",
            streams=(stream, PARTS),
            credentials=credentials or StaticCredentials(),
            scopes=lambda _stream, _store: list(given.scopes),
            probe="/one/items?from=2026-11-01T00:00:00%2B00:00&until=2026-11-02T00:00:00%2B00:00",
            limits=limit_headers,
        )
        opening = Opening(
            store=store,
            runtime=time.runtime(),
            policy=RetryPolicy(max_attempts=3),
            limits=BatchLimits(pages=2),
        )
        return HttpSource(api, given, opening)


def short_windows(**changes: Any) -> HttpStream:
    """The stream with other windows."""
    return replace(ITEMS, windows=replace(WINDOWS, **changes))
