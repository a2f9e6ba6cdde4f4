"""Writing a batch in one ledger transaction: leaves, salts, file, pages, windows, where to continue."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from connectors.evidence import commitments
from connectors.evidence.commitments import commit_to, leaf_of, microseconds
from connectors.evidence.errors import EvidenceInputError
from connectors.evidence.landing import Landing
from connectors.evidence.pages import Batch, CursorUpdate, Page, PageRef, WindowClose
from connectors.evidence.parquet_file import WrittenFile, headers_text, page_tables
from connectors.evidence.ports import LedgerTransactionPort
from connectors.evidence.results import CommitResult
from connectors.evidence.schema import ScopeIds


class BatchCommit:
    """One batch on its way through a ledger transaction.

    Args:
        transaction: the open ledger transaction.
        landing: where the file goes.
        random_bytes: a cryptographic source of salts.
    """

    def __init__(
        self, transaction: LedgerTransactionPort, landing: Landing, *, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._landing = landing
        self._random_bytes = random_bytes
        self._scopes = ScopeIds(transaction.connection)
        self._first = transaction.size("payload")
        self._page_count = 0

    def write(self, batch: Batch) -> tuple[str | None, CommitResult]:
        """Write everything; the caller commits and then moves the file of that name into place."""
        self._page_count = count = len(batch.pages)
        first = self._first
        digests = [hashlib.sha256(page.body).hexdigest() for page in batch.pages]
        windows = self._window_rows(batch.closed_windows)
        metadata = [("page", page_metadata(*each)) for each in zip(batch.pages, digests, strict=True)]
        metadata += [("window", row) for row in windows]
        salts = commitments.make_salts(len(metadata), self._random_bytes)
        leaves = [
            leaf_of(kind, commit_to(values, salt))
            for (kind, values), salt in zip(metadata, salts, strict=True)
        ]
        name, file_bytes = None, 0
        with ExitStack() as stack:
            if batch.pages:
                name = self._landing.new_name(batch.pages[0].source, batch.pages[0].stream, first)
                written = stack.enter_context(
                    self._landing.written(name, page_tables(batch.pages, digests, first))
                )
                self._insert_file(batch.pages, name, written, digests)
                file_bytes = written.file_bytes
            indexes = self._transaction.append_many("payload", leaves)
            self._connection.executemany("INSERT INTO salts VALUES (?, ?)", zip(indexes, salts, strict=True))
            self._insert_windows(windows)
            self._insert_state(batch)
            self._landing.on_step("rows written")
        return name, CommitResult(
            page_indexes=tuple(indexes)[:count],
            window_indexes=tuple(indexes)[count:],
            path=None if name is None else self._landing.path(name),
            file_bytes=file_bytes,
        )

    def _insert_file(self, pages: list[Page], name: str, written: WrittenFile, digests: list[str]) -> None:
        row = (
            name,
            pages[0].source,
            pages[0].stream,
            self._first,
            self._first + len(pages) - 1,
            len(pages),
            sum(page.record_count for page in pages),
            sum(len(page.body) for page in pages),
            written.file_bytes,
            written.sha256,
        )
        file_id = insert_file(self._connection, row)
        self._connection.executemany(
            "INSERT INTO evidence_pages VALUES (?, ?, ?, ?)",
            [(self._first + at, file_id, at, bytes.fromhex(digest)) for at, digest in enumerate(digests)],
        )

    def _window_rows(self, windows: Iterable[WindowClose]) -> list[dict[str, Any]]:
        """The windows' metadata, pages resolved and compared to the window before of the same parent."""
        latest: dict[tuple[int, str | None], str] = {}
        rows = []
        for window in windows:
            scope_id = self._scopes.of(window.source, window.stream, window.scope)
            pages = [self._log_index(each, f"window {window.window_id}") for each in window.pages]
            key, text = (scope_id, window.parent_key), json.dumps(pages)
            previous = latest[key] if key in latest else self._previous_pages(scope_id, window.parent_key)
            latest[key] = text
            rows.append(window_metadata(window, pages, is_changed=text != previous))
        return rows

    def _previous_pages(self, scope_id: int, parent_key: str | None) -> str | None:
        row = self._connection.execute(
            "SELECT page_indexes FROM fetch_windows WHERE scope_id = ? AND parent_key IS ?"
            " ORDER BY window_index DESC LIMIT 1",
            (scope_id, parent_key),
        ).fetchone()
        return None if row is None else str(row[0])

    def _insert_windows(self, windows: list[dict[str, Any]]) -> None:
        first = self._transaction.size("payload") - len(windows)
        self._connection.executemany(
            "INSERT INTO fetch_windows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    index,
                    row["window_id"],
                    self._scopes.of(row["source"], row["stream"], row["scope"]),
                    row["parent_key"],
                    row["requested_from"],
                    row["requested_until"],
                    row["started_at"],
                    row["closed_at"],
                    row["run_id"],
                    row["claimed_total"],
                    row["record_count"],
                    json.dumps(row["page_indexes"]),
                    int(row["is_changed"]),
                )
                for index, row in enumerate(windows, first)
            ],
        )

    def _insert_state(self, batch: Batch) -> None:
        execute, of = self._connection.executemany, self._scopes.of
        execute(
            "INSERT OR REPLACE INTO cursors VALUES (?, ?)",
            [(of(each.source, each.stream, each.scope), self._state_text(each)) for each in batch.cursors],
        )
        execute(
            "INSERT OR REPLACE INTO validators VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    each.request_key,
                    each.etag,
                    each.last_modified,
                    self._log_index(each.log_index, f"validator {each.request_key}"),
                    each.next_url,
                    each.body_sha256,
                    each.record_count,
                )
                for each in batch.validators
            ],
        )
        execute(
            "INSERT OR REPLACE INTO parents VALUES (?, ?, ?, ?)",
            [
                (
                    of(each.source, each.stream, each.scope),
                    each.parent_key,
                    each.version,
                    json.dumps(each.attributes),
                )
                for each in batch.parents
            ],
        )
        execute(
            "INSERT OR REPLACE INTO children_done VALUES (?, ?, ?)",
            [
                (of(each.source, each.stream, each.scope), each.parent_key, each.version)
                for each in batch.children_done
            ],
        )

    def _state_text(self, update: CursorUpdate) -> str:
        """A cursor's state as JSON, with references to pages of the batch replaced by their log indexes."""
        name = f"the cursor of {update.source}/{update.stream} in {update.scope}"

        def resolve(value: object) -> int:
            if isinstance(value, PageRef):
                return self._log_index(value, name)
            raise EvidenceInputError(f"{name} holds a {type(value).__name__}; its state is JSON")

        return json.dumps(_as_plain(update.state, resolve))

    def _log_index(self, reference: PageRef | int, owner: str) -> int:
        """The log index that a reference stands for.

        Raises:
            EvidenceInputError: there is no such page.
        """
        if isinstance(reference, PageRef):
            if not 0 <= reference.position < self._page_count:
                raise EvidenceInputError(
                    f"{owner} refers to page {reference.position} of a batch of {self._page_count} pages"
                )
            return self._first + reference.position
        query = "SELECT 1 FROM evidence_pages WHERE log_index = ?"
        if self._connection.execute(query, (reference,)).fetchone() is None:
            raise EvidenceInputError(f"{owner} refers to log index {reference}, where no page was committed")
        return reference


