"""Replaying one cell: its records alone, the same stored SQL, the same number exactly (DESIGN I4)."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lineage.errors import TraceInputError
from lineage.replay.blanking import RECORDS_AT, keep_records
from lineage.replay.bundle import ModelBundle
from lineage.replay.inputs import StoredInputs
from lineage.replay.outcome import CellValues, Loaded, Replay, differences
from lineage.replay.ports import EvidenceArchive, Step
from lineage.replay.running import Sandbox, load_inputs, load_pages, open_sandbox
from lineage.trace.cells import CellName, Formulas, find_cell, find_definition
from lineage.trace.context import ORDINAL_BITS, Address, CellContext, Siblings, find_context, services_of
from lineage.trace.document import TracedCell, TracedDefinition, TracedFact
from lineage.trace.facts import find_facts
from lineage.trace.queries import literal, run_query
from lineage.trace.tracing import WITHHELD

_ORDINALS = (1 << ORDINAL_BITS) - 1
_SIBLINGS = {
    "intermediate.int_deployments_rolled_out": "marts.fct_deployments",
    "intermediate.int_incident_timeline": "marts.fct_incident_response",
    "intermediate.int_incidents": "marts.fct_incidents",
}
"""Facts that stand beside a cell's own, by what they are made of: each deployment replaces another, and of
two tellings of an incident one counts."""


@dataclass(frozen=True, slots=True)
class StoredBuild:
    """What a publication stored for its replay, and the parts that run it.

    Attributes:
        bundle: the compiled models.
        inputs: settings and tokens.
        inputs_sha256: the hash that names them.
        archive: the evidence below the publication's cutoff.
        accounts: `account_key`, `account_token` of the accounts known today.
        steps: the steps that SQL cannot take.
        clock: seconds that only go forward, for saying how long parts took.
    """

    bundle: ModelBundle
    inputs: StoredInputs
    inputs_sha256: str
    archive: EvidenceArchive
    accounts: Callable[[], pa.Table]
    steps: Sequence[Step]
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True)
class PublishedCell:
    """A published cell with its definition, its facts and the records that it is read against."""

    cell: TracedCell
    definition: TracedDefinition
    formulas: Formulas
    facts: tuple[TracedFact, ...]
    context: CellContext
    order: tuple[str, ...]

    @property
    def values(self) -> CellValues:
        """The published numbers."""
        return CellValues(self.cell.value, self.cell.numerator, self.cell.denominator, self.cell.n)


@dataclass(slots=True)
class Stopwatch:
    """Seconds by part."""

    clock: Callable[[], float]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Book the time of a block on a part."""
        begun = self.clock()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + self.clock() - begun


def find_published_cell(con: duckdb.DuckDBPyConnection, name: CellName, build: StoredBuild) -> PublishedCell:
    """Find a published cell, and everything that a replay of it reads.

    Raises:
        CellNotFoundError: there is no such cell.
        TraceInputError: the cell is withheld, or the database lacks something.
        ReplayInputError: the stored models do not make the metric's facts.
    """
    cell = find_cell(con, name)
    if WITHHELD in cell.flags:
        raise TraceInputError(
            f"{name.metric} for {name.scope_kind}:{name.scope_id} in {name.period} is withheld, so there is "
            "no number to compare a replay with"
        )
    definition, formulas = find_definition(con, cell)
    facts = find_facts(con, cell, definition, formulas)
    order = upstream_of(build, definition.fact_relation)
    return PublishedCell(
        cell=cell,
        definition=definition,
        formulas=formulas,
        facts=facts,
        context=context_of(con, cell, facts, build, order=order),
        order=tuple(order),
    )


def context_of(
    con: duckdb.DuckDBPyConnection,
    cell: TracedCell,
    facts: Sequence[TracedFact],
    build: StoredBuild,
    *,
    order: Sequence[str],
) -> CellContext:
    """Find the records that a cell with these facts is read against.

    Args:
        con: the publication's `analyst.duckdb`; read only.
        cell: the cell.
        facts: its facts.
        build: what the publication stored for its replay.
        order: everything upstream of the facts, see `upstream_of`.
    """
    return find_context(
        facts,
        build.archive,
        rules=build.bundle.context_rules(order),
        siblings=_siblings(con, cell, facts, order),
        is_everywhere=cell.scope_kind == "organisation",
    )


