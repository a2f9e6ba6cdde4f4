"""Checking what a publication carries to prove itself: its leaf's proof, cosignatures, roots of its lists.

Nothing here needs the ledger: a publication's folder and a trusted key are enough.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from governance.log import GOVERNANCE_LOG
from lineage.ledger import (
    Checkpoint,
    LedgerError,
    Note,
    TlogProof,
    Trust,
    WitnessKey,
    cosigned_at,
    find_cosignature,
)
from lineage.ledger.leaf_proof import check_leaf_proof
from publishing.analyst import open_published
from publishing.finding import Finding
from publishing.manifest import CHECKPOINT, PAYLOAD_CHECKPOINT, PROOF, REGISTERS_CHECKPOINT, Manifest
from publishing.sealed_cells import cells_tree
from publishing.sealed_lists import SealedList, files_tree, metrics_of_manifest
from publishing.sealing import leaf_of

ANALYST = "analyst.duckdb"


def check_proof(folder: Path, manifest: Manifest, trust: Trust) -> Iterator[Finding]:
    """Whether the publication's own proof leads from its manifest to a checkpoint of a trusted key."""
    name = f"{folder.name}/{PROOF}"
    try:
        proof = TlogProof.parse((folder / PROOF).read_bytes().decode())
        proven, _ = check_leaf_proof(proof, trust.verifiers)
        trust.open(proof.checkpoint, log=GOVERNANCE_LOG)
        is_the_checkpoint = (folder / CHECKPOINT).read_bytes() == proof.checkpoint.encode()
    except FileNotFoundError as error:
        yield Finding(f"{folder.name}/{Path(str(error.filename)).name}", "is missing")
        return
    except (OSError, UnicodeDecodeError, LedgerError) as error:
        yield Finding(name, f"does not prove the publication: {error}")
        return
    if proven.leaf != leaf_of(manifest) or proven.item or proven.page:
        yield Finding(name, "proves another leaf than the one that this manifest would have")
    if not is_the_checkpoint:
        yield Finding(name, f"rests on another checkpoint than {CHECKPOINT}")


def check_cosignatures(folder: Path, manifest: Manifest, trust: Trust) -> Iterator[Finding]:
    """Whether all witnesses that the manifest counts cosigned, and one at least where pay depends on it."""
    witnesses = manifest.document.get("witnesses") or []
    for entry in witnesses:
        for file in (PAYLOAD_CHECKPOINT, REGISTERS_CHECKPOINT):
            yield from _check_cosignature(folder, file, entry)
    yield from _check_strangers(folder, trust, witnesses)
    paid = [
        one["metric"] for one in manifest.document["gate"] if one["tier"] == "incentive" and one["is_open"]
    ]
    if paid and not witnesses:
        listed = ", ".join(paid[:5])
        yield Finding(
            f"{folder.name}/{PAYLOAD_CHECKPOINT}", f"carries no witness's word, and {listed} feeds pay"
        )


def check_registers(folder: Path, trust: Trust) -> Checkpoint | Finding | None:
    """Return the state of the governance log that witnesses cosigned before the publication, or None."""
    name, path = f"{folder.name}/{REGISTERS_CHECKPOINT}", folder / REGISTERS_CHECKPOINT
    if not path.exists():
        return None
    try:
        return trust.open(path.read_bytes().decode(), log=GOVERNANCE_LOG)
    except (OSError, UnicodeDecodeError, LedgerError) as error:
        return Finding(name, f"is no checkpoint signed by a trusted key: {error}")


def check_lists(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Whether the roots in the manifest are those of the files and cells as they lie here."""
    sealed = manifest.document["sealed"]
    files = SealedList.of(files_tree(manifest.files)).to_document()
    if files != sealed["files"]:
        yield Finding(f"{folder.name}/manifest.json", "states another root of its files than they have")
    metrics = metrics_of_manifest(manifest.document)
    try:
        with open_published(folder / ANALYST) as con:
            tree = cells_tree(con, secret=sealed["cells"]["secret"], definition_hashes=metrics)
    except duckdb.Error as error:
        yield Finding(f"{folder.name}/{ANALYST}", f"its cells cannot be read: {error}")
        return
    if SealedList.of(tree).to_document() != {name: sealed["cells"][name] for name in ("size", "root")}:
        yield Finding(f"{folder.name}/{ANALYST}", "its cells have another root than the one that was sealed")


def _check_cosignature(folder: Path, file: str, entry: dict[str, str]) -> Iterator[Finding]:
    name, who = f"{folder.name}/{file}", entry.get("name")
    try:
        note = Note.parse((folder / file).read_bytes().decode())
        line = find_cosignature(note, WitnessKey.parse(str(entry.get("key"))))
        if line is None:
            yield Finding(name, f"carries no cosignature of the witness {who}, whom the manifest counts")
        elif file == PAYLOAD_CHECKPOINT and cosigned_at(line).isoformat() != entry.get("cosigned_at"):
            yield Finding(
                name, f"was cosigned by {who} at {cosigned_at(line).isoformat()}, not as the manifest says"
            )
    except FileNotFoundError:
        yield Finding(name, f"is missing, and the manifest counts the witness {who}")
    except (OSError, UnicodeDecodeError, LedgerError) as error:
        yield Finding(name, f"the witness {who}: {error}")


def _check_strangers(folder: Path, trust: Trust, witnesses: Sequence[dict[str, str]]) -> Iterator[Finding]:
    """Lines of the one checkpoint whose bytes no manifest covers: each must be somebody's whom it names."""
    try:
        keys = [WitnessKey.parse(str(entry.get("key"))) for entry in witnesses]
        note = Note.parse((folder / CHECKPOINT).read_bytes().decode())
        for key in keys:
            find_cosignature(note, key)
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError, LedgerError) as error:
        yield Finding(f"{folder.name}/{CHECKPOINT}", str(error))
        return
    known = {(one.name, one.key_id) for one in trust.verifiers} | {(one.name, one.key_id) for one in keys}
    for line in note.signatures:
        if (line.name, line.key_id) not in known:
            yield Finding(
                f"{folder.name}/{CHECKPOINT}",
                f"carries a line of {line.name} ({line.key_id.hex()}), whom nobody knows",
            )
