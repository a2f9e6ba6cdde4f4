"""Leaving out contributing records one by one: which of them the number hangs on, and which are redundant.

The cell is made once. For each record its page is loaded without it, and only what reads that stream is made
again, model by model, as long as anything changes; then the database goes back to where it was.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from lineage.replay.blanking import RECORDS_AT, keep_records
from lineage.replay.bundle import NEW_PAGES
from lineage.replay.outcome import CellValues, Redundancy, Replay
from lineage.replay.replaying import (
    Made,
    PublishedNumber,
    Stopwatch,
    StoredBuild,
    find_published,
    load_cell,
    make_number,
    replay_of,
)
from lineage.replay.rows import RowText
from lineage.replay.running import Sandbox
from lineage.trace.cells import CellName
from lineage.trace.context import ORDINAL_BITS
from lineage.trace.queries import literal, run_query
from lineage.trace.tracing import Asked, Databases, Number, find_number

SAID_ELSEWHERE = "the same record was read again elsewhere, or a newer version of it stands in its place"
SAME_FACTS = "the facts stay as they are: what they take from it, other records say too"
SAME_NUMBER = "facts change, and the number does not: others decide it"
NOT_READ = "no model behind this number reads its stream"
_STAGING = "staging."
_SAYINGS = "what the facts say"
ID_COLUMNS = ("record_ids", "context_record_ids")
_ORDINALS = (1 << ORDINAL_BITS) - 1


def replay_without_each(con: duckdb.DuckDBPyConnection, name: CellName, build: StoredBuild) -> Replay:
    """Replay a cell of a metric, and again without each of its records; see `replay_number_without_each`."""
    number = find_number(Databases(published=con), name, Asked())
    return replay_number_without_each(con, number, build)


def replay_number_without_each(con: duckdb.DuckDBPyConnection, number: Number, build: StoredBuild) -> Replay:
    """Replay a number, and again without each of its contributing records.

    Args:
        con: the publication's `analyst.duckdb`; read only.
        number: the number, as `lineage.trace.find_number` found it.
        build: what the publication stored for its replay.

    Raises:
        TraceInputError: the database lacks something.
        ReplayInputError: what was stored is missing or another, or does not run.
    """
    watch = Stopwatch(build.clock)
    with watch.part("find the records"):
        found = find_published(con, number, build)
    with duckdb.connect(":memory:") as sandbox_con:
        sandbox, loaded = load_cell(sandbox_con, found, build, drop=(), watch=watch)
        with watch.part("run the models"):
            sandbox.run(found.order)
            made, ran = make_number(sandbox_con, found), tuple(sandbox.ran)
        with watch.part("leave out each record"):
            trial = _Trial(sandbox, found, made)
            each = tuple(trial.without(one) for one in sorted(found.context.contributing))
    return replay_of(found, made, loaded, build, ran=ran, watch=watch, dropped_each=each)


@dataclass(slots=True)
class _Trial:
    """A cell that was made, and what becomes of it without a record."""

    sandbox: Sandbox
    found: PublishedNumber
    whole: Made
    _prints: dict[str, tuple[object, ...]] = field(default_factory=dict)
    _said: tuple[object, ...] = ()

    def __post_init__(self) -> None:
        """Remember what the facts say, whichever records they name."""
        self._said = self._sayings()

    def without(self, record_id: int) -> Redundancy:
        """Make the cell again without a record, then go back."""
        con = self.sandbox.con
        table = self._table(record_id)
        if table is None:
            return Redundancy(record_id, is_redundant=True, reason=NOT_READ, without=self.whole.values)
        con.execute("begin transaction")
        try:
            self._blank(table, record_id)
            changed = self._make_again(table)
            is_touched = not changed.isdisjoint(self.found.relations)
            made = make_number(con, self.found) if is_touched else self.whole
        finally:
            con.execute("rollback")
        is_redundant = self._saying(made) == self._saying(self.whole)
        reason = self._reason(changed) if is_redundant else None
        return Redundancy(record_id, is_redundant, reason, made.values)

    def _saying(self, made: Made) -> tuple[CellValues, RowText]:
        """What is compared: the numbers, and the row without the ids that name the record itself."""
        return made.values, {name: text for name, text in made.row.items() if name not in ID_COLUMNS}

    def _reason(self, changed: frozenset[str]) -> str:
        if _SAYINGS in changed:
            return SAME_NUMBER
        return SAME_FACTS if any(name.startswith(_STAGING) for name in changed) else SAID_ELSEWHERE

    def _table(self, record_id: int) -> str | None:
        """The stream that holds the record, if the models read it."""
        pages = {**self.found.context.named_pages, **self.found.context.pages}
        page = pages.get(record_id >> ORDINAL_BITS)
        return page.table if page is not None and page.table in self.sandbox.with_pages else None

    def _blank(self, table: str, record_id: int) -> None:
        con, index = self.sandbox.con, record_id >> ORDINAL_BITS
        row = con.execute(
            f"select body, headers, record_count from raw.{table}{NEW_PAGES} where log_index = {index}"
        ).fetchone()
        if row is None:
            return
        body, headers, count = row
        others = set(range(count)) - {record_id & _ORDINALS}
        kept = keep_records(body, others, path=json.loads(headers).get(RECORDS_AT))
        con.execute(
            f"update raw.{table}{NEW_PAGES} set body = from_hex({literal(kept.hex())}) "
            f"where log_index = {index}"
        )

    def _make_again(self, table: str) -> frozenset[str]:
        """Make again what reads the stream, model by model, and return what is another than before."""
        changed = {f"raw.{table}{NEW_PAGES}", f"raw.{table}"}
        for relation in self.found.order:
            reads = self._reads(relation)
            if not changed & set(reads) or relation in changed:
                continue
            made = self._made_with(relation)
            before = {name: self._print(name) for name in made}
            self.sandbox.make(made[0])
            changed |= {name for name in made if self._fingerprint(name) != before[name]}
        if not changed.isdisjoint(self.found.relations) and self._sayings() != self._said:
            changed.add(_SAYINGS)
        return frozenset(changed)

    def _made_with(self, relation: str) -> tuple[str, ...]:
        step = self.sandbox.steps.get(relation)
        return step.writes if step is not None else (relation,)

    def _reads(self, relation: str) -> Sequence[str]:
        model, step = self.sandbox.bundle.models.get(relation), self.sandbox.steps.get(relation)
        return model.reads if model is not None else step.reads if step is not None else ()

    def _sayings(self) -> tuple[object, ...]:
        """Fingerprints of what the number is read from, whichever records it names."""
        return tuple(self._fingerprint(one, is_with_ids=False) for one in self.found.relations)

    def _print(self, relation: str) -> tuple[object, ...]:
        """The fingerprint of a relation of the whole cell."""
        if relation not in self._prints:
            self._prints[relation] = self._fingerprint(relation)
        return self._prints[relation]

    def _fingerprint(self, relation: str, *, is_with_ids: bool = True) -> tuple[object, ...]:
        """Rows, and two sums over their hashes: equal rows in any order have equal ones."""
        schema, _, name = relation.partition(".")
        without = "" if is_with_ids else self._id_columns(schema, name)
        row = self.sandbox.con.execute(
            "select count(*), bit_xor(hash(each_row)), sum(hash(each_row)) "
            f'from (select * {without} from {schema}."{name}") as each_row'
        ).fetchone()
        return tuple(row or ())

    def _id_columns(self, schema: str, name: str) -> str:
        rows = run_query(
            self.sandbox.con,
            "select column_name from duckdb_columns() where database_name = current_database() "
            "and schema_name = $schema and table_name = $name and list_contains($ids, column_name)",
            schema=schema,
            name=name,
            ids=list(ID_COLUMNS),
        )
        return f"exclude ({', '.join(one for (one,) in rows)})" if rows else ""
