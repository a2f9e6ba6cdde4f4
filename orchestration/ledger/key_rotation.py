"""Changing the signing key: a crash at any step leaves one key in force, and the ledger knows which.

1. The new key is written beside the old one, as `signing.key.next`.
2. One ledger transaction appends the leaf by which the old key hands over; both keys sign it.
3. The old key signs a last governance checkpoint that covers this leaf, and the new key signs its first.
4. The new key replaces the old one. After a crash before this, the next run does it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lineage.ledger import KeyRotation, Ledger, NoteError, NoteSigner, NoteVerifier, append_rotation
from lineage.ledger.files import sync_folder
from orchestration.errors import UsageError
from orchestration.scaffold import write_secret

NEXT_SUFFIX = ".next"


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """The keys of a workspace: the one in force, and by the leaves that led to it the earlier ones."""

    present: NoteVerifier
    rotations: tuple[tuple[int, KeyRotation], ...]
    problems: tuple[tuple[int, str], ...]


def rotate_key(
    path: Path,
    ledger: Ledger,
    *,
    random_bytes: Callable[[int], bytes],
    at: datetime,
    reason: str,
    on_step: Callable[[str], None] = lambda _step: None,
) -> KeyRotation:
    """Replace the signing key by a new one that the old one names.

    Args:
        path: of the signing key. Its content is gone afterwards.
        ledger: of the workspace, which nobody else writes to.
        random_bytes: a cryptographic source of randomness.
        at: when.
        reason: why, in a word or two; it stays in the log for ever.
        on_step: told the name of each step when it is done.

    Raises:
        UsageError: the reason is empty, or there is no key.
    """
    if not reason.strip():
        raise UsageError("Say by --reason why the key is changed, such as `yearly` or `suspected leak`")
    finish_rotation(path, ledger)
    old = _read(path)
    new = NoteSigner.generate(old.name, random_bytes=random_bytes)
    coming = path.with_name(path.name + NEXT_SUFFIX)
    write_secret(coming, new.text() + "\n")
    sync_folder(path.parent)
    on_step("new key written")
    with ledger.transaction() as transaction:
        rotation = append_rotation(transaction, old, new, at=at, reason=reason.strip())
    on_step("leaf appended")
    ledger.checkpoint("governance", old, at=at)
    ledger.checkpoint("governance", new, at=at)
    on_step("checkpoints signed")
    finish_rotation(path, ledger)
    return rotation


def finish_rotation(path: Path, ledger: Ledger) -> bool:
    """Finish or undo a change of the key that a crash cut off; returns whether a new key came into force.

    The ledger decides: once it names the new key, the old one signs nothing any more.
    """
    coming = path.with_name(path.name + NEXT_SUFFIX)
    if not coming.exists():
        return False
    named = _named_last(ledger)
    try:
        is_named = named is not None and _read(coming).verifier == named.new
    except (UsageError, NoteError):
        is_named = False  # it was cut off while it was written, so no leaf can name it
    if is_named:
        coming.replace(path)
    else:
        coming.unlink()
    sync_folder(path.parent)
    return is_named


def key_history(path: Path, ledger: Ledger) -> KeyHistory:
    """Return the key in force and the changes that led to it.

    Raises:
        UsageError: there is no key.
    """
    present = _read(path).verifier
    return KeyHistory(present, tuple(_rotations(ledger)), ledger.trust([present]).problems)


def _named_last(ledger: Ledger) -> KeyRotation | None:
    rotations = _rotations(ledger)
    return rotations[-1][1] if rotations else None


def _rotations(ledger: Ledger) -> list[tuple[int, KeyRotation]]:
    found: list[tuple[int, KeyRotation]] = []
    for index, leaf in ledger.rotations():
        try:
            found.append((index, KeyRotation.parse(leaf)))
        except NoteError:
            continue  # `assay verify` names it
    return found


def _read(path: Path) -> NoteSigner:
    try:
        return NoteSigner.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"There is no signing key at {path}. Restore it from your backup of the keys"
        ) from None
