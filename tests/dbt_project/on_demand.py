"""A warehouse in memory whose models, and the steps between them, run when something first reads them.

Each model is tested as dbt tests it: no story may leave rows that would stop a build.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, partial

import duckdb

from orchestration.steps.business_hours import write_working_hours
from orchestration.steps.commit_graph import write_commit_graph
from orchestration.steps.intervals import write_interval_tables
from tests.dbt_project.compiled import Model, compiled_checks, compiled_models

_RELATION = re.compile(r'\b(intermediate|marts|computed)"?\."?(\w+)')
_GRAPH_READS = frozenset({"intermediate.int_commits", "intermediate.int_deployments_rolled_out"})
_GRAPH_WRITES = ("deployment_commits", "deployment_ancestry", "deployment_differences")


@dataclass(frozen=True, slots=True)
class Step:
    """What makes tables: a model, or Python between models.

    Attributes:
        name: What it is called.
        reads: The relations that must stand before, such as `intermediate.int_commits`.
        run: Makes them.
    """

    name: str
    reads: frozenset[str]
    run: Callable[[duckdb.DuckDBPyConnection], object]


@cache
def steps() -> Mapping[str, Step]:
    """Return what makes each relation, by its name."""
    models = {
        f"{model.schema}.{model.name}": Step(
            model.name, frozenset(_relations(model.sql)), partial(_create, model=model)
        )
        for model in compiled_models()
    }
    graph = Step("commit graph", _GRAPH_READS, write_commit_graph)
    intervals = Step("intervals", frozenset(), partial(write_interval_tables, largest_exact=40))
    first, last = date(2024, 1, 1), date(2029, 1, 1)
    hours = Step("working hours", frozenset(), partial(write_working_hours, first=first, last=last))
    computed = {
        **dict.fromkeys(_GRAPH_WRITES, graph),
        "poisson_bounds": intervals,
        "median_ranks": intervals,
        "working_hours": hours,
        "working_days": hours,
    }
    return models | {f"computed.{name}": step for name, step in computed.items()}


@dataclass(slots=True)
class OnDemand:
    """What of one warehouse stands already."""

    con: duckdb.DuckDBPyConnection
    made: set[str] = field(default_factory=set)

    def need(self, sql: str) -> None:
        """Make what a query reads; a query of the catalogue sees everything."""
        if "information_schema" in sql:
            self.need_all()
        for relation in _relations(sql):
            self._make(relation)

    def need_all(self) -> None:
        """Make everything."""
        for relation in steps():
            self._make(relation)

    def _make(self, relation: str) -> None:
        step = steps().get(relation)
        if step is None or step.name in self.made:
            return
        for each in sorted(step.reads):
            self._make(each)
        step.run(self.con)
        self.made.add(step.name)
        self.check(step.name)

    def check(self, model: str) -> None:
        """Run a model's tests, but those that read what does not stand yet."""
        for check in compiled_checks().get(model, ()):
            if all(steps()[each].name in self.made for each in _relations(check.sql) if each in steps()):
                rows = self.con.execute(check.sql).fetchall()
                assert not rows, f"{check.name} finds {len(rows)} rows in {model}, such as {rows[0]}"


def _relations(sql: str) -> Iterator[str]:
    """The relations that SQL names."""
    for found in _RELATION.finditer(sql):
        yield f"{found[1]}.{found[2]}"


def _create(con: duckdb.DuckDBPyConnection, *, model: Model) -> None:
    try:
        con.execute(f"create table {model.schema}.{model.name} as {model.sql}")
    except duckdb.Error as error:
        error.add_note(f"in {model.name}")
        raise
