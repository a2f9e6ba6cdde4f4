"""The commit graph as arrays: topological order, reachability, the smallest mark that reaches a commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

Indexes = npt.NDArray[np.int64]
UNREACHED = 2**62


@dataclass(frozen=True, slots=True)
class CommitGraph:
    """Commits are numbered from 0; `parents[offsets[i]:offsets[i + 1]]` are the known parents of i.

    A parent that is not known (a shallow clone) is left out; a cycle, which git cannot make, is not entered.
    """

    size: int
    offsets: list[int]
    parents: list[int]
    children_first: list[int]
    generations: list[int]
    _visits: list[int] = field(repr=False, compare=False)

    @classmethod
    def from_edges(cls, size: int, *, child: Indexes, parent: Indexes) -> Self:
        """Build from parallel arrays, sorted by child."""
        offsets = np.zeros(size + 1, dtype=np.int64)
        np.cumsum(np.bincount(child, minlength=size), out=offsets[1:])
        offset_list, parent_list = offsets.tolist(), parent.tolist()
        children = np.bincount(parent, minlength=size).tolist()
        order = _children_first(offset_list, parent_list, children)
        generations = _generations(offset_list, parent_list, order)
        return cls(size, offset_list, parent_list, order, generations, [0] * (size + 1))

    def smallest_descendant_places(self, places: Mapping[int, int]) -> tuple[Indexes, Indexes]:
        """The marked commits and all of their ancestors, each with the smallest mark that reaches it."""
        smallest = [UNREACHED] * self.size
        for commit, place in places.items():
            smallest[commit] = place
        offsets, parents = self.offsets, self.parents
        for commit in self.children_first:
            place = smallest[commit]
            if place != UNREACHED:
                for parent in parents[offsets[commit] : offsets[commit + 1]]:
                    if smallest[parent] > place:  # noqa: PLR1730 - a call of min() would double the pass
                        smallest[parent] = place
        reached = np.array(smallest, dtype=np.int64)
        commits = np.flatnonzero(reached != UNREACHED)
        return commits, reached[commits]

    def is_ancestor(self, ancestor: int, *, of: int) -> bool:
        """Whether a commit is a proper ancestor of another; it walks only commits of a higher generation."""
        floor = self.generations[ancestor]
        self._visits[self.size] += 1
        visit = self._visits[self.size]
        pending = [of]
        while pending:
            commit = pending.pop()
            for parent in self.parents[self.offsets[commit] : self.offsets[commit + 1]]:
                if parent == ancestor:
                    return True
                if self.generations[parent] > floor and self._visits[parent] != visit:
                    self._visits[parent] = visit
                    pending.append(parent)
        return False


def _children_first(offsets: list[int], parents: list[int], children: list[int]) -> list[int]:
    """Kahn's order: a commit comes when all of its children have come."""
    order: list[int] = []
    ready = [commit for commit, count in enumerate(children) if count == 0]
    while ready:
        commit = ready.pop()
        order.append(commit)
        for parent in parents[offsets[commit] : offsets[commit + 1]]:
            children[parent] -= 1
            if children[parent] == 0:
                ready.append(parent)
    return order


def _generations(offsets: list[int], parents: list[int], children_first: list[int]) -> list[int]:
    """Length of the longest path down to a root, so that an ancestor is always of a lower generation."""
    generations = [0] * (len(offsets) - 1)
    for commit in reversed(children_first):
        for parent in parents[offsets[commit] : offsets[commit + 1]]:
            if generations[parent] >= generations[commit]:
                generations[commit] = generations[parent] + 1
    return generations
