"""The first deployment that contains a commit, in one pass over the graph."""

import random
from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.steps.commit_graph import CommitGraphReport, write_commit_graph
from orchestration.steps.commit_order import CommitGraph

Parents = Mapping[str, Sequence[str]]
LINE: Parents = {"a": (), "b": "a", "c": "b", "d": "c", "e": "d"}


class Repository:
    """A warehouse with the two tables that the step reads."""

    def __init__(self) -> None:
        self.con = duckdb.connect(":memory:")
        self.con.execute("create schema intermediate")
        self.con.execute(
            "create table intermediate.int_commits "
            "(repository varchar, commit_sha varchar, parent_shas varchar[])"
        )
        self.con.execute(
            "create table intermediate.int_deployments_rolled_out "
            "(deployment_id varchar, service_id varchar, repository varchar, commit_sha varchar, "
            "finished_at timestamptz, is_production boolean, outcome varchar)"
        )

    def commits(self, parents: Parents, *, of: str = "shop") -> "Repository":
        for commit, its_parents in parents.items():
            self.con.execute(
                "insert into intermediate.int_commits values (?, ?, ?)", [of, commit, list(its_parents)]
            )
        return self

    def deploys(
        self, *names: str, service: str = "shop", of: str = "shop", outcome: str = "success"
    ) -> "Repository":
        """Deploy commits one after the other; the deployment is named after service, place and commit."""
        for place, commit in enumerate(names, start=1):
            self.con.execute(
                "insert into intermediate.int_deployments_rolled_out values "
                "(?, ?, ?, ?, timestamptz '2026-01-01 00:00:00+00' + to_hours(?), true, ?)",
                [f"{service}{place}{commit}", service, of, commit, place, outcome],
            )
        return self

    def first_deployments(self, service: str = "shop") -> dict[str, str]:
        write_commit_graph(self.con)
        rows = self.con.execute(
            "select commit_sha, deployment_id from computed.deployment_commits where service_id = ?",
            [service],
        )
        return dict(rows.fetchall())

    def relations(self) -> dict[str, str]:
        write_commit_graph(self.con)
        rows = self.con.execute("select deployment_id, relation from computed.deployment_ancestry")
        return dict(rows.fetchall())

    def baselines(self) -> set[str]:
        write_commit_graph(self.con)
        rows = self.con.execute(
            "select distinct deployment_id from computed.deployment_commits where is_baseline"
        )
        return {row[0] for row in rows.fetchall()}


def test_each_commit_belongs_to_the_first_deployment_that_contains_it() -> None:
    assert Repository().commits(LINE).deploys("b", "d").first_deployments() == {
        "a": "shop1b",
        "b": "shop1b",
        "c": "shop2d",
        "d": "shop2d",
    }


def test_a_merged_branch_comes_with_the_deployment_of_its_merge() -> None:
    graph = {"a": (), "b": "a", "x": "a", "y": "x", "m": ("b", "y")}
    assert Repository().commits(graph).deploys("b", "m").first_deployments() == {
        "a": "shop1b",
        "b": "shop1b",
        "x": "shop2m",
        "y": "shop2m",
        "m": "shop2m",
    }


def test_a_commit_waits_where_no_deployment_contains_it() -> None:
    assert "e" not in Repository().commits(LINE).deploys("b", "d").first_deployments()


def test_a_rollback_brings_nothing_and_is_an_ancestor_of_what_it_replaces() -> None:
    repository = Repository().commits(LINE).deploys("b", "d", "b")
    assert "shop3b" not in repository.first_deployments().values()
    assert repository.relations()["shop3b"] == "ancestor"


def test_what_follows_a_rollback_brings_only_what_is_new() -> None:
    repository = Repository().commits(LINE).deploys("b", "d", "b", "e")
    assert repository.first_deployments()["e"] == "shop4e"
    assert repository.first_deployments()["d"] == "shop2d"


def test_relations_tell_forward_again_and_sideways_apart() -> None:
    graph = {**LINE, "x": "b"}
    relations = Repository().commits(graph).deploys("b", "c", "c", "x").relations()
    assert relations == {
        "shop1b": "unknown",
        "shop2c": "descendant",
        "shop3c": "same",
        "shop4x": "diverged",
    }


def test_only_the_first_known_deployment_has_no_baseline() -> None:
    assert Repository().commits(LINE).deploys("b", "d").baselines() == {"shop1b"}


