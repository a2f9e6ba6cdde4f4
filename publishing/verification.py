"""Finding what was changed in a publication since it was sealed, and naming each object."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from governance.log import GOVERNANCE_LOG
from lineage.ledger import Checkpoint, Ledger, LedgerError, Note, NoteVerifier, Trust
from publishing.durable import BUILDING_PREFIX, CURRENT, sha256_file
from publishing.errors import ManifestError
from publishing.finding import Finding
from publishing.manifest import (
    CHECKPOINT,
    MANIFEST,
    PAYLOAD_CHECKPOINT,
    REGISTERS_CHECKPOINT,
    UNLISTED,
    FileEntry,
    Manifest,
    read_manifest,
)
from publishing.proof_checks import check_cosignatures, check_lists, check_proof, check_registers
from publishing.sealing import PAYLOAD_LOG, announced


def verify_publication(
    folder: Path, ledger: Ledger, *, verifiers: Sequence[NoteVerifier] = ()
) -> Iterator[Finding]:
    """Compare a publication with its manifest, and the manifest with the ledger.

    Args:
        folder: the publication, or the `current` link to it.
        ledger: whose governance log announces it.
        verifiers: trusted keys; without any, checkpoints are checked with the key that the manifest names.
    """
    folder = folder.resolve()
    name = folder.name
    try:
        manifest = read_manifest(folder)
    except ManifestError as error:
        yield Finding(f"{name}/{MANIFEST}", str(error))
        return
    leaf_index = _announced_index(ledger, name, manifest)
    if leaf_index is None:
        yield Finding(f"{name}/{MANIFEST}", "differs from what the governance log says of this publication")
    yield from _verify_files(folder, manifest)
    try:
        named = [NoteVerifier.parse(str(manifest.document.get("signed_by")))]
    except LedgerError as error:
        yield Finding(f"{name}/{MANIFEST}", f"names no key that could have signed it: {error}")
        return
    trust = ledger.trust(verifiers or named)
    yield from _verify_payload_note(folder, manifest, ledger, trust)
    yield from _verify_governance_note(folder, ledger, trust, leaf_index)
    try:
        yield from _verify_proofs(folder, manifest, ledger, trust)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        yield Finding(f"{name}/{MANIFEST}", f"does not have the form of a manifest: {error!r}")


def verify_publications(
    root: Path, ledger: Ledger, *, verifiers: Sequence[NoteVerifier] = ()
) -> Iterator[Finding]:
    """Verify every publication of a folder, that announced ones are there, and that `current` is one."""
    known = [leaf["publication_id"] for _, leaf in announced(ledger)]
    present = sorted(path for path in root.iterdir()) if root.is_dir() else []
    for path in present:
        if path.name.startswith(BUILDING_PREFIX):
            yield Finding(
                path.name, "was cut off; the next publication finishes or removes it", is_fatal=False
            )
        elif path.name == CURRENT or path.name.startswith("."):
            continue
        elif path.is_dir() and not path.is_symlink():
            yield from verify_publication(path, ledger, verifiers=verifiers)
        else:
            yield Finding(path.name, "is no publication")
    names = {path.name for path in present}
    for publication_id in known:
        if publication_id not in names:
            # whoever decides on retention may delete old folders; the hash of their manifest remains
            yield Finding(publication_id, "is announced, and its folder is not here", is_fatal=False)
    yield from _verify_current(root, known)


def _verify_current(root: Path, known: Sequence[str]) -> Iterator[Finding]:
    link = root / CURRENT
    if not known:
        return
    if not link.is_symlink():
        yield Finding(CURRENT, "is not a link to a publication")
    elif link.readlink().as_posix() not in known:
        yield Finding(CURRENT, f"points to {link.readlink()}, which the governance log does not announce")
    elif link.readlink().as_posix() != known[-1]:
        yield Finding(
            CURRENT, f"points to {link.readlink()}; the newest publication is {known[-1]}", is_fatal=False
        )


def _announced_index(ledger: Ledger, name: str, manifest: Manifest) -> int | None:
    for index, leaf in announced(ledger):
        if leaf["publication_id"] == name == manifest.publication_id:
            return index if leaf["manifest_sha256"] == manifest.sha256 else None
    return None


def _verify_files(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    listed = {entry.path: entry for entry in manifest.files}
    present = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    folders = {parent.as_posix() for path in listed for parent in Path(path).parents} - {"."}
    for path, entry in listed.items():
        yield from _verify_file(folder, path, entry)
    for path in sorted(present):
        if path in UNLISTED and present[path].is_file() and not present[path].is_symlink():
            continue
        if path not in listed and path not in folders:
            yield Finding(f"{folder.name}/{path}", "is not part of the publication")


def _verify_file(folder: Path, path: str, entry: FileEntry) -> Iterator[Finding]:
    file, name = folder / path, f"{folder.name}/{path}"
    if file.is_symlink() or not file.is_file():
        yield Finding(name, "is missing")
        return
    try:
        digest, size = sha256_file(file), file.stat().st_size
    except OSError as error:
        yield Finding(name, f"cannot be read: {error}")
        return
    if size != entry.file_bytes:
        yield Finding(name, f"has {size} bytes, not the {entry.file_bytes} that were published")
    elif digest != entry.sha256:
        yield Finding(name, f"has the SHA-256 {digest}, not {entry.sha256} as published")


def _verify_payload_note(folder: Path, manifest: Manifest, ledger: Ledger, trust: Trust) -> Iterator[Finding]:
    evidence: dict[str, Any] = manifest.document.get("evidence") or {}
    checkpoint = _checkpoint(folder, PAYLOAD_CHECKPOINT, trust, PAYLOAD_LOG)
    if isinstance(checkpoint, Finding):
        yield checkpoint
        return
    name = f"{folder.name}/{PAYLOAD_CHECKPOINT}"
    if checkpoint.size != evidence.get("payload_log_size"):
        yield Finding(name, f"is of size {checkpoint.size}, not of the publication's evidence cutoff")
    yield from _compare_root(name, checkpoint, ledger, PAYLOAD_LOG)


def _verify_governance_note(
    folder: Path, ledger: Ledger, trust: Trust, leaf_index: int | None
) -> Iterator[Finding]:
    checkpoint = _checkpoint(folder, CHECKPOINT, trust, GOVERNANCE_LOG)
    if isinstance(checkpoint, Finding):
        yield checkpoint
        return
    name = f"{folder.name}/{CHECKPOINT}"
    if leaf_index is not None and checkpoint.size <= leaf_index:
        yield Finding(
            name, f"is of size {checkpoint.size} and does not cover the publication's leaf {leaf_index}"
        )
    yield from _compare_root(name, checkpoint, ledger, GOVERNANCE_LOG)


def _verify_proofs(folder: Path, manifest: Manifest, ledger: Ledger, trust: Trust) -> Iterator[Finding]:
    """What the publication carries to prove itself offline; those of earlier versions carry nothing."""
    if "sealed" not in manifest.document:
        return
    yield from check_proof(folder, manifest, trust)
    yield from check_cosignatures(folder, manifest, trust)
    yield from check_lists(folder, manifest)
    registers = check_registers(folder, trust)
    if isinstance(registers, Finding):
        yield registers
    elif registers is not None:
        yield from _compare_root(f"{folder.name}/{REGISTERS_CHECKPOINT}", registers, ledger, GOVERNANCE_LOG)


def _checkpoint(folder: Path, file: str, trust: Trust, log: str) -> Checkpoint | Finding:
    name = f"{folder.name}/{file}"
    try:
        content = (folder / file).read_bytes().decode()
        if Note.parse(content).document() != content:
            return Finding(name, "is not spelled as it was signed")
        return trust.open(content, log=log)
    except FileNotFoundError:
        return Finding(name, "is missing")
    except (OSError, UnicodeDecodeError, LedgerError) as error:
        return Finding(name, f"is no checkpoint signed by a trusted key: {error}")


def _compare_root(name: str, checkpoint: Checkpoint, ledger: Ledger, log: str) -> Iterator[Finding]:
    if checkpoint.origin != ledger.log_origin(log):
        yield Finding(name, f"is of the log {checkpoint.origin}, not {ledger.log_origin(log)}")
    elif checkpoint.size > ledger.size(log):
        yield Finding(name, f"is of {checkpoint.size} leaves; the {log} log has only {ledger.size(log)}")
    elif ledger.root(log, checkpoint.size) != checkpoint.root:
        yield Finding(
            name, f"does not fit the {log} log: its first {checkpoint.size} leaves have another root"
        )
