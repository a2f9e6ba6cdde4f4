"""One place is read again as if it had never been: nothing that is held is believed, nothing else is read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.evidence import EvidenceStore, RereadingStore
from connectors.git.config import GitConfig, GitRepository
from connectors.git.source import GitSource
from connectors.http.source import HttpSource
from connectors.streams import Place, TimeWindow
from tests.connectors.git.clones import Clone
from tests.connectors.http.items_api import Items
from tests.connectors.http.test_windows import asked, at
from tests.connectors.workspace import FakeTime, landed, open_store, windows
from tests.replay.loopback import Request, Response


def test_a_clone_is_read_whole_again_and_the_one_beside_it_is_not(tmp_path: Path) -> None:
    for name in ("one", "two"):
        clone = Clone(tmp_path / name)
        clone.commit("first", a="1")
        clone.commit("second", a="2")
    config = GitConfig("git", tuple(GitRepository(name, tmp_path / name, None) for name in ("one", "two")))
    with open_store(tmp_path / "data") as store:
        source = GitSource(config, store=store, runtime=FakeTime().runtime())
        source.extract("commits", run_id="a")
        cursors = store.cursors("git", "commits")
        report = source.extract("commits", run_id="b", place=Place("two"))
        assert (report.records, report.windows_closed) == (2, 1)
        assert [row["scope"] for row in windows(store, "commits")] == ["one", "two", "two"]
        assert store.cursors("git", "commits") == cursors
        assert source.extract("commits", run_id="c", place=Place("three")).windows_closed == 0


def items_source(items: Items, store: EvidenceStore) -> HttpSource:
    return items.source(store, FakeTime(now=at(6)), scopes=("one", "two"))


def test_a_window_is_read_again_in_one_scope_alone(tmp_path: Path) -> None:
    items = Items({number: at(2, number) for number in range(4)})
    with items.server, open_store(tmp_path) as store:
        source = items_source(items, store)
        source.extract("items", run_id="a")
        before = store.cursors("items", "items")
        items.server.requests.clear()
        source.extract("items", run_id="b", window=TimeWindow(at(1), at(6)), place=Place("two"))
        assert {request.path for request in items.server.requests} == {"/two/items"}
        assert set(asked(items)) == {("11-01T00:00", "11-06T00:00")}
        assert store.cursors("items", "items") == before
        pages = landed(store, "items")
        assert len(pages) == 6, "equal pages are kept again: what is held may be what is wrong"


def test_the_list_of_one_parent_is_read_again_though_its_version_is_done(tmp_path: Path) -> None:
    items = Items({1: at(1), 2: at(2)})
    with items.server, open_store(tmp_path) as store:
        source = items_source(items, store)
        source.extract("items", run_id="a")
        source.extract("parts", run_id="a")
        items.server.requests.clear()
        source.extract("parts", run_id="b", place=Place("one", "2"))
        assert [request.path for request in items.server.requests] == ["/one/items/2/parts"]
        items.server.requests.clear()
        source.extract("parts", run_id="c", place=Place("one", is_again=False))
        assert items.server.requests == [], "what follows is read as usual: nothing has changed"


def test_a_reading_again_that_breaks_off_leaves_the_cursor(tmp_path: Path) -> None:
    items = Items({number: at(2, number) for number in range(9)})
    with items.server, open_store(tmp_path) as store:
        source = items_source(items, store)
        source.extract("items", run_id="a")
        before = store.cursors("items", "items")
        again = RereadingStore(store, "items", "items", parent_key=None, is_cursor_kept=False)
        assert again.cursor("items", "items", "one") is None
        assert again.cursors("items", "items") == {}
        assert again.cursor("items", "parts", "one") == store.cursor("items", "parts", "one")
        again.close()
        items.fault = _failing_at("6")
        with pytest.raises(Exception, match="could not be read"):
            source.extract("items", run_id="b", place=Place("one"))
        assert store.cursors("items", "items") == before
        items.fault = lambda _: None
        assert source.extract("items", run_id="c", place=Place("one")).records == 9


def _failing_at(offset: str) -> Callable[[Request], Response | None]:
    return lambda request: Response(status=500) if request.query.get("offset") == offset else None
