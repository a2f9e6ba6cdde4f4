"""Read a history until it is closed: no date filter can miss a rebased or late-pushed commit this way."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connectors.http.ahead import Guide, Numbered, pages_named
from connectors.http.chains import ChainPage
from connectors.http.instants import text_of
from connectors.http.pagers import with_parameters
from connectors.http.rules import Bounds, Load
from connectors.http.streams import HttpStream


class GraphRule:
    """Stop when every parent of every new commit is known.

    The frontier holds parents that were named but not listed yet. Commits reachable from the tip are complete
    exactly when it is empty. What it still holds when the listing ends (`since` cuts history off) is the
    edge of the history that was asked for; it does not count as missing until more history is asked for.
    """

    is_resumable = True

    def __init__(
        self,
        stream: HttpStream,
        scope: str,
        *,
        settled: Mapping[str, Any],
        progress: Mapping[str, Any] | None,
        bounds: Bounds,
        known_commits: Callable[[], set[str]],
    ) -> None:
        self._stream = stream
        self._scope = scope
        self._since, self._until = bounds.since_at, bounds.until_at
        self._load_known = known_commits
        self._known: set[str] | None = None
        self._is_resumed = progress is not None
        self.guide: Guide | None = Numbered() if (progress or {}).get("is_numbered") else None
        self._first_page: str | None = (progress or {}).get("first_page")
        self._first_page_known: str | None = settled.get("first_page")
        self._edge: set[str] = set(settled.get("edge", ()))
        self._frontier: set[str] = set((progress or settled).get("frontier", ()))
        if text_of(self._since) != settled.get("since", text_of(self._since)):
            self._frontier |= self._edge
            self._edge = set()
            self._first_page_known = None

    @property
    def requested_from(self) -> datetime | None:
        """The start of the history wanted."""
        return self._since

    def path(self) -> str:
        """The commits of the default branch, newest first."""
        bounds = {"since": text_of(self._since), "until": text_of(self._until)}
        return self._stream.path_for(self._scope, **{name: text for name, text in bounds.items() if text})

    def observe(self, page: ChainPage, load: Load) -> bool:
        """Stop at a closed history, or at once where nothing has changed."""
        if self._first_page is None:
            self._first_page = page.arrived.body_sha256
            if page.is_unchanged and self._first_page == self._first_page_known and not self._frontier:
                return True
        known = self._known_commits()
        records = load().records
        listed = {record.sha for record in records}
        new = [record for record in records if record.sha not in known]
        known |= listed
        self._frontier |= {parent.sha for record in new for parent in record.parents}
        self._frontier -= known
        self._frontier -= self._edge
        return not self._frontier

    def turn(self, page: ChainPage, load: Load) -> str | None:
        """The rest of the history of the newest commit listed: it stays as it is, whatever is pushed."""
        link = page.arrived.headers.get("link")
        following, records = page.arrived.next_place, load().records
        if self.guide is not None or following is None or not records or not pages_named(link):
            return None
        self.guide = Numbered()
        return with_parameters(following, {"sha": records[0].sha})

    def progress(self) -> dict[str, Any]:
        """Where the history is still open, and whether it is read from one commit on."""
        still = {"is_numbered": True} if self.guide is not None else {}
        return {"first_page": self._first_page, "frontier": sorted(self._frontier), **still}

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """What was reached; the frontier of a resumed window stays open, as it may have missed a rewrite."""
        edge, frontier = set(self._edge), set(self._frontier)
        if is_exhausted and not self._is_resumed:
            edge, frontier = edge | frontier, set()
        return {
            "first_page": self._first_page,
            "frontier": sorted(frontier),
            "edge": sorted(edge),
            "since": text_of(self._since),
        }

    def _known_commits(self) -> set[str]:
        if self._known is None:
            self._known = self._load_known()
            self._frontier -= self._known
        return self._known
