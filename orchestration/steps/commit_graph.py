"""The deployment of a service that first contained each commit, and how each deployment relates to the last.

One pass over the commit graph in topological order, linear in commits: a deployment's place in its service's
order travels from children to parents, and the smallest place that reaches a commit is the first deployment
that contained it (DESIGN §4; DEFINITIONS §1, §2.9). Services of one repository travel in layers over the same
order.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from orchestration.steps.commit_order import CommitGraph
from orchestration.steps.deployment_differences import new_commits

NUMBER_COMMITS = """
    create or replace temp table numbered_commits as
    select repository, commit_sha, parent_shas,
        row_number() over (order by repository, commit_sha) - 1 as commit_index
    from intermediate.int_commits
"""
READ_EDGES = """
    with edges as (
        select repository, commit_index, unnest(parent_shas) as parent_sha from numbered_commits
    )
    select edges.commit_index as child, parents.commit_index as parent
    from edges
    join numbered_commits as parents
        on parents.repository = edges.repository and parents.commit_sha = edges.parent_sha
    order by child, parent
"""
READ_ROLLOUTS = """
    select rollouts.service_id, rollouts.deployment_id, rollouts.repository, commits.commit_index
    from intermediate.int_deployments_rolled_out as rollouts
    left join numbered_commits as commits using (repository, commit_sha)
    where rollouts.is_production and rollouts.outcome = 'success'
    order by rollouts.service_id, rollouts.finished_at, rollouts.deployment_id
"""
WRITE_COMMITS = """
    create or replace table computed.deployment_commits as
    select
        rollouts.service_id,
        rollouts.deployment_id,
        commits.repository,
        commits.commit_sha,
        rollouts.is_baseline
    from first_places
    join rollouts on rollouts.place = first_places.place
    join numbered_commits as commits on commits.commit_index = first_places.commit_index
    order by rollouts.service_id, commits.repository, commits.commit_sha
"""
WRITE_ANCESTRY = """
    create or replace table computed.deployment_ancestry as
    select deployment_id, predecessor_deployment_id, relation
    from rollouts
    order by deployment_id
"""
WRITE_DIFFERENCES = """
    create or replace table computed.deployment_differences as
    select rollouts.deployment_id, commits.repository, commits.commit_sha
    from differences
    join rollouts on rollouts.place = differences.place
    join numbered_commits as commits on commits.commit_index = differences.commit_index
    order by rollouts.deployment_id, commits.commit_sha
"""


@dataclass(frozen=True, slots=True)
class Rollout:
    """A successful production deployment and the one that it replaces; `commit` is None if git lacks it."""

    service_id: str
    deployment_id: str
    repository: str
    commit: int | None
    predecessor: "Rollout | None"

    @property
    def is_baseline(self) -> bool:
        """What ran before is not known, so what this deployment brought cannot be told from old history."""
        return self.predecessor is None or self.predecessor.commit is None


@dataclass(frozen=True, slots=True)
class CommitGraphReport:
    """What one pass saw and wrote."""

    commits: int
    deployments: int
    contained_commits: int
    deployments_of_unknown_commits: int


def write_commit_graph(connection: duckdb.DuckDBPyConnection) -> CommitGraphReport:
    """Fill `computed.deployment_commits`, `deployment_ancestry` and `deployment_differences`."""
    connection.execute("create schema if not exists computed")
    connection.execute(NUMBER_COMMITS)
    graph = _read_graph(connection)
    rollouts = list(_read_rollouts(connection))
    first_places = _first_places(graph, rollouts)
    connection.register("first_places", first_places)
    connection.register("rollouts", _rollout_table(graph, rollouts))
    connection.execute(WRITE_COMMITS)
    connection.execute(WRITE_ANCESTRY)
    connection.register("differences", _differences(graph, rollouts))
    connection.execute(WRITE_DIFFERENCES)
    connection.unregister("differences")
    connection.unregister("first_places")
    connection.unregister("rollouts")
    connection.execute("drop table numbered_commits")
    return CommitGraphReport(
        commits=graph.size,
        deployments=len(rollouts),
        contained_commits=first_places.num_rows,
        deployments_of_unknown_commits=sum(rollout.commit is None for rollout in rollouts),
    )


def relation_to_predecessor(graph: CommitGraph, rollout: Rollout) -> str:
    """How a deployment's commit relates to the one that it replaces; an `ancestor` is a rollback."""
    before = rollout.predecessor.commit if rollout.predecessor else None
    after = rollout.commit
    if before is None or after is None:
        return "unknown"
    if before == after:
        return "same"
    if graph.is_ancestor(before, of=after):
        return "descendant"
    return "ancestor" if graph.is_ancestor(after, of=before) else "diverged"


