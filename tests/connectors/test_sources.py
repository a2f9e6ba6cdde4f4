from pathlib import Path

import pytest

from connectors.errors import PermanentSourceError, TransientSourceError
from connectors.git.settings import GitClone, GitSettings
from connectors.github.settings import GitHubSettings
from connectors.kinds import Opening
from connectors.reports import ScopeFailure
from connectors.sources import SOURCE_KINDS, open_source
from connectors.streams import Mode, Stream, in_dependency_order
from tests.connectors.workspace import FakeTime, open_store


def stream(name: str, parent: str | None = None) -> Stream:
    return Stream(name=name, title=name, description="", mode=Mode.UPSERT, keys=("id",), parent=parent)


def test_each_kind_is_opened_by_its_settings(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for settings in (
            GitHubSettings(name="a", kind="github", organisation="acme", token_env=None),
            GitSettings(name="b", kind="git", repositories=(GitClone(name="acme/shop", path=Path("shop")),)),
        ):
            source = open_source(
                settings, Opening(store=store, runtime=FakeTime().runtime(), folder=tmp_path)
            )
            kind = SOURCE_KINDS[source.kind]
            assert isinstance(settings, kind.settings)
            assert source.name == settings.name
            assert {each.name for each in source.streams} <= {each.name for each in kind.streams}


def test_kinds_list_their_streams_after_their_parents() -> None:
    for kind in SOURCE_KINDS.values():
        seen: set[str] = set()
        for each in kind.streams:
            assert each.parent is None or each.parent in seen
            seen.add(each.name)
        assert len(seen) == len(kind.streams)


def test_streams_are_ordered_by_dependency_and_else_as_declared() -> None:
    ordered = in_dependency_order((stream("c", "b"), stream("a"), stream("b", "a"), stream("d")))
    assert [each.name for each in ordered] == ["a", "b", "c", "d"]


def test_a_stream_whose_parent_is_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="b"):
        in_dependency_order((stream("a"), stream("b", "x")))


def test_errors_say_where_and_whether_to_try_again() -> None:
    error = TransientSourceError(
        "It is down.", source="github", stream="tags", page="https://h/x", retry_after_seconds=5
    )
    assert str(error) == "github.tags at https://h/x: It is down."
    assert ScopeFailure("acme/shop", error).is_transient
    assert not ScopeFailure("acme/shop", PermanentSourceError("no")).is_transient
    assert str(PermanentSourceError("no")) == "no"