def replay_cell(
    con: duckdb.DuckDBPyConnection, name: CellName, build: StoredBuild, *, drop: Collection[int] = ()
) -> Replay:
    """Make a published cell again from its records alone and compare it with the published one, exactly.

    Args:
        con: the publication's `analyst.duckdb`; read only.
        name: which cell.
        build: what the publication stored for its replay.
        drop: ids of records to leave out, to see what they do.

    Raises:
        CellNotFoundError: there is no such cell.
        TraceInputError: the cell is withheld, or the database lacks something.
        ReplayInputError: what was stored is missing or another, or does not run.
    """
    watch = Stopwatch(build.clock)
    with watch.part("find the records"):
        found = find_published_cell(con, name, build)
    with duckdb.connect(":memory:") as sandbox_con:
        sandbox, loaded = load_cell(sandbox_con, found, build, drop=drop, watch=watch)
        with watch.part("run the models"):
            sandbox.run(found.order)
            replayed = cell_values(sandbox_con, found)
    return Replay(
        cell=found.cell,
        published=found.values,
        replayed=replayed,
        differences=differences(found.values, replayed),
        loaded=loaded,
        ran=tuple(sandbox.ran),
        models_sha256=build.bundle.sha256,
        inputs_sha256=build.inputs_sha256,
        dropped_each=(),
        seconds=watch.seconds,
    )


def load_cell(
    con: duckdb.DuckDBPyConnection,
    found: PublishedCell,
    build: StoredBuild,
    *,
    drop: Collection[int],
    watch: Stopwatch,
) -> tuple[Sandbox, Loaded]:
    """Lay out a sandbox with the records of a cell and nothing else of the evidence.

    Raises:
        TraceInputError: a record to leave out is none of the cell's: nothing would be left out.
    """
    context = found.context
    _demand_known(context, drop)
    rules = build.bundle.context_rules(found.order)
    kept = _kept_ordinals(context, drop)
    addresses: dict[int, Address] = {
        index: page
        for index, page in {**context.named_pages, **context.pages}.items()
        if page.table in rules and (index in context.pages or index in kept)
    }
    with watch.part("read the pages"):
        pages = _pages_by_table(build.archive, addresses)
        windows = build.archive.windows(addresses.values())
    with watch.part("load them"):
        sandbox = open_sandbox(con, build.bundle, build.steps)
        load_inputs(con, build.inputs, build.accounts(), needed=set(found.order))
        traced = {table: _only_traced(one, addresses, kept) for table, one in pages.items()}
        load_pages(con, rules, traced, windows)
        sandbox.with_pages = frozenset(page.table for page in addresses.values())
    loaded = Loaded(
        contributing=len(context.contributing),
        context=context.record_count,
        pages=len(addresses),
        body_bytes=sum(pc.sum(pc.binary_length(one["body"])).as_py() or 0 for one in pages.values()),
        dropped=tuple(sorted(drop)),
        frames=context.frames,
    )
    return sandbox, loaded


def cell_values(con: duckdb.DuckDBPyConnection, found: PublishedCell) -> CellValues:
    """Form the cell's numbers from the facts that a sandbox holds, with the definition's own SQL."""
    definition, formulas, cell = found.definition, found.formulas, found.cell
    row = run_query(
        con,
        f"select cast({formulas.value_sql} as decimal(28, 9)), "
        f"cast({formulas.numerator_sql or 'null'} as bigint), "
        f"cast({formulas.denominator_sql or 'null'} as bigint), cast({formulas.n_sql} as bigint) "
        f"from {definition.fact_relation} where ({definition.filter_sql}) and ({definition.scope_sql}) "
        f"and {definition.event_at_column} >= $period_start and {definition.event_at_column} < $period_end",
        scope_id=cell.scope_id,
        period_start=cell.period_start,
        period_end=cell.period_end,
    )[0]
    return CellValues(*row)


