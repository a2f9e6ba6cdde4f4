"""What models read beside evidence, as it stood at a publication: settings, bounds, tokens of accounts.

Of accounts only the token and whether it is a bot's are kept: which account a token stands for is in the
identity vault alone, and the token of an account never changes. Working hours and exact bounds hang on
settings and on versions of software, so they are kept as they were instead of being computed by another
version. Each table is a file of its own that its hash names: what does not change between publications is
kept once.
"""

import hashlib
import io
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from lineage.errors import ReplayInputError
from lineage.ledger import canonical_json

TOKENS, PEOPLE = "vault.account_tokens", "vault.people"
_TABLES_OF = """
    select schema_name || '.' || table_name from duckdb_tables()
    where database_name = current_database()
        and (schema_name = 'config' or list_contains($computed::varchar[], schema_name || '.' || table_name))
    order by 1
"""
COMPUTED = (
    "computed.working_hours",
    "computed.working_days",
    "computed.poisson_bounds",
    "computed.median_ranks",
)
CHECKED = ("quality.check_results", "quality.source_drift")
"""What the checks of the build said: some of them asked the sources, which cannot be asked again."""
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")

Keep = Callable[[bytes], str]
"""Keeps some bytes and returns the SHA-256 that names them."""
Fetch = Callable[[str], bytes]
"""Returns the bytes that a SHA-256 names."""


@dataclass(frozen=True, slots=True)
class StoredInputs:
    """What was stored.

    Attributes:
        tables: hashes of tables by relation (`config.services`, `vault.account_tokens`).
        kinds: the kind of each source by its name.
        fetch: gives the bytes that a hash names.
    """

    tables: Mapping[str, str]
    kinds: Mapping[str, str]
    fetch: Fetch

    @classmethod
    def open(cls, sha256: str, fetch: Fetch) -> "StoredInputs":
        """Read the list of tables.

        Raises:
            ReplayInputError: it is not the one with this hash.
        """
        document = json.loads(_checked(fetch(sha256), sha256, "list of settings"))
        return cls(document["tables"], document["kinds"], fetch)

    def table(self, relation: str) -> pa.Table:
        """Return one table.

        Raises:
            ReplayInputError: its bytes are not those that were stored.
        """
        sha256 = self.tables[relation]
        content = _checked(self.fetch(sha256), sha256, f"table {relation}")
        return pa.ipc.open_stream(io.BytesIO(content)).read_all()

    def present(self, relations: Collection[str]) -> list[str]:
        """Return which of these relations were stored."""
        return sorted(self.tables.keys() & set(relations))


def keep_inputs(con: duckdb.DuckDBPyConnection, *, vault: str, kinds: Mapping[str, str], keep: Keep) -> str:
    """Store what the models of a warehouse read beside evidence, and return the hash that names it.

    Args:
        con: the warehouse.
        vault: the name under which the identity vault is attached to it.
        kinds: the kind of each source by its name.
        keep: stores bytes.
    """
    names = [name for (name,) in con.execute(_TABLES_OF, {"computed": [*COMPUTED, *CHECKED]}).fetchall()]
    queries = {name: f"select * from {_quoted(name)} order by all" for name in names}
    queries[TOKENS] = f"select distinct account_token, is_bot from {vault}.main.account_tokens order by all"
    queries[PEOPLE] = f"select * from {vault}.main.people order by all"
    tables = {name: keep(_spelt(con.sql(query).to_arrow_table())) for name, query in queries.items()}
    return keep(canonical_json({"v": 1, "tables": tables, "kinds": dict(kinds)}))


def _spelt(table: pa.Table) -> bytes:
    """The same bytes for the same rows."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue().to_pybytes())


def _checked(content: bytes, sha256: str, what: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ReplayInputError(
            f"the stored {what} is not what the publication names: its hash is {found}, not {sha256}; take "
            "the file from a backup, or replay another publication"
        )
    return content


def _quoted(relation: str) -> str:
    return ".".join(f'"{part}"' for part in relation.split("."))
