"""The private store: names, texts and attachments of cases, in one file that only its owner reads.

An SQLite file outside of everything that is published. Each case has a key of its own; the governance log
holds commitments made with it. To purge a case is to overwrite its contents and its key: what the log holds
stays verifiable as a chain and says nothing any more.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from governance.cases.commitments import CASE_KEY_BYTES, case_commitment
from governance.errors import CaseError

_SCHEMA = """
create table if not exists cases (case_id text primary key, key blob) strict;
create table if not exists contents (
    case_id text not null references cases (case_id), number integer not null, part text not null,
    content blob not null, primary key (case_id, number, part)
) strict;
"""
_PUT = "insert or replace into contents values (?, ?, ?, ?)"
_PARTS = "select part, content from contents where case_id = ? and number = ? order by part"


@dataclass(frozen=True, slots=True)
class PrivateStore:
    """One store. Connections are opened for the moment and closed again.

    Args:
        path: The file, such as `data/private/cases.sqlite`; made with its folder when first written to.
    """

    path: Path

    def create_case(self, case_id: str, *, random_bytes: Callable[[int], bytes]) -> None:
        """Make a case's key.

        Raises:
            CaseError: the case is there already, or the store cannot be written.
        """
        with self._open() as con:
            try:
                con.execute("insert into cases values (?, ?)", (case_id, random_bytes(CASE_KEY_BYTES)))
            except sqlite3.IntegrityError as error:
                raise CaseError(f"the private store has a case {case_id} already") from error

    def commitments(self, case_id: str, contents: Mapping[str, bytes]) -> dict[str, str]:
        """Return the commitments to contents under the case's key, by part.

        Raises:
            CaseError: there is no such case, or it was purged.
        """
        key = self.key(case_id)
        if key is None:
            raise CaseError(
                f"the private store {self.path} has no key of the case {case_id}: it was purged, or the "
                "store is not the one that belongs to this log. Restore the store from its backup"
            )
        return {part: case_commitment(key, part, content) for part, content in contents.items()}

    def keep(self, case_id: str, number: int, contents: Mapping[str, bytes]) -> None:
        """Keep what belongs to one event.

        What an event that never reached the log has left behind under the same number is replaced.
        """
        with self._open() as con:
            con.execute("delete from contents where case_id = ? and number = ?", (case_id, number))
            con.executemany(_PUT, [(case_id, number, part, data) for part, data in sorted(contents.items())])

    def contents(self, case_id: str, number: int) -> dict[str, bytes]:
        """Return what is kept of one event, by part; empty where nothing is."""
        if not self.path.exists():
            return {}
        with self._open() as con:
            return {part: bytes(data) for part, data in con.execute(_PARTS, (case_id, number)).fetchall()}

    def key(self, case_id: str) -> bytes | None:
        """Return a case's key; None where there is none (any more)."""
        if not self.path.exists():
            return None
        with self._open() as con:
            return _key_of(con, case_id)

    def case_ids(self) -> set[str]:
        """Return the cases of which anything is kept."""
        if not self.path.exists():
            return set()
        with self._open() as con:
            rows = con.execute("select case_id from cases where key is not null union "
                               "select case_id from contents").fetchall()  # fmt: skip
        return {case_id for (case_id,) in rows}

    def purge(self, case_id: str) -> None:
        """Destroy a case's contents and its key; nothing happens where they are gone already."""
        with self._open() as con:
            con.execute("delete from contents where case_id = ?", (case_id,))
            con.execute("update cases set key = null where case_id = ?", (case_id,))
        with self._open() as con:
            con.execute("vacuum")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for the length of the block; all of it is written, or nothing.

        Raises:
            CaseError: it cannot be opened, read or written, or others may read it.
        """
        try:
            self._make()
            con = sqlite3.connect(self.path)
            try:
                con.execute("pragma secure_delete = on")  # what is deleted is overwritten
                con.execute("pragma synchronous = full")
                con.executescript(_SCHEMA)
                with con:
                    yield con
            finally:
                con.close()
        except (sqlite3.DatabaseError, OSError) as error:
            raise CaseError(
                f"cannot use the private store {self.path}: {error}. Restore it from its backup; the "
                "governance log says which cases it must hold"
            ) from error

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            if self.path.stat().st_mode & 0o077:
                raise CaseError(
                    f"others may read the private store: `chmod 600 {self.path}`, and find out who did"
                ) from None


def _key_of(con: sqlite3.Connection, case_id: str) -> bytes | None:
    row = con.execute("select key from cases where case_id = ?", (case_id,)).fetchone()
    return None if row is None or row[0] is None else bytes(row[0])
