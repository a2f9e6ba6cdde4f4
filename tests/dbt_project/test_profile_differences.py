"""The commits that a deployment contains and the one before it does not."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.steps.commit_order import CommitGraph
from orchestration.steps.deployment_differences import new_commits

Edges = list[list[int]]


def graph_of(parents: Edges) -> CommitGraph:
    pairs = sorted((child, parent) for child, each in enumerate(parents) for parent in each)
    child, parent = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    return CommitGraph.from_edges(len(parents), child=child, parent=parent)


def reachable(parents: Edges, commit: int) -> set[int]:
    found, waiting = set[int](), [commit]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(parents[one])
    return found


LINE: Edges = [[], [0], [1], [2], [3]]


def test_on_a_line_they_lie_between_the_two() -> None:
    assert sorted(new_commits(graph_of(LINE), before=1, after=4)) == [2, 3, 4]


def test_a_rollback_and_a_repetition_bring_none() -> None:
    assert new_commits(graph_of(LINE), before=4, after=1) == []
    assert new_commits(graph_of(LINE), before=3, after=3) == []


def test_a_merge_brings_its_branch_but_not_what_both_have() -> None:
    parents: Edges = [[], [0], [0], [1, 2], [3]]
    assert sorted(new_commits(graph_of(parents), before=1, after=4)) == [2, 3, 4]


def test_of_two_histories_all_of_the_newer_is_new() -> None:
    parents: Edges = [[], [0], [], [2]]
    assert sorted(new_commits(graph_of(parents), before=1, after=3)) == [2, 3]


@st.composite
def histories(draw: st.DrawFn) -> tuple[Edges, int, int]:
    size = draw(st.integers(1, 14))
    parents: Edges = [
        sorted(draw(st.sets(st.integers(0, commit - 1), max_size=3))) if commit else []
        for commit in range(size)
    ]
    return parents, draw(st.integers(0, size - 1)), draw(st.integers(0, size - 1))


@settings(max_examples=300, deadline=None)
@given(histories())
def test_on_any_history_they_are_what_only_the_newer_reaches(history: tuple[Edges, int, int]) -> None:
    parents, before, after = history
    found = new_commits(graph_of(parents), before=before, after=after)
    assert sorted(found) == sorted(reachable(parents, after) - reachable(parents, before))