def _as_plain(value: Any, resolve: Callable[[object], int]) -> Any:
    if isinstance(value, dict):
        return {key: _as_plain(item, resolve) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_plain(item, resolve) for item in value]
    return value if value is None or isinstance(value, str | int | float) else resolve(value)


def insert_file(connection: sqlite3.Connection, row: tuple[Any, ...]) -> int:
    """Record a file; returns its number."""
    cursor = connection.execute(
        "INSERT INTO evidence_files (path, source, stream, first_log_index, last_log_index, pages, records,"
        " body_bytes, file_bytes, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )
    if cursor.lastrowid is None:
        raise EvidenceInputError("the ledger gave the file no number")
    return cursor.lastrowid


def page_metadata(page: Page, body_sha256: str) -> dict[str, Any]:
    """What a page's leaf commits to."""
    values = {
        name: getattr(page, name)
        for name in commitments.PAGE_COLUMNS
        if name not in ("headers", "body_sha256")
    }
    return values | {
        "headers": headers_text(page),
        "fetched_at": microseconds(page.fetched_at),
        "body_sha256": body_sha256,
    }


def window_metadata(window: WindowClose, page_indexes: list[int], *, is_changed: bool) -> dict[str, Any]:
    """What a window's leaf commits to."""
    instants = {
        name: None if (instant := getattr(window, name)) is None else microseconds(instant)
        for name in ("requested_from", "requested_until", "started_at", "closed_at")
    }
    plain = (
        "window_id",
        "source",
        "stream",
        "scope",
        "parent_key",
        "run_id",
        "claimed_total",
        "record_count",
    )
    return (
        {name: getattr(window, name) for name in plain}
        | instants
        | {"page_indexes": page_indexes, "is_changed": is_changed}
    )
