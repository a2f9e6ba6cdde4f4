"""The commits that one deployment contains and another does not: `git log before..after` on arrays."""

from heapq import heappop, heappush

from orchestration.steps.commit_order import CommitGraph


def new_commits(graph: CommitGraph, *, before: int, after: int) -> list[int]:
    """Return the commits reachable from `after` and not from `before`, both included, without an order.

    The work is linear in what differs between the two, not in the history below them.
    """
    offsets, parents, generations = graph.offsets, graph.parents, graph.generations
    brought: list[int] = []
    commit = after
    while commit != before:  # a straight line from one to the other is the usual case
        brought.append(commit)
        if offsets[commit + 1] - offsets[commit] != 1 or generations[commit] <= generations[before]:
            return _new_commits(graph, before=before, after=after)
        commit = parents[offsets[commit]]
    return brought


def _new_commits(graph: CommitGraph, *, before: int, after: int) -> list[int]:
    """Walk both histories from the highest generation down; what both reach is known before its ancestors."""
    is_old = {after: False, before: True}
    waiting: list[tuple[int, int]] = []
    for commit in is_old:
        heappush(waiting, (-graph.generations[commit], commit))
    brought, new_waiting = [], 0 if before == after else 1
    while new_waiting:
        _, commit = heappop(waiting)
        if not is_old[commit]:
            brought.append(commit)
            new_waiting -= 1
        for parent in graph.parents[graph.offsets[commit] : graph.offsets[commit + 1]]:
            if parent not in is_old:
                heappush(waiting, (-graph.generations[parent], parent))
                is_old[parent] = is_old[commit]
                new_waiting += not is_old[commit]
            elif is_old[commit] and not is_old[parent]:
                is_old[parent] = True
                new_waiting -= 1
    return brought
