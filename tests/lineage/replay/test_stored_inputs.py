"""Settings and tokens as a publication stores them."""

import hashlib
from collections.abc import Iterator

import duckdb
import pytest

from lineage.errors import ReplayInputError
from lineage.replay import StoredInputs, keep_inputs

WAREHOUSE = """
create schema config; create schema computed; attach ':memory:' as people;
create table config.services as select 'checkout' as service_id, ['a', 'b'] as patterns;
create table computed.median_ranks as select 6 as n, 1 as lower_rank;
create table computed.deployment_commits as select 'x' as commit_sha;
create table people.main.account_tokens as
    select 'git:maria@acme.example' as account_key, 'acct_1' as account_token, false as is_bot;
create table people.main.people as select 'acct_1' as account_token, 'pers_1' as person_token;
"""


KINDS = {"forge": "github"}


class Store(dict[str, bytes]):
    """Bytes by their hash."""

    def keep(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self[sha256] = content
        return sha256


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(WAREHOUSE)
        yield opened


def test_settings_are_read_back_as_they_were_stored(con: duckdb.DuckDBPyConnection) -> None:
    store = Store()
    inputs = StoredInputs.open(
        keep_inputs(con, vault="people", kinds=KINDS, keep=store.keep), store.__getitem__
    )
    assert inputs.table("config.services").to_pylist() == [{"service_id": "checkout", "patterns": ["a", "b"]}]


def test_the_kinds_of_sources_are_those_of_then(con: duckdb.DuckDBPyConnection) -> None:
    store = Store()
    sha256 = keep_inputs(con, vault="people", kinds=KINDS, keep=store.keep)
    assert StoredInputs.open(sha256, store.__getitem__).kinds == KINDS


def test_what_steps_derive_from_evidence_is_not_stored(con: duckdb.DuckDBPyConnection) -> None:
    store = Store()
    inputs = StoredInputs.open(
        keep_inputs(con, vault="people", kinds=KINDS, keep=store.keep), store.__getitem__
    )
    assert "computed.median_ranks" in inputs.tables
    assert "computed.deployment_commits" not in inputs.tables


def test_no_name_and_no_account_is_stored(con: duckdb.DuckDBPyConnection) -> None:
    store = Store()
    inputs = StoredInputs.open(
        keep_inputs(con, vault="people", kinds=KINDS, keep=store.keep), store.__getitem__
    )
    assert inputs.table("vault.account_tokens").to_pylist() == [{"account_token": "acct_1", "is_bot": False}]
    assert not any("maria" in str(inputs.table(name).to_pylist()) for name in inputs.tables)


def test_equal_settings_are_stored_once(con: duckdb.DuckDBPyConnection) -> None:
    store = Store()
    first = keep_inputs(con, vault="people", kinds=KINDS, keep=store.keep)
    held = len(store)
    assert keep_inputs(con, vault="people", kinds=KINDS, keep=store.keep) == first
    assert len(store) == held


def test_a_table_that_was_changed_is_named(con: duckdb.DuckDBPyConnection) -> None:
    store = Store()
    inputs = StoredInputs.open(
        keep_inputs(con, vault="people", kinds=KINDS, keep=store.keep), store.__getitem__
    )
    store[inputs.tables["config.services"]] = store[inputs.tables["computed.median_ranks"]]
    with pytest.raises(ReplayInputError, match=r"table config\.services is not what the publication names"):
        inputs.table("config.services")


def test_a_list_of_tables_that_was_changed_is_told(con: duckdb.DuckDBPyConnection) -> None:
    store = Store()
    sha256 = keep_inputs(con, vault="people", kinds=KINDS, keep=store.keep)
    store[sha256] = store[sha256].replace(b"config.services", b"config.servants")
    with pytest.raises(ReplayInputError, match="list of settings is not what the publication names"):
        StoredInputs.open(sha256, store.__getitem__)
