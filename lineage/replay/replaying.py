"""Replaying one cell: its records alone, the same stored SQL, the same number exactly (DESIGN I4)."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lineage.errors import ReplayInputError, TraceInputError
from lineage.replay.blanking import RECORDS_AT, keep_records
from lineage.replay.bundle import ModelBundle
from lineage.replay.inputs import StoredInputs
from lineage.replay.outcome import CellValues, Loaded, Redundancy, Replay, differences
from lineage.replay.ports import EvidenceArchive, Step
from lineage.replay.rows import MartRow, RowText, row_of
from lineage.replay.running import Sandbox, load_inputs, load_pages, open_sandbox
from lineage.replay.siblings import find_siblings, is_everywhere
from lineage.trace.arguments import PERSON
from lineage.trace.cells import CellName
from lineage.trace.context import ORDINAL_BITS, Address, CellContext, find_context
from lineage.trace.document import TracedCell
from lineage.trace.queries import run_query
from lineage.trace.tracing import Asked, Databases, Number, find_number

_ORDINALS = (1 << ORDINAL_BITS) - 1
_PEOPLE = "intermediate.int_people"


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
class PublishedNumber:
    """A published number with its facts, the records that it is read against, and what makes it.

    Attributes:
        number: the number, as a trace finds it.
        context: its records.
        order: everything upstream of it, in the order in which it is made.
        row: the row that it stands in, where it is no plain formula over facts.
        published_row: that row's columns.
    """

    number: Number
    context: CellContext
    order: tuple[str, ...]
    row: MartRow | None
    published_row: RowText

    @property
    def cell(self) -> TracedCell:
        """The cell."""
        return self.number.cell

    @property
    def values(self) -> CellValues:
        """The published numbers."""
        return CellValues(self.cell.value, self.cell.numerator, self.cell.denominator, self.cell.n)

    @property
    def relations(self) -> tuple[str, ...]:
        """The relations that the number is read from."""
        return relations_of(self.number, self.row)


@dataclass(frozen=True, slots=True)
class Made:
    """What a sandbox made of a number: its four numbers, and its row where it stands in one."""

    values: CellValues
    row: RowText


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


def find_published(con: duckdb.DuckDBPyConnection, number: Number, build: StoredBuild) -> PublishedNumber:
    """Find everything that a replay of a number reads.

    Args:
        con: the publication's `analyst.duckdb`; read only.
        number: the number, as `lineage.trace.find_number` found it.
        build: what the publication stored for its replay.

    Raises:
        TraceInputError: the database lacks something.
        ReplayInputError: the stored models do not make the number.
    """
    row = row_of(con, number)
    left_empty = row.left_empty if row is not None else {}
    order = upstream_of(build, *relations_of(number, row), without=left_empty)
    return PublishedNumber(
        number=number,
        context=context_of(con, number, build, order=order),
        order=tuple(order),
        row=row,
        published_row=row.read(con) if row is not None else {},
    )


def relations_of(number: Number, row: MartRow | None) -> tuple[str, ...]:
    """Return the relations that a number is read from: its row's or its facts', and people's accounts."""
    if row is not None:
        return (row.relation,)
    people = (_PEOPLE,) if number.cell.scope_kind == PERSON else ()
    return (number.definition.fact_relation, *people)


def context_of(
    con: duckdb.DuckDBPyConnection, number: Number, build: StoredBuild, *, order: Sequence[str]
) -> CellContext:
    """Find the records that a number is read against.

    Args:
        con: the publication's `analyst.duckdb`; read only.
        number: the number with its facts.
        build: what the publication stored for its replay.
        order: everything upstream of the number, see `upstream_of`.
    """
    return find_context(
        number.facts,
        build.archive,
        rules=build.bundle.context_rules(order),
        siblings=find_siblings(con, number, order),
        is_everywhere=is_everywhere(number),
    )


