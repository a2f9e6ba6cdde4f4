"""Keeping Dagster's event history in step with a run: thousands of events, each in its own connection.

Dagster's SQLite storage makes an engine, a connection and a transaction for each event, and asks each time
which tables and columns there are: ten milliseconds, of which the insert is one. For the length of a run one
engine for each file stays, with its compiled statements and its connections, and what is planned is stored
in few transactions. Events, tables and locks stay Dagster's own. With the power the history may lose the last
events of a run; neither evidence nor ledger rests on it.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import dagster as dg
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine

_BATCH_VARIABLE = "DAGSTER_EVENT_BATCH_SIZE"  # Dagster's own: how many planned events it stores at once
_BATCH_SIZE = "1000"
_BUSY_SECONDS = 30.0  # as long as Dagster waits for another writer


@contextmanager
def quick_history(instance: dg.DagsterInstance) -> Iterator[None]:
    """Make the writing of an instance's events quick for the length of the block; nothing stays open after.

    Methods are replaced on this one storage object: Dagster has no setting for it, and a storage of a class
    of our own would have to be named, with its absolute folder, in each workspace's `dagster.yaml`.
    """
    storage: Any = instance.event_log_storage
    if not hasattr(storage, "conn_string_for_shard"):
        yield  # not the SQLite storage with a file for each run; others keep their connections themselves
        return
    shards = _Shards(storage)
    methods: dict[str, Callable[..., Any]] = {
        "_connect": shards.connect,
        "has_table": shards.has_table,
        "_has_asset_key_col_on_connection": shards.has_column,
        "store_event_batch": shards.store_batch,
    }
    vars(storage).update(methods)
    try:
        with _batches():
            yield
    finally:
        for name in methods:
            del vars(storage)[name]
        shards.close()


class _Shards:
    """The files of a storage, one for each run and one index, each with an engine that stays."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage
        self._lock = threading.RLock()
        self._engines: dict[str, Engine] = {}
        self._batch: tuple[ExitStack, dict[str, Connection]] | None = None
        self._ask_table: Callable[[str], bool] = storage.has_table
        self._ask_column: Callable[[Connection, str], bool]
        self._ask_column = storage._has_asset_key_col_on_connection  # noqa: SLF001 - see `quick_history`
        self._known: set[str] = set()

    @contextmanager
    def connect(self, shard: str) -> Iterator[Connection]:
        """Open a transaction in a shard, or join the one of the batch that this thread is storing."""
        with self._lock:
            if self._batch is None:
                with self._engine(shard).begin() as connection:
                    yield connection
                return
            stack, joined = self._batch
            if shard not in joined:
                joined[shard] = stack.enter_context(self._engine(shard).begin())
            yield joined[shard]

    def store_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Store events in their order, all in one transaction of each shard; all or none."""
        with self._lock, ExitStack() as stack:
            self._batch = stack, {}
            try:
                for each in events:
                    self._storage.store_event(each)
            finally:
                self._batch = None

    def has_table(self, name: str) -> bool:
        """Whether the index has a table; tables that are there stay."""
        return self._remember(f"table {name}", lambda: self._ask_table(name))

    def has_column(self, connection: Connection, name: str) -> bool:
        """Whether the table of assets has a column; columns that are there stay."""
        return self._remember(f"column {name}", lambda: self._ask_column(connection, name))

    def close(self) -> None:
        """Let go of every file."""
        with self._lock:
            for engine in self._engines.values():
                engine.dispose()

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            engine = create_engine(
                self._storage.conn_string_for_shard(shard),
                connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _wait_less_for_the_disk)
            self._storage._initdb(engine)  # noqa: SLF001 - as `_connect` does
            self._storage._initialized_dbs.add(shard)  # noqa: SLF001 - as `_connect` does
            self._engines[shard] = engine
        return self._engines[shard]

    def _remember(self, question: str, ask: Callable[[], bool]) -> bool:
        if question in self._known:
            return True
        is_there = ask()
        if is_there:
            self._known.add(question)
        return is_there


def _wait_less_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("pragma synchronous = normal")


@contextmanager
def _batches() -> Iterator[None]:
    """Let Dagster store what a run plans in batches, unless the environment says how many already."""
    given = os.environ.get(_BATCH_VARIABLE)
    os.environ.setdefault(_BATCH_VARIABLE, _BATCH_SIZE)
    try:
        yield
    finally:
        if given is None:
            os.environ.pop(_BATCH_VARIABLE, None)
