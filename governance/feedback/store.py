"""The store of developmental feedback: one database file that no build opens, readable by its owner only.

People stand in it as tokens. Words and names are sealed (AES-256-GCM) with a key derived from the token
key, which lies outside the data folder: whoever gets at the file alone reads nothing.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from governance.errors import FeedbackError
from governance.feedback.pieces import NewPiece, Piece, commitment

if TYPE_CHECKING:
    import duckdb

_SCHEMA = """
create table if not exists pieces (
    piece_id varchar primary key, giver_token varchar not null, subject_token varchar not null,
    kind varchar not null, given_at timestamptz not null, sealed blob not null
);
create table if not exists consents (
    piece_id varchar not null, given_by varchar not null, given_at timestamptz not null,
    primary key (piece_id, given_by)
);
create table if not exists citations (
    piece_id varchar not null, cited_by_token varchar not null, leaf_index bigint not null,
    cited_at timestamptz not null
);
"""
_PIECES = """
select piece_id, giver_token, subject_token, kind, given_at, sealed,
       (select list(given_by order by given_by) from consents
        where consents.piece_id = pieces.piece_id)
from pieces where $piece_id is null or piece_id = $piece_id order by given_at, piece_id
"""
_COLUMNS = ("piece_id", "giver_token", "subject_token", "kind", "given_at", "sealed", "consents")
_NONCE_BYTES = 12


class FeedbackStore:
    """One file of feedback. Connections are opened for the moment and closed again."""

    def __init__(self, path: Path, key: bytes, *, random_bytes: Callable[[int], bytes]) -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: The file; it and its folder are made where they are missing.
            key: The workspace's token key, of which the sealing key and the log's commitments are derived.
            random_bytes: Randomness for names of pieces and for sealing.
        """
        self._path = path
        self._seal = AESGCM(_derived(key, b"assay developmental feedback, sealing, 1"))
        self._commit_key = _derived(key, b"assay developmental feedback, commitments, 1")
        self._random = random_bytes

    def add(self, pieces: Sequence[NewPiece]) -> list[str]:
        """Keep pieces, all or none, and return their names."""
        named = [(f"fb_{self._random(8).hex()}", piece) for piece in pieces]
        with self._transaction() as con:
            for piece_id, piece in named:
                con.execute(
                    "insert into pieces (piece_id, giver_token, subject_token, kind, given_at, sealed) "
                    "values (?, ?, ?, ?, ?, ?)",
                    [
                        *(piece_id, piece.giver.tokens[0], piece.subject.tokens[0], piece.kind),
                        *(piece.given_at, self._sealed(piece_id, piece)),
                    ],
                )
                if piece.is_citable:
                    con.execute(_CONSENT, [piece_id, "giver", piece.given_at])
        return [piece_id for piece_id, _ in named]

    def piece(self, piece_id: str) -> Piece | None:
        """Open one piece; None where there is none of that name."""
        return next(iter(self._read(piece_id)), None)

    def pieces(self) -> list[Piece]:
        """Open every piece, in the order in which they were given."""
        return self._read(None)

    def consent(self, piece_id: str, given_by: str, *, at: datetime) -> None:
        """Note that the giver or the subject allows a piece to be cited."""
        with self._transaction() as con:
            con.execute(_CONSENT, [piece_id, given_by, at])

    def note_citation(self, piece_id: str, cited_by: str, *, leaf_index: int, at: datetime) -> None:
        """Note that a piece was cited."""
        with self._transaction() as con:
            con.execute(
                "insert into citations (piece_id, cited_by_token, leaf_index, cited_at) values (?, ?, ?, ?)",
                [piece_id, cited_by, leaf_index, at],
            )

    def commitment(self, piece_id: str, what: str, text: str) -> str:
        """Return a keyed commitment for the governance log."""
        return commitment(self._commit_key, piece_id, what, text)

    def _read(self, piece_id: str | None) -> list[Piece]:
        if not self._path.exists():
            return []
        with self._open() as con:
            rows = con.execute(_PIECES, {"piece_id": piece_id}).fetchall()
        return [self._opened(dict(zip(_COLUMNS, row, strict=True))) for row in rows]

    def _sealed(self, piece_id: str, piece: NewPiece) -> bytes:
        words = {"text": piece.text, "giver": piece.giver.name, "subject": piece.subject.name}
        nonce = self._random(_NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, json.dumps(words).encode(), piece_id.encode())

    def _opened(self, row: Mapping[str, Any]) -> Piece:
        piece_id, sealed = str(row["piece_id"]), bytes(row["sealed"])
        try:
            words = self._seal.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], piece_id.encode())
        except InvalidTag as error:
            raise FeedbackError(
                f"the words of {piece_id} cannot be opened: they were sealed under another token key, or "
                "altered. Restore the key, or the file from your backup"
            ) from error
        opened: dict[str, str] = json.loads(words)
        return Piece(
            piece_id=piece_id,
            giver_token=row["giver_token"],
            subject_token=row["subject_token"],
            giver_name=opened["giver"],
            subject_name=opened["subject"],
            kind=row["kind"],
            given_at=row["given_at"].astimezone(UTC),
            text=opened["text"],
            consents=tuple(row["consents"] or ()),
        )

    @contextmanager
    def _transaction(self) -> Iterator["duckdb.DuckDBPyConnection"]:
        with self._open() as con:
            con.execute("begin transaction")
            yield con
            con.execute("commit")

    @contextmanager
    def _open(self) -> Iterator["duckdb.DuckDBPyConnection"]:
        import duckdb  # noqa: PLC0415 - 30 MB that a process does without until feedback is read

        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.parent.chmod(0o700)
        try:
            con = duckdb.connect(str(self._path), config=_CLOSED)
        except duckdb.Error as error:
            raise FeedbackError(
                f"cannot open the store of feedback {self._path}: {error}. If somebody else has it open, "
                "wait; if it is damaged, restore it from your backup"
            ) from error
        try:
            self._path.chmod(0o600)
            con.execute("set TimeZone = 'UTC'")
            con.execute(_SCHEMA)
            yield con
        finally:
            con.close()


_CLOSED: dict[str, Any] = {"autoinstall_known_extensions": "false"}
_CONSENT = "insert or ignore into consents values (?, ?, ?)"


def _derived(key: bytes, label: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(key)