def replay_cell(
    con: duckdb.DuckDBPyConnection, name: CellName, build: StoredBuild, *, drop: Collection[int] = ()
) -> Replay:
    """Make a published cell of a metric again, see `replay_number`.

    Raises:
        CellNotFoundError: there is no such cell.
        TraceInputError: the cell is withheld, or the database lacks something.
        ReplayInputError: what was stored is missing or another, or does not run.
    """
    number = find_number(Databases(published=con), name, Asked())
    return replay_number(con, number, build, drop=drop)


def replay_number(
    con: duckdb.DuckDBPyConnection, number: Number, build: StoredBuild, *, drop: Collection[int] = ()
) -> Replay:
    """Make a published number again from its records alone and compare it with the published one, exactly.

    Args:
        con: the publication's `analyst.duckdb`; read only.
        number: the number, as `lineage.trace.find_number` found it.
        build: what the publication stored for its replay.
        drop: ids of records to leave out, to see what they do.

    Raises:
        TraceInputError: the database lacks something.
        ReplayInputError: what was stored is missing or another, or does not run.
    """
    watch = Stopwatch(build.clock)
    with watch.part("find the records"):
        found = find_published(con, number, build)
    with duckdb.connect(":memory:") as sandbox_con:
        sandbox, loaded = load_cell(sandbox_con, found, build, drop=drop, watch=watch)
        with watch.part("run the models"):
            sandbox.run(found.order)
            made = make_number(sandbox_con, found)
    return replay_of(found, made, loaded, build, ran=sandbox.ran, watch=watch)


def replay_of(
    found: PublishedNumber,
    made: Made,
    loaded: Loaded,
    build: StoredBuild,
    *,
    ran: Sequence[str],
    watch: Stopwatch,
    dropped_each: Sequence[Redundancy] = (),
) -> Replay:
    """Put down what came out beside what was published."""
    row = found.row.compare(found.published_row, made.row) if found.row is not None else ()
    return Replay(
        cell=found.cell,
        published=found.values,
        replayed=made.values,
        differences=differences(found.values, made.values, row),
        loaded=loaded,
        ran=tuple(ran),
        models_sha256=build.bundle.sha256,
        inputs_sha256=build.inputs_sha256,
        dropped_each=tuple(dropped_each),
        seconds=watch.seconds,
        address=found.number.address,
        row=row,
    )


def load_cell(
    con: duckdb.DuckDBPyConnection,
    found: PublishedNumber,
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
        if found.row is not None:
            sandbox.left_empty = found.row.left_empty
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


def make_number(con: duckdb.DuckDBPyConnection, found: PublishedNumber) -> Made:
    """Read the number from what a sandbox holds: its row, or its formula over the facts.

    Raises:
        ReplayInputError: it has neither.
    """
    if found.row is not None:
        return Made(found.row.values(con), found.row.read(con))
    definition, formulas, cell = found.number.definition, found.number.formulas, found.cell
    if formulas is None:
        raise ReplayInputError(f"{found.number.address} is neither a formula over facts nor a row of a mart")
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
    return Made(CellValues(*row), {})


def upstream_of(build: StoredBuild, *relations: str, without: Collection[str] = ()) -> list[str]:
    """Return relations and everything upstream of them, but not of some, in the order of their making."""
    also: dict[str, Sequence[str]] = {name: step.reads for step in build.steps for name in step.writes}
    return build.bundle.closure(relations, also=also, without=without)


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
    bodies = []
    for at, (body, headers) in enumerate(zip(pages["body"], pages["headers"], strict=True)):
        content = body.as_py()  # one at a time: a whole body is let go as soon as it is blanked
        if at in blanked:
            path = json.loads(headers.as_py()).get(RECORDS_AT)
            content = keep_records(content, blanked[at], path=path)
        bodies.append(content)
    return pages.set_column(pages.schema.get_field_index("body"), "body", pa.array(bodies, pa.binary()))