def _read_graph(connection: duckdb.DuckDBPyConnection) -> CommitGraph:
    row = connection.execute("select count(*) from numbered_commits").fetchone()
    edges = connection.execute(READ_EDGES).to_arrow_table()
    return CommitGraph.from_edges(
        int(row[0]) if row else 0, child=edges["child"].to_numpy(), parent=edges["parent"].to_numpy()
    )


def _read_rollouts(connection: duckdb.DuckDBPyConnection) -> Iterator[Rollout]:
    """All rollouts in their services' hidden order: end, then deployment id."""
    predecessor: Rollout | None = None
    for service_id, deployment_id, repository, commit in connection.execute(READ_ROLLOUTS).fetchall():
        if predecessor is not None and predecessor.service_id != service_id:
            predecessor = None
        predecessor = Rollout(service_id, deployment_id, repository, commit, predecessor)
        yield predecessor


def _first_places(graph: CommitGraph, rollouts: list[Rollout]) -> pa.Table:
    """One row per commit and service that deployed it: the place of the first rollout that contained it."""
    commits: list[npt.NDArray[np.int64]] = []
    places: list[npt.NDArray[np.int64]] = []
    for layer in _layers(rollouts):
        reached_commits, reached_places = graph.smallest_descendant_places(layer)
        commits.append(reached_commits)
        places.append(reached_places)
    return pa.table(
        {
            "commit_index": np.concatenate(commits) if commits else np.empty(0, np.int64),
            "place": np.concatenate(places) if places else np.empty(0, np.int64),
        }
    )


def _differences(graph: CommitGraph, rollouts: list[Rollout]) -> pa.Table:
    """One row per rollout with a baseline and commit that it contains and its predecessor does not."""
    places: list[int] = []
    commits: list[int] = []
    for place, rollout in enumerate(rollouts):
        before = rollout.predecessor.commit if rollout.predecessor else None
        if before is not None and rollout.commit is not None:
            brought = new_commits(graph, before=before, after=rollout.commit)
            places.extend([place] * len(brought))
            commits.extend(brought)
    return pa.table({"place": pa.array(places, pa.int64()), "commit_index": pa.array(commits, pa.int64())})


def _layers(rollouts: list[Rollout]) -> list[dict[int, int]]:
    """Places by commit, spread so that one layer holds at most one service of a repository."""
    services_of: Counter[str] = Counter()
    layer_of: dict[str, int] = {}
    layers: list[dict[int, int]] = []
    for place, rollout in enumerate(rollouts):
        if rollout.service_id not in layer_of:
            layer_of[rollout.service_id] = services_of[rollout.repository]
            services_of[rollout.repository] += 1
        layer = layer_of[rollout.service_id]
        if layer == len(layers):
            layers.append({})
        if rollout.commit is not None:
            layers[layer].setdefault(rollout.commit, place)
    return layers


def _rollout_table(graph: CommitGraph, rollouts: list[Rollout]) -> pa.Table:
    predecessors = [
        rollout.predecessor.deployment_id if rollout.predecessor else None for rollout in rollouts
    ]
    return pa.table(
        {
            "place": pa.array(range(len(rollouts)), pa.int64()),
            "service_id": pa.array([rollout.service_id for rollout in rollouts], pa.string()),
            "deployment_id": pa.array([rollout.deployment_id for rollout in rollouts], pa.string()),
            "is_baseline": pa.array([rollout.is_baseline for rollout in rollouts], pa.bool_()),
            "predecessor_deployment_id": pa.array(predecessors, pa.string()),
            "relation": pa.array(
                [relation_to_predecessor(graph, rollout) for rollout in rollouts], pa.string()
            ),
        }
    )
