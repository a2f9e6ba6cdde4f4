"""Doctor and plan know every kind of source, and one that fails never stops the others."""

import asyncio
import io
from collections.abc import Callable, Iterator

import pytest
import yaml
from rich.console import Console

from connectors.reports import StreamEstimate
from connectors.settings import HttpSettings
from connectors.sources import SOURCE_KINDS
from orchestration.commands.plan import _summary, _table
from orchestration.diagnosis import diagnose
from orchestration.estimation import SourceEstimate, estimate
from orchestration.workspace import Workspace
from tests.orchestration.example import shown_sources
from tests.replay.loopback import LoopbackServer, Response

MakeWorkspace = Callable[..., Workspace]
OVER_HTTP = {kind.name for kind in SOURCE_KINDS.values() if issubclass(kind.settings, HttpSettings)}


@pytest.fixture
def refusing() -> Iterator[LoopbackServer]:
    """A server that lets nobody in."""
    with LoopbackServer(lambda _: Response(b'{"message":"who are you?"}', 401)) as server:
        yield server


@pytest.fixture
def everything(
    make_workspace: MakeWorkspace, refusing: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> tuple[Workspace, dict[str, str]]:
    """A workspace with one source of every kind, and all variables that they ask for."""
    monkeypatch.setattr("orchestration.sources.sleep", lambda _seconds: asyncio.sleep(0))
    sources = [
        source | ({"base_url": refusing.base_url} if source["kind"] in OVER_HTTP else {})
        for source in shown_sources()
    ]
    workspace = make_workspace(yaml.safe_dump({"organisation": "acme", "sources": sources}))
    for place in ("shop", "drops", "exports"):
        (workspace.root.parent / place).mkdir(exist_ok=True)
    for name in ("people", "leave"):
        (workspace.root.parent / "exports" / f"{name}.csv").write_text("person_id\n")
    settings = workspace.settings()
    variables = [variable for source in settings.sources for variable in source.variables.values()]
    return workspace, dict.fromkeys(variables, "secret")


def test_doctor_asks_every_source_though_others_fail(
    everything: tuple[Workspace, dict[str, str]], refusing: LoopbackServer
) -> None:
    workspace, environment = everything
    found = list(diagnose(workspace, environment=environment))
    assert [each.message for each in found if each.name == "settings" and not each.is_ok] == []
    for source in workspace.settings().sources:
        mine = [each for each in found if each.name.startswith(source.name)]
        assert mine, f"{source.name} was not looked at"
        if source.kind in OVER_HTTP:
            assert any(not each.is_ok and each.remedy for each in mine), source.name
    assert "secret" not in "".join(each.message for each in found)
    assert refusing.requests


def test_plan_estimates_the_others_where_a_source_fails(
    everything: tuple[Workspace, dict[str, str]],
) -> None:
    workspace, environment = everything
    found = {each.source: each for each in estimate(workspace, environment=environment)}
    assert found.keys() == {source.name for source in workspace.settings().sources}
    for source in workspace.settings().sources:
        each = found[source.name]
        assert each.requests_an_hour == SOURCE_KINDS[source.kind].hourly_limit
        assert each.problem is None or source.name in each.problem
    assert found["github"].problem is not None
    assert found["drops"].problem is None


def test_a_plan_says_where_it_is_the_least_and_never_calls_the_unknown_nothing() -> None:
    known, unknown = StreamEstimate("told", 3, 10), StreamEstimate("untold", 1, 0, is_least=True)
    estimate_of = SourceEstimate("far", (known, unknown), 3600)
    console = Console(width=80, file=io.StringIO())
    console.print(_table(estimate_of))
    assert isinstance(console.file, io.StringIO)
    rows = [line.split() for line in console.file.getvalue().replace("│", " ").splitlines()]
    assert ["told", "3", "10", "B"] in rows
    assert ["untold", "at", "least", "1", "unknown"] in rows
    assert ["all", "at", "least", "4", "at", "least", "10", "B"] in rows
    assert _summary(estimate_of).startswith("at least 0.0 h at 3,600 requests an hour; at least ")
    assert "least" not in _summary(SourceEstimate("near", (known,), None))


def test_an_unset_variable_of_any_kind_is_named_by_doctor(
    everything: tuple[Workspace, dict[str, str]],
) -> None:
    workspace, environment = everything
    messages = "".join(each.message for each in diagnose(workspace, environment={}))
    assert [variable for variable in environment if f"{variable} is not set" not in messages] == []


def test_no_stream_of_days_waits_for_another_one() -> None:
    """Dagster refuses such a pair, both with partitions, in every run that names no days."""
    waiting = [
        f"{kind.name}.{stream.name}"
        for kind in SOURCE_KINDS.values()
        for stream in kind.streams
        if stream.is_windowed
        and any(parent.is_windowed for parent in kind.streams if parent.name == stream.parent)
    ]
    assert waiting == []
