"""Planting one fault in a copy of a sound warehouse, making what follows from it, and running the checks."""

import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.source_contracts import source_contracts
from orchestration.stream_contracts import contracts_of
from quality_checks.checks import ExpectedPlace, run_checks
from quality_checks.source_drift.checks import check_source_drift
from tests.planted_faults.build_graph import Made, data_tests, made_relations, maker
from tests.planted_faults.warehouse_fault import LeftStanding, WarehouseFault, WrongCode, WrongRows

Fingerprints = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SoundWarehouse:
    """A warehouse in which nothing is wrong, and what its checks must know.

    Attributes:
        file: The warehouse, `assay.duckdb`, closed.
        earlier: The same warehouse after an earlier run.
        vault: The identity vault.
        kinds: The kinds of source that the workspace has.
        expected: The places that its settings name.
        fingerprints: Of the rows of each table that can be made again.
        values: A fingerprint of all values of metrics.
        red: The checks that are red already, as (name, subject).
    """

    file: Path
    earlier: Path
    vault: Path
    kinds: frozenset[str]
    expected: tuple[ExpectedPlace, ...]
    fingerprints: Fingerprints
    values: str
    red: frozenset[tuple[str, str]]

    @contextmanager
    def copied(self, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a copy to spoil, under the names that compiled SQL has for it."""
        copy = folder / "assay.duckdb"
        shutil.copyfile(self.file, copy)
        with opened(copy, self.vault) as con:
            yield con
        copy.unlink()


@contextmanager
def opened(warehouse: Path, vault: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse with the vault beside it, as dbt does."""
    with duckdb.connect(str(warehouse)) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach '{vault}' as vault (read_only)")
        yield con


def plant(con: duckdb.DuckDBPyConnection, sound: SoundWarehouse, fault: WarehouseFault) -> set[str]:
    """Plant a fault and make everything that follows from it; return the tables that changed."""
    planted = fault.plant
    if isinstance(planted, WrongRows):
        for statement in planted.statements:
            con.execute(statement.format(relation=planted.relation))
    elif isinstance(planted, LeftStanding):
        con.execute(f"attach '{sound.earlier}' as earlier (read_only)")
        con.execute(f"create or replace table {planted.relation} as from earlier.{planted.relation}")
        con.execute("detach earlier")
    else:
        _make(con, maker(planted.relation), _with_mistakes(planted))
    if fingerprint(con, planted.relation) == sound.fingerprints[planted.relation]:
        raise AssertionError(f"{fault.name} changes no row of {planted.relation}")
    return remake(con, sound.fingerprints, {planted.relation})


def remake(con: duckdb.DuckDBPyConnection, before: Fingerprints, changed: Collection[str]) -> set[str]:
    """Make again what is made of changed tables, and of what changes thereby; return all that changed."""
    found = set(changed)
    for each in made_relations():
        if not each.reads & found or found.issuperset(each.relations):
            continue
        if not each.is_view:
            _make(con, each, each.sql)
        found.update(name for name in each.relations if fingerprint(con, name) != before.get(name))
    return found


def newly_red(con: duckdb.DuckDBPyConnection, sound: SoundWarehouse, changed: Collection[str]) -> set[str]:
    """Return the names of the checks and of dbt's tests that find what is wrong."""
    red = {name for name, subject in red_checks(con, sound.kinds, sound.expected) - sound.red}
    return red | set(failing_tests(con, changed))


def red_checks(
    con: duckdb.DuckDBPyConnection, kinds: frozenset[str], expected: Collection[ExpectedPlace]
) -> frozenset[tuple[str, str]]:
    """Run every check that a run runs after its build; return those that are red."""
    results = [
        *run_checks(con, streams=contracts_of(kinds), expected=expected),
        *check_source_drift(con, source_contracts(kinds), accepted=()),
    ]
    return frozenset((result.name, result.subject) for result in results if not result.is_passed)


def failing_tests(con: duckdb.DuckDBPyConnection, changed: Collection[str]) -> Iterator[str]:
    """Give the names of dbt's tests of changed tables that find rows that must not be."""
    for test in data_tests():
        if test.reads & set(changed) and con.execute(f"select 1 from ({test.sql}) limit 1").fetchone():
            yield test.name


def fingerprints(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return a fingerprint of the rows of everything that can be made again."""
    return {name: fingerprint(con, name) for each in made_relations() for name in each.relations}


def fingerprint(con: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Return what is the same for the same rows in any order."""
    query = f"select count(*), sum(hash(rows)::hugeint % 1000000007) from {relation} as rows"
    return str(con.execute(query).fetchone())


def incentive_values(con: duckdb.DuckDBPyConnection) -> str:
    """Return a fingerprint of every value that a policy may let feed pay: all of the long table."""
    return fingerprint(con, "marts.mart_metric_values")


def _make(con: duckdb.DuckDBPyConnection, made: Made, sql: str) -> None:
    if made.make is not None:
        made.make(con)
        return
    for statement in made.before:
        con.execute(statement)
    (relation,) = made.relations
    for stream in sorted(made.reads):
        if stream.startswith("raw.") and stream.endswith("__new"):
            _read_from_the_beginning(con, stream)
    # a contract gives a model's columns another order than its SQL
    columns = ", ".join(f'"{name}"' for name, *_ in con.execute(f"describe {relation}").fetchall())
    try:
        con.execute(f"create or replace table {relation} as select {columns} from ({sql})")
    except duckdb.Error as error:
        error.add_note(f"in {relation}")
        raise


def _read_from_the_beginning(con: duckdb.DuckDBPyConnection, stream: str) -> None:
    """Let all pages of a stream and all its windows be new to staging."""
    whole = stream.removesuffix("__new")
    con.execute(f"create or replace view {stream} as from {whole}")
    con.execute(
        "update raw.build_state set processed_log_size = 0 where stream = ?", [whole.removeprefix("raw.")]
    )


def _with_mistakes(planted: WrongCode) -> str:
    sql = maker(planted.relation).sql
    for right, wrong in planted.replaced:
        if right not in sql:
            raise AssertionError(f"{planted.relation} has no {right!r} any more: write its fault anew")
        sql = sql.replace(right, wrong)
    return sql
