"""Running stored models in an empty database: the same SQL in the same order, without dbt."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from lineage.errors import ReplayInputError
from lineage.page_columns import PAGE_COLUMNS
from lineage.replay.bundle import NEW_PAGES, ModelBundle, StoredModel
from lineage.replay.inputs import PEOPLE, TOKENS, StoredInputs
from lineage.replay.ports import Step

SCHEMAS = ("raw", "config", "computed", "quality", "staging", "intermediate", "marts")
_WINDOWS = """
create table raw.fetch_windows (
    window_index bigint, window_id varchar, source varchar, kind varchar, stream varchar, scope varchar,
    parent_key varchar, requested_from timestamptz, requested_until timestamptz, started_at timestamptz,
    closed_at timestamptz, claimed_total bigint, record_count bigint, page_indexes bigint[],
    is_changed boolean, run_id varchar, is_new boolean
);
create table raw.evidence_pages (
    log_index bigint, source varchar, kind varchar, stream varchar, scope varchar, parent_key varchar,
    window_id varchar, sequence integer, record_count integer, fetched_at timestamptz, url varchar,
    body_sha256 varchar, body_bytes bigint
);
create table raw.redactions (log_index bigint, json_paths varchar[]);
create table raw.unreadable_records (stream varchar, record_id bigint);
"""
_TOKENS = """
create table vault.main.account_tokens as
select account_key, account_token, incoming.is_bot from known join incoming using (account_token)
"""


@dataclass(slots=True)
class Sandbox:
    """An empty database in memory that looks like the warehouse to the models.

    Attributes:
        con: the database.
        bundle: the models.
        steps: by relation that a step makes.
        with_pages: the streams of which pages were loaded; models of others stay empty.
        left_empty: relations that are not made but laid out empty, with their columns.
        ran: the models and steps that were run, in order.
    """

    con: duckdb.DuckDBPyConnection
    bundle: ModelBundle
    steps: Mapping[str, Step]
    with_pages: frozenset[str] = frozenset()
    left_empty: Mapping[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    def order(self, relations: Iterable[str]) -> list[str]:
        """Return relations and everything upstream of them, in the order in which they are made."""
        also: dict[str, Sequence[str]] = {name: step.reads for name, step in self.steps.items()}
        return self.bundle.closure(relations, also=also)

    def run(self, order: Sequence[str]) -> None:
        """Make every model and step of this order.

        Raises:
            ReplayInputError: one of them does not run.
        """
        for name in order:
            self.make(name)

    def make(self, relation: str) -> None:
        """Make one model, or take the step that makes it; nothing where neither does."""
        model, step = self.bundle.models.get(relation), self.steps.get(relation)
        if relation in self.left_empty:
            self.con.execute(f"create or replace table {_quoted(relation)} ({self.left_empty[relation]})")
            return
        try:
            if model is not None:
                self._make_model(model)
            elif step is not None and relation == step.writes[0]:
                step.run(self.con)
            else:
                return
        except duckdb.Error as error:
            raise ReplayInputError(f"the stored SQL of {relation} does not run: {error}") from error
        self.ran.append(relation)

    def _make_model(self, model: StoredModel) -> None:
        name = _quoted(model.relation)
        if model.is_view:
            self.con.execute(f"create or replace view {name} as {model.sql}")
            return
        if not model.columns:
            self.con.execute(f"create or replace table {name} as {model.sql}")
        else:
            typed = ", ".join(f'"{column}" {kind}' for column, kind in model.columns)
            self.con.execute(f"create or replace table {name} ({typed})")
            if not model.streams or self.with_pages & set(model.streams):
                listed = ", ".join(f'"{column}"' for column, _ in model.columns)
                self.con.execute(f"insert into {name} select {listed} from ({model.sql}\n)")
        if model.streams and model.key:
            nameless = " or ".join(f'"{column}" is null' for column in model.key)
            self.con.execute(f"delete from {name} where {nameless}")


def open_sandbox(con: duckdb.DuckDBPyConnection, bundle: ModelBundle, steps: Iterable[Step]) -> Sandbox:
    """Lay out an empty warehouse in a database in memory.

    Args:
        con: a new database in memory.
        bundle: the models.
        steps: the steps that SQL cannot take.
    """
    con.execute("attach ':memory:' as assay; attach ':memory:' as vault; use assay; set TimeZone = 'UTC'")
    con.execute("set enable_progress_bar = false")
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    con.execute(_WINDOWS)
    return Sandbox(con, bundle, {name: step for step in steps for name in step.writes})


def load_inputs(
    con: duckdb.DuckDBPyConnection, inputs: StoredInputs, accounts: pa.Table, *, needed: Collection[str]
) -> None:
    """Load the stored settings and tokens.

    Args:
        con: the sandbox.
        inputs: what was stored.
        accounts: `account_key`, `account_token` of the accounts known today; the stored tokens decide.
        needed: relations that the models read.
    """
    for relation in inputs.present(needed):
        if relation not in (TOKENS, PEOPLE):
            _insert(
                con, f"create or replace table {_quoted(relation)} as from incoming", inputs.table(relation)
            )
    if TOKENS in needed:
        con.register("known", accounts)
        _insert(con, _TOKENS, inputs.table(TOKENS))
        con.unregister("known")
    if PEOPLE in needed:
        _insert(con, "create table vault.main.people as select * from incoming", inputs.table(PEOPLE))


def _insert(con: duckdb.DuckDBPyConnection, query: str, incoming: pa.Table) -> None:
    con.register("incoming", incoming)
    con.execute(query)
    con.unregister("incoming")


def load_pages(
    con: duckdb.DuckDBPyConnection, streams: Iterable[str], pages: Mapping[str, pa.Table], windows: pa.Table
) -> None:
    """Load pages by stream, and the windows of their sets.

    Args:
        con: the sandbox.
        streams: every stream that the models read; without pages its table is empty.
        pages: pages by stream.
        windows: closed windows, with the columns of `raw.fetch_windows` but `is_new`.
    """
    typed = ", ".join(f"{name} {kind}" for name, kind in PAGE_COLUMNS.items())
    for table in streams:
        con.execute(f"create table raw.{table}{NEW_PAGES} ({typed})")
        con.execute(f"create view raw.{table} as from raw.{table}{NEW_PAGES}")
        if table not in pages:
            continue
        kind, _, stream = table.partition("__")
        con.register("incoming", pages[table])
        con.execute(f"insert into raw.{table}{NEW_PAGES} by name select * from incoming order by log_index")
        con.execute(
            "insert into raw.evidence_pages select log_index, source, ?, ?, scope, parent_key, window_id, "
            "sequence, record_count, fetched_at, url, body_sha256, octet_length(body) from incoming",
            [kind, stream],
        )
        con.unregister("incoming")
    con.register("incoming", windows)
    con.execute("insert into raw.fetch_windows by name select *, true as is_new from incoming")
    con.unregister("incoming")


def _quoted(relation: str) -> str:
    return ".".join(f'"{part}"' for part in relation.split("."))