def upstream_of(build: StoredBuild, relation: str) -> list[str]:
    """Return a relation and everything upstream of it, in the order in which it is made."""
    also: dict[str, Sequence[str]] = {name: step.reads for step in build.steps for name in step.writes}
    return build.bundle.closure([relation], also=also)


def _siblings(
    con: duckdb.DuckDBPyConnection, cell: TracedCell, facts: Sequence[TracedFact], order: Sequence[str]
) -> Siblings:
    """Find the services of a cell, their repositories, and the records of their deployments and incidents."""
    condition = "true"
    if cell.scope_kind != "organisation":
        services = services_of(facts) | ({cell.scope_id} if cell.scope_kind == "service" else frozenset())
        condition = f"list_contains({literal(sorted(services))}, service_id)" if services else "false"
    places = run_query(con, f"select distinct repository from marts.dim_services where {condition}")
    ids = set[int]()
    for made_of, relation in _SIBLINGS.items():
        if made_of in order:
            query = (
                f"select distinct unnest(record_ids || context_record_ids) from {relation} where {condition}"
            )
            ids.update(one for (one,) in run_query(con, query))
    return Siblings(frozenset(ids), frozenset(place for (place,) in places if place is not None))


def _demand_known(context: CellContext, drop: Collection[int]) -> None:
    """Refuse to leave out what is not there: an equal number would say that the record does not matter."""
    known = context.contributing | context.named
    unknown = [
        one
        for one in sorted(drop)
        if one not in known
        and (
            (page := context.pages.get(one >> ORDINAL_BITS)) is None
            or one & _ORDINALS >= max(page.record_count, 1)
        )
    ]
    if unknown:
        raise TraceInputError(
            f"{', '.join(map(str, unknown))} is none of the records behind this number, so leaving it out "
            "says nothing. `assay trace` lists those that make it"
        )


def _kept_ordinals(context: CellContext, drop: Collection[int]) -> Mapping[int, frozenset[int]]:
    """Return for each page which records stay; pages that stay whole are left out."""
    without = set(drop)
    kept: dict[int, set[int]] = defaultdict(set)
    for one in (context.contributing | context.named) - without:
        if one >> ORDINAL_BITS not in context.pages:
            kept[one >> ORDINAL_BITS].add(one & _ORDINALS)
    for index in {one >> ORDINAL_BITS for one in without} & context.pages.keys():
        every = range(context.pages[index].record_count)
        kept[index] = {at for at in every if (index << ORDINAL_BITS) | at not in without}
    return {index: frozenset(ordinals) for index, ordinals in kept.items()}


def _pages_by_table(archive: EvidenceArchive, addresses: Mapping[int, Address]) -> dict[str, pa.Table]:
    """Read pages stream by stream, so that no body is copied to part them."""
    indexes = defaultdict[str, list[int]](list)
    for index, page in addresses.items():
        indexes[page.table].append(index)
    return {table: archive.pages(found) for table, found in sorted(indexes.items())}


def _only_traced(
    pages: pa.Table, addresses: Mapping[int, Address], kept: Mapping[int, frozenset[int]]
) -> pa.Table:
    """Blank in each page the records that were not traced; pages that stay whole are not touched."""
    blanked = {
        at: kept[index]
        for at, index in enumerate(pages["log_index"].to_pylist())
        if index in kept and len(kept[index]) < max(addresses[index].record_count, 1)
    }
    if not blanked:
        return pages
    bodies, headers = pages["body"].to_pylist(), pages["headers"]
    for at, ordinals in blanked.items():
        path = json.loads(headers[at].as_py()).get(RECORDS_AT)
        bodies[at] = keep_records(bodies[at], ordinals, path=path)
    return pages.set_column(pages.schema.get_field_index("body"), "body", pa.array(bodies, pa.binary()))
