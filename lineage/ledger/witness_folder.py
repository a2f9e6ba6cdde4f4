"""A witness's folder: its key, the logs that it watches, and what it saw of each.

    witness.key      the private key, readable by its owner only
    witness.json     the witness's name, and by log the keys that may sign for it
    seen.json        the newest checkpoint of each log that was cosigned
    accusations/     requests that show a log to have misbehaved

The folder belongs to another department than the one that runs Assay, on a machine of its own.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lineage.ledger.canonical import canonical_json
from lineage.ledger.cosignature import WitnessSigner
from lineage.ledger.errors import LedgerBusyError, LedgerFileError, NoteError
from lineage.ledger.files import sync_folder, write_durably
from lineage.ledger.note import NoteVerifier
from lineage.ledger.witness import Seen, Witness, WitnessRequest

KEY, SETTINGS, SEEN, ACCUSATIONS = "witness.key", "witness.json", "seen.json", "accusations"
_OTHERS = 0o077
_LOCK_SECONDS = 30.0


@dataclass(slots=True)
class _Entry:
    """One log's entry, under the folder's lock."""

    folder: Path
    origin: str
    entries: dict[str, Any]

    @property
    def seen(self) -> Seen | None:
        """What was cosigned last."""
        entry = self.entries.get(self.origin)
        return (
            None if entry is None else Seen(entry["size"], bytes.fromhex(entry["root"]), entry["checkpoint"])
        )

    def remember(self, seen: Seen) -> None:
        """Keep this before the cosignature leaves."""
        self.entries[self.origin] = {
            "size": seen.size,
            "root": seen.root.hex(),
            "checkpoint": seen.checkpoint,
        }
        write_durably(self.folder / SEEN, canonical_json(self.entries) + b"\n")

    def accuse(self, request: WitnessRequest, reason: str) -> None:
        """Keep the request under a name that the same request gives again."""
        document = request.document().encode()
        folder = self.folder / ACCUSATIONS
        folder.mkdir(exist_ok=True)
        write_durably(folder / f"{reason}-{sha256(document).hexdigest()[:16]}.txt", document)


@dataclass(frozen=True, slots=True)
class FolderMemory:
    """What a witness saw, in `seen.json`: one process at a time has it open."""

    folder: Path

    @contextmanager
    def opened(self, origin: str) -> Iterator[_Entry]:
        """Keep other requests out until the block ends.

        Raises:
            LedgerFileError: the memory is missing or cannot be read. A witness that forgot must not cosign.
        """
        lock = FileLock(self.folder / "lock", timeout=_LOCK_SECONDS)
        try:
            lock.acquire()
        except Timeout:
            raise LedgerBusyError(f"another request has had {self.folder} open for too long") from None
        try:
            yield _Entry(self.folder, origin, self.entries())
        finally:
            lock.release()

    def entries(self) -> dict[str, Any]:
        """By log: size, root and checkpoint.

        Raises:
            LedgerFileError: the file is missing or damaged.
        """
        path = self.folder / SEEN
        try:
            entries: dict[str, Any] = json.loads(path.read_bytes())
            for entry in entries.values():
                _ = Seen(int(entry["size"]), bytes.fromhex(entry["root"]), str(entry["checkpoint"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LedgerFileError(
                f"{path} cannot be read: {error!r}. A witness that has forgotten what it saw must not "
                "cosign; restore the file from a backup"
            ) from error
        return entries


def create_witness(
    folder: Path,
    name: str,
    logs: tuple[tuple[str, NoteVerifier], ...],
    *,
    random_bytes: Callable[[int], bytes],
) -> WitnessSigner:
    """Make a witness's folder with a new key, and return the key.

    Args:
        folder: made where it does not exist; nothing in it is overwritten.
        name: the witness's, such as `internal-audit.acme.example`.
        logs: the origin of each log that it watches, and a key that may sign for it.
        random_bytes: a cryptographic source of randomness.

    Raises:
        LedgerFileError: there is a witness in the folder already.
        NoteError: the name cannot be that of a key.
    """
    signer = WitnessSigner.generate(name, random_bytes=random_bytes)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise LedgerFileError(f"no witness was made: {folder / KEY}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(signer.text() + "\n")
        file.flush()
        os.fsync(file.fileno())
    write_durably(folder / SEEN, b"{}\n")
    watch(folder, *logs)
    sync_folder(folder)
    return signer


def watch(folder: Path, *logs: tuple[str, NoteVerifier]) -> dict[str, list[str]]:
    """Watch more logs, or trust a further key of one that is watched; returns keys by log."""
    path = folder / SETTINGS
    watched = _settings(folder) if path.exists() else {}
    for origin, verifier in logs:
        watched.setdefault(origin, [])
        if verifier.text() not in watched[origin]:
            watched[origin].append(verifier.text())
    write_durably(path, (json.dumps({"logs": watched}, indent=2, sort_keys=True) + "\n").encode())
    return watched


def read_signer(folder: Path) -> WitnessSigner:
    """The witness's key.

    Raises:
        LedgerFileError: there is none, or others may read it.
        NoteError: the file holds something else.
    """
    path = folder / KEY
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except OSError as error:
        raise LedgerFileError(
            f"no witness in {folder}: {error}. Make one with: assay witness init"
        ) from error
    if mode & _OTHERS:
        raise LedgerFileError(
            f"others may read {path}; a witness whose key is known proves nothing: chmod 600"
        )
    return WitnessSigner.parse(text)


def open_witness(folder: Path, *, clock: Callable[[], datetime]) -> Witness:
    """Return the witness that lives in a folder.

    Raises:
        LedgerFileError: a file is missing or cannot be read.
        NoteError: a key is malformed.
    """
    logs = {
        origin: tuple(NoteVerifier.parse(key) for key in keys) for origin, keys in _settings(folder).items()
    }
    memory = FolderMemory(folder)
    memory.entries()
    return Witness(read_signer(folder), logs, memory=memory, clock=clock)


def _settings(folder: Path) -> dict[str, list[str]]:
    path = folder / SETTINGS
    try:
        logs = json.loads(path.read_bytes())["logs"]
        return {str(origin): [str(key) for key in keys] for origin, keys in logs.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerFileError(
            f"{path} cannot be read: {error!r}; it names the logs and their keys"
        ) from error


def parse_log(text: str) -> tuple[str, NoteVerifier]:
    """Read `ORIGIN=KEY`, the way a log to be watched is named on a command line.

    Raises:
        NoteError: it has another form.
    """
    origin, separator, key = text.partition("=")
    if not (origin and separator):
        raise NoteError(f"{text[:60]!r} is not ORIGIN=KEY, such as assay/acme/payload=assay/acme+…")
    return origin, NoteVerifier.parse(key)
