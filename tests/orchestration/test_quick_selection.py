"""The short selection that dbt gets means the nodes that the graph has chosen, and no others."""

import json
from typing import Any

import pytest

from orchestration.dbt_runner import PROJECT, DbtProject
from orchestration.model_graph import ModelGraph
from orchestration.selection import Selection, shortest_selection
from tests.parsed import parsed_workspace

EVERY = ("p.stage.a", "p.stage.b", "p.stage.c", "p.stage.d", "p.mart.x", "p.mart.x.y", "p.z")


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (EVERY, Selection(("p",))),
        (("p.stage.a", "p.stage.b", "p.stage.c", "p.stage.d"), Selection(("p.stage",))),
        (("p.stage.a", "p.stage.b", "p.stage.c"), Selection(("p.stage",), ("p.stage.d",))),
        (("p.stage.a",), Selection(("p.stage.a",))),
        (("p.mart.x.y", "p.z"), Selection(("p.mart.x.y", "p.z"))),
        (tuple(name for name in EVERY if name != "p.mart.x.y"), Selection(("p",), ("p.mart.x.y",))),
        ((), Selection(())),
    ],
)
def test_folders_stand_for_what_is_in_them(chosen: tuple[str, ...], expected: Selection) -> None:
    found = shortest_selection(chosen=chosen, every=EVERY)
    assert (sorted(found.include), found.exclude) == (sorted(expected.include), expected.exclude)


def test_a_node_below_another_ones_path_is_not_chosen_with_it() -> None:
    """dbt selects both by the path of the first: it must be told to leave the other out."""
    found = shortest_selection(chosen=["p.mart.x"], every=EVERY)
    assert found == Selection(("p.mart.x",), ("p.mart.x.y",))


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return DbtProject(parsed_workspace()).manifest()


@pytest.mark.parametrize("absent", [frozenset[str](), frozenset({"gitlab", "jira", "jenkins"})])
def test_dbt_selects_what_the_graph_has_chosen(manifest: dict[str, Any], absent: frozenset[str]) -> None:
    graph = ModelGraph(manifest, absent)
    some = frozenset(sorted(graph.models)[::7])
    for chosen, built in (
        (graph.before_graph, frozenset[str]()),
        (graph.after_graph, graph.before_graph),
        (some, frozenset(graph.models)),
    ):
        names = graph.names(chosen, built=built)
        assert selected(manifest, graph.selection(names)) == sorted(names)


def test_a_whole_phase_is_told_in_few_words(manifest: dict[str, Any]) -> None:
    """dbt compares each selector with each node: with all the names it needs seconds."""
    graph = ModelGraph(manifest)
    names = graph.names(graph.before_graph, built=())
    assert len(graph.selection(names)) < len(names) / 3


def selected(manifest: dict[str, Any], selection: Selection) -> list[str]:
    """Ask dbt's own rules."""
    from dbt.graph.selector_methods import QualifiedNameSelectorMethod  # noqa: PLC0415 - seconds of imports

    matches = QualifiedNameSelectorMethod.node_is_match

    def some(fqn: list[str], paths: tuple[str, ...]) -> bool:
        return any(matches(None, path, fqn, False) for path in paths)  # type: ignore[arg-type] # noqa: FBT003

    nodes = [node["fqn"] for node in manifest["nodes"].values()]
    return sorted(
        ".".join(fqn) for fqn in nodes if some(fqn, selection.include) and not some(fqn, selection.exclude)
    )


def test_dbt_lists_what_the_graph_has_chosen(manifest: dict[str, Any]) -> None:
    """Against dbt itself, with the arguments of a build."""
    graph = ModelGraph(manifest)
    names = graph.names(graph.before_graph, built=())
    assert listed(graph.selection(names)) == sorted(names)


def listed(selection: Selection) -> list[str]:
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - seconds of imports

    project = DbtProject(parsed_workspace())
    kinds = ["--resource-type", "model", "--resource-type", "test"]
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    folders += ["--target-path", str(project.target), "--log-path", str(project.workspace.dbt / "logs")]
    arguments = ["--quiet", "ls", "--output", "json", "--output-keys", "fqn", *kinds]
    arguments += ["--indirect-selection", "empty", "--no-write-json", *selection.arguments(), *folders]
    with project._environment():
        done = dbtRunner().invoke(arguments)
    assert done.exception is None
    lines: Any = done.result
    return sorted(".".join(json.loads(line)["fqn"]) for line in lines)