def test_a_deployment_of_an_unknown_commit_gives_no_baseline_to_the_next_one() -> None:
    repository = Repository().commits(LINE).deploys("b", "gone", "d", "e")
    assert repository.baselines() == {"shop1b", "shop3d"}
    assert repository.relations() == {
        "shop1b": "unknown",
        "shop2gone": "unknown",
        "shop3d": "unknown",
        "shop4e": "descendant",
    }


def test_parents_beyond_a_shallow_clone_are_left_out() -> None:
    assert Repository().commits({"c": "b", "d": "c"}).deploys("c", "d").first_deployments() == {
        "c": "shop1c",
        "d": "shop2d",
    }


def test_services_of_one_repository_are_told_apart() -> None:
    repository = Repository().commits(LINE).deploys("b", "d").deploys("c", "e", service="search")
    assert repository.first_deployments()["c"] == "shop2d"
    assert repository.first_deployments("search")["c"] == "search1c"
    assert repository.first_deployments("search")["e"] == "search2e"


def test_the_same_hash_in_two_repositories_is_two_commits() -> None:
    repository = Repository().commits(LINE).commits(LINE, of="fork").deploys("b")
    repository.deploys("c", service="fork", of="fork")
    assert set(repository.first_deployments()) == {"a", "b"}
    assert set(repository.first_deployments("fork")) == {"a", "b", "c"}


def test_failed_rollouts_contain_nothing() -> None:
    repository = Repository().commits(LINE).deploys("b", outcome="failed_rollout")
    assert repository.first_deployments() == {}


def test_the_report_counts_what_the_pass_saw() -> None:
    repository = Repository().commits(LINE).deploys("b", "gone")
    assert write_commit_graph(repository.con) == CommitGraphReport(
        commits=5, deployments=2, contained_commits=2, deployments_of_unknown_commits=1
    )


def test_an_empty_warehouse_gives_empty_tables() -> None:
    assert Repository().first_deployments() == {}


def test_a_cycle_which_only_a_lying_server_can_send_ends() -> None:
    repository = Repository().commits({"a": "b", "b": "a", "c": ()}).deploys("c", "a")
    assert repository.first_deployments()["c"] == "shop1c"


@pytest.mark.timeout(60)
def test_a_line_of_300_000_commits_needs_no_recursion() -> None:
    size = 300_000
    child = np.arange(1, size, dtype=np.int64)
    graph = CommitGraph.from_edges(size, child=child, parent=child - 1)
    commits, places = graph.smallest_descendant_places({size - 1: 1, size // 2: 0})
    assert len(commits) == size
    assert places.sum() == size - 1 - size // 2
    assert graph.is_ancestor(0, of=size - 1)
    assert not graph.is_ancestor(size - 1, of=0)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.integers(0, 2**32), st.integers(1, 6))
def test_the_pass_agrees_with_walking_from_every_deployment(size: int, seed: int, deployments: int) -> None:
    chance = random.Random(seed)
    edges = sorted(
        {(child, chance.randrange(child)) for child in range(1, size) for _ in range(chance.randint(0, 3))}
    )
    graph = CommitGraph.from_edges(
        size,
        child=np.array([edge[0] for edge in edges], dtype=np.int64),
        parent=np.array([edge[1] for edge in edges], dtype=np.int64),
    )
    deployed = [chance.randrange(size) for _ in range(deployments)]
    marks: dict[int, int] = {}
    for place, commit in enumerate(deployed):
        marks.setdefault(commit, place)
    expected: dict[int, int] = {}
    for place, commit in enumerate(deployed):
        for reached in {commit, *_ancestors(commit, edges)}:
            expected.setdefault(reached, place)
    commits, places = graph.smallest_descendant_places(marks)
    assert dict(zip(commits.tolist(), places.tolist(), strict=True)) == expected
    for one in range(size):
        other = chance.randrange(size)
        assert graph.is_ancestor(other, of=one) == (other in _ancestors(one, edges))


def _ancestors(commit: int, edges: Sequence[tuple[int, int]]) -> set[int]:
    found: set[int] = set()
    pending = [commit]
    while pending:
        current = pending.pop()
        for child, parent in edges:
            if child == current and parent not in found:
                found.add(parent)
                pending.append(parent)
    return found
