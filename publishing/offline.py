"""Verifying without a workspace: one exported file with its publication's folder, or one proof alone."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lineage.ledger import (
    LedgerError,
    NoteError,
    NoteVerifier,
    TlogProof,
    Trust,
    WitnessKey,
    cosigned_at,
)
from lineage.ledger.cosignature import find_cosignature
from lineage.ledger.leaf_proof import ProvenLeaf, check_leaf_proof
from lineage.ledger.note import Note
from lineage.ledger.trust import trust
from publishing.durable import sha256_file
from publishing.errors import ManifestError
from publishing.finding import Finding
from publishing.manifest import MANIFEST, PAYLOAD_CHECKPOINT, UNLISTED, Manifest, read_manifest
from publishing.proof_checks import check_cosignatures, check_proof, check_registers


@dataclass(frozen=True, slots=True)
class ProofReport:
    """What a proof shows to somebody who trusts some keys.

    Attributes:
        proven: the leaf and what hangs on it; None where the proof does not hold.
        signed_by: names of the log's keys that signed.
        cosigned_by: (witness, instant) of each trusted witness that cosigned.
        findings: what does not hold, or could not be judged.
    """

    proven: ProvenLeaf | None
    signed_by: tuple[str, ...] = ()
    cosigned_by: tuple[tuple[str, datetime], ...] = ()
    findings: tuple[Finding, ...] = ()

    def sentences(self) -> Iterator[str]:
        """Say what the proof shows."""
        if self.proven is None:
            return
        stated = self.proven.checkpoint
        subject = self.proven.item or self.proven.page or self.proven.leaf
        yield json.dumps(subject, sort_keys=True, ensure_ascii=False)
        yield f"is below leaf {self.proven.index} of {stated.origin}, which had {stated.size} leaves then,"
        yield f"as signed by {', '.join(self.signed_by)}."
        for name, at in self.cosigned_by:
            yield f"{name} cosigned that state on {at.isoformat()}."

    def document(self) -> dict[str, Any]:
        """Return the JSON form for scripts."""
        proven = self.proven
        return {
            "differs": sum(one.is_fatal for one in self.findings),
            "findings": [asdict(one) for one in self.findings],
            "signed_by": list(self.signed_by),
            "cosigned_by": [{"name": name, "at": at.isoformat()} for name, at in self.cosigned_by],
            "log": proven and proven.checkpoint.origin,
            "size": proven and proven.checkpoint.size,
            "root": proven and proven.checkpoint.root.hex(),
            "index": proven and proven.index,
            "leaf": proven and proven.leaf,
            "item": proven and proven.item,
            "page": proven and proven.page,
        }


def publication_of(path: Path) -> Path:
    """Return the folder of the publication that a file lies in.

    Raises:
        ManifestError: neither its folder nor one above it has a manifest.
    """
    for folder in path.absolute().parents:
        if (folder / MANIFEST).is_file():
            return folder.resolve()
    raise ManifestError(
        f"{path} does not lie in a publication: no folder above it has a {MANIFEST}. Keep exported files in "
        "their publication's folder, or verify one with its own proof: assay verify --proof PROOF --file FILE"
    )


def verify_exported_file(
    path: Path,
    *,
    verifiers: Sequence[NoteVerifier] = (),
    witnesses: Sequence[WitnessKey] = (),
    rotations: Sequence[tuple[int, bytes]] = (),
) -> Iterator[Finding]:
    """Check one exported file with nothing but its publication's folder.

    Args:
        path: the file.
        verifiers: trusted keys of the log; without any, the one that the manifest names, and that is said.
        witnesses: of whom each must have cosigned the evidence.
        rotations: leaves that change the key (`Ledger.rotations`), where a ledger is at hand.

    Raises:
        ManifestError: the file lies in no publication.
    """
    folder = publication_of(path)
    try:
        manifest = read_manifest(folder)
        keys = tuple(verifiers) or (NoteVerifier.parse(str(manifest.document.get("signed_by"))),)
    except (ManifestError, NoteError) as error:
        yield Finding(f"{folder.name}/{MANIFEST}", str(error))
        return
    yield from _check_file(path, folder, manifest)
    try:
        yield from _check_chain(folder, manifest, trust(keys, rotations))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        yield Finding(f"{folder.name}/{MANIFEST}", f"does not have the form of a manifest: {error!r}")
    yield from _check_wanted(folder, witnesses)
    if not verifiers:
        yield Finding(
            f"{folder.name}/{MANIFEST}",
            f"was checked with the key that it names itself ({keys[0].text()}). Compare it with one that "
            "reached you by another way, and pass that with --key",
            is_fatal=False,
        )


def verify_proof_file(
    document: str,
    *,
    verifiers: Sequence[NoteVerifier],
    witnesses: Sequence[WitnessKey] = (),
    rotations: Sequence[tuple[int, bytes]] = (),
    exported: Path | None = None,
) -> ProofReport:
    """Check one proof, offline.

    Args:
        document: the proof's text.
        verifiers: keys of the log that are trusted.
        witnesses: of whom each must have cosigned.
        rotations: leaves that change the key, where a ledger is at hand.
        exported: a file that the proof must be about.
    """
    try:
        proof = TlogProof.parse(document)
        trusted = trust(verifiers, rotations)
        proven, signed_by = check_leaf_proof(proof, trusted.verifiers)
        trusted.open(proof.checkpoint, log=proven.checkpoint.origin.rpartition("/")[2])
    except LedgerError as error:
        return ProofReport(None, findings=(Finding("proof", str(error)),))
    findings: list[Finding] = []
    cosigned: list[tuple[str, datetime]] = []
    note = Note.parse(proof.checkpoint)
    for witness in witnesses:
        try:
            line = find_cosignature(note, witness)
        except NoteError as error:
            findings.append(Finding("proof", str(error)))
            continue
        if line is None:
            problem = (
                f"the witness {witness.name} has not cosigned its checkpoint. Whoever made it can have that "
                "done (assay checkpoint ask, or request and import), and then make the proof anew"
            )
            findings.append(Finding("proof", problem))
        else:
            cosigned.append((witness.name, cosigned_at(line)))
    if exported is not None:
        findings += _about(exported, proven)
    return ProofReport(
        proven,
        tuple(key.name for key in signed_by),
        tuple(cosigned),
        tuple(findings),
    )


def _check_file(path: Path, folder: Path, manifest: Manifest) -> Iterator[Finding]:
    try:
        relative = path.resolve().relative_to(folder).as_posix()
    except ValueError:
        yield Finding(path.name, f"is a link that leads out of {folder.name}")
        return
    if relative in UNLISTED:
        return  # the manifest, its proof and its checkpoint are checked as such
    entry = next((one for one in manifest.files if one.path == relative), None)
    name = f"{folder.name}/{relative}"
    if entry is None:
        yield Finding(name, "is not part of the publication")
    elif not path.is_file():
        yield Finding(name, "is missing")
    elif (digest := sha256_file(path)) != entry.sha256:
        yield Finding(name, f"has the SHA-256 {digest}, not {entry.sha256} as published")


def _check_chain(folder: Path, manifest: Manifest, trusted: Trust) -> Iterator[Finding]:
    if "sealed" not in manifest.document:
        yield Finding(
            f"{folder.name}/{MANIFEST}", "is of a publication without a proof; verify it with its workspace"
        )
        return
    yield from check_proof(folder, manifest, trusted)
    yield from check_cosignatures(folder, manifest, trusted)
    registers = check_registers(folder, trusted)
    if isinstance(registers, Finding):
        yield registers
    name = f"{folder.name}/{PAYLOAD_CHECKPOINT}"
    try:
        stated = trusted.open((folder / PAYLOAD_CHECKPOINT).read_bytes().decode(), log="payload")
    except (OSError, UnicodeDecodeError, LedgerError) as error:
        yield Finding(name, f"is no checkpoint signed by a trusted key: {error}")
        return
    evidence = manifest.document["evidence"]
    if (stated.size, stated.root.hex()) != (evidence["payload_log_size"], evidence["payload_root"]):
        yield Finding(name, "is not of the publication's evidence cutoff")


def _check_wanted(folder: Path, witnesses: Sequence[WitnessKey]) -> Iterator[Finding]:
    for witness in witnesses:
        name = f"{folder.name}/{PAYLOAD_CHECKPOINT}"
        try:
            line = find_cosignature(Note.parse((folder / PAYLOAD_CHECKPOINT).read_bytes().decode()), witness)
        except (OSError, UnicodeDecodeError, LedgerError) as error:
            yield Finding(name, str(error))
            continue
        if line is None:
            yield Finding(name, f"carries no cosignature of the witness {witness.name}")


def _about(exported: Path, proven: ProvenLeaf) -> list[Finding]:
    """Whether a file is the one that a proof speaks of."""
    try:
        digest = sha256_file(exported)
    except OSError as error:
        return [Finding(exported.name, f"cannot be read: {error}")]
    for what, value in (("file", proven.item), ("page's body", proven.page), ("manifest", proven.leaf)):
        wanted = _hash_in(value)
        if wanted is not None:
            problem = f"has the SHA-256 {digest}; the proof is of a {what} with {wanted}"
            return [] if digest == wanted else [Finding(exported.name, problem)]
    return [Finding(exported.name, "the proof is of something that is no file; leave --file out")]


def _hash_in(value: Any) -> str | None:
    if not value:
        return None
    kind = value.get("kind")
    named = {"file": "sha256", "publication": "manifest_sha256", "cell": None}.get(kind, "body_sha256")
    found = value.get(named) if named else None
    return found if isinstance(found, str) else None
