"""Handing publications over, on the record: a role's files, a leaf, and a name that only the owner reads."""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from governance.deliveries import ROLES, Delivery, DeliveryStore
from governance.errors import DeliveryError
from governance.identity.decisions import commitment
from governance.log import GOVERNANCE_LOG
from governance.token_key import load_token_key
from lineage.ledger import Ledger, NoteVerifier
from orchestration.errors import UsageError
from orchestration.session import Session, open_session
from orchestration.workspace import TOKEN_KEY, Workspace
from publishing.durable import sha256_file, sync_tree
from publishing.manifest import MANIFEST, UNLISTED, FileEntry, Manifest, read_manifest
from publishing.proof_checks import check_proof

DELIVERY = "delivery.json"
_DATABASE = "analyst.duckdb"
_SAID = (b'"kind":"publication_export"', b'"kind":"restatement_notice"')


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed over: the record of it, and the folder with the files."""

    delivery: Delivery
    folder: Path
    files: int


def files_of_role(files: Iterable[FileEntry], role: str) -> list[str]:
    """Return the paths that a role receives: leadership everything but the facts, the others all of it.

    Raises:
        UsageError: the role is unknown.
    """
    if role not in ROLES:
        raise UsageError(f"There is no role {role}. Roles: {', '.join(ROLES)}")
    return [entry.path for entry in files if role != "leadership" or entry.path != _DATABASE]


def hand_over(
    workspace: Workspace,
    publication: Path,
    *,
    to: str,
    role: str,
    purpose: str,
    output: Path,
    at: datetime,
) -> Handed:
    """Copy a publication's files for a recipient, and record that it was done.

    Whatever the role, the manifest, the signed checkpoints and the publication's proof go along: any file can
    be verified with the folder and the organisation's key alone. The files are complete and compared with the
    manifest before the leaf is written, and the folder gets its name after it: whoever holds the folder is in
    the log.

    Args:
        workspace: Whose publication.
        publication: Its folder.
        to: The recipient; the log keeps a keyed commitment to the name, the private store the name.
        role: leadership, analyst or auditor.
        purpose: What for; it stays for ever and names nobody.
        output: The folder to make; it must not exist.
        at: When.

    Raises:
        UsageError: the folder exists, or the role is unknown.
        DeliveryError: a file or the manifest is not what was published, or the purpose is missing.
        WorkspaceLockedError: a run works here.
    """
    if output.exists():
        raise UsageError(f"{output} exists already; name a folder that does not")
    manifest = read_manifest(publication)
    paths = files_of_role(manifest.files, role)
    partly = output.with_name(f".{output.name}-{secrets.token_hex(4)}")
    with open_session(workspace, command="assay export", needs_sources=False) as session:
        try:
            _refuse_altered(session, publication, manifest)
            given = _copy(publication, partly, [entry for entry in manifest.files if entry.path in paths])
            delivery = Delivery(
                delivery_id=secrets.token_hex(8),
                kind="export",
                publication_id=manifest.publication_id,
                role=role,
                recipient=_commitment(session, to),
                purpose=purpose,
                manifest_sha256=_write_list(partly, manifest.publication_id, role, given),
                at=at,
            )
            sync_tree(partly)
            recorded = _record(session, delivery, name=to)
            partly.rename(output)
        except BaseException:
            shutil.rmtree(partly, ignore_errors=True)
            raise
    return Handed(recorded, output, len(given))


def notify(workspace: Workspace, old: str, new: str, *, to: str, purpose: str, at: datetime) -> Delivery:
    """Record that a recipient of an earlier publication was told of its restatement by a later one.

    Raises:
        UsageError: that recipient never received it.
        WorkspaceLockedError: a run works here.
    """
    received = [one for one in deliveries_of(workspace, old) if one.name == to and one.kind == "export"]
    if not received:
        raise UsageError(f"Nobody of that name received {old}. `assay export list {old}` lists who did")
    with open_session(workspace, command="assay export", needs_sources=False) as session:
        told = replace(
            received[-1],
            delivery_id=secrets.token_hex(8),
            kind="notice",
            purpose=purpose,
            about=new,
            at=at,
            leaf_index=None,
        )
        return _record(session, told, name=to)


def forget_recipient(workspace: Workspace, name: str, *, at: datetime) -> bool:
    """Erase a recipient's name from the private store; what was handed over stays on the record.

    Raises:
        WorkspaceLockedError: a run works here.
    """
    with open_session(workspace, command="assay export", needs_sources=False) as session:
        return DeliveryStore(workspace.deliveries).erase(_commitment(session, name), at=at)


def deliveries_of(workspace: Workspace, publication_id: str | None = None) -> list[Delivery]:
    """Return what was handed over, of one publication or of all, with the names that are still known."""
    everything = DeliveryStore(workspace.deliveries).all()
    return [one for one in everything if publication_id is None or one.publication_id == publication_id]


def delivery_problems(workspace: Workspace, ledger: Ledger) -> Iterator[tuple[str, str, bool]]:
    """Yield (object, problem, is fatal) where the private store and the governance log do not agree."""
    leaves = {
        index: leaf
        for index, leaf in ledger.every_leaf(GOVERNANCE_LOG)
        if any(kind in leaf for kind in _SAID)
    }
    try:
        kept = {one.leaf_index: one for one in DeliveryStore(workspace.deliveries).all()}
    except DeliveryError as error:
        # it is for its owner's eyes; whoever else verifies checks everything but whom it names
        yield workspace.deliveries.name, str(error), os.access(workspace.deliveries, os.R_OK)
        return
    for index, delivery in kept.items():
        if index is None or leaves.get(index) != delivery.leaf():
            problem = f"the private store says otherwise of leaf {index} than the governance log"
            yield f"delivery {delivery.delivery_id}", problem, True
    for index in sorted(set(leaves) - set(kept)):
        delivery_id = json.loads(leaves[index])["delivery_id"]
        text = f"leaf {index} records it, and the private store has lost to whom"
        yield f"delivery {delivery_id}", text, False


def _commitment(session: Session, name: str) -> str:
    if not name.strip():
        raise DeliveryError("a recipient needs a name")
    return commitment(load_token_key(session.workspace.key(TOKEN_KEY, session.settings)), name.strip())


def _record(session: Session, delivery: Delivery, *, name: str) -> Delivery:
    """Append the leaf and keep the name: the store first, so that a crash loses no name of a leaf."""
    with session.ledger.transaction() as transaction:
        index = transaction.append(GOVERNANCE_LOG, delivery.leaf())
        recorded = replace(delivery, leaf_index=index, name=name.strip())
        DeliveryStore(session.workspace.deliveries).add(recorded, name=name.strip())
    session.ledger.checkpoint(GOVERNANCE_LOG, session.signer(), at=delivery.at)
    return recorded


def _refuse_altered(session: Session, publication: Path, manifest: Manifest) -> None:
    """Refuse a publication whose manifest is not the one that its own proof leads to.

    Raises:
        DeliveryError: saying what differs.
    """
    if "sealed" not in manifest.document:
        return  # of a version before publications carried a proof
    trusted = session.ledger.trust([NoteVerifier.parse(str(manifest.document["signed_by"]))])
    for found in check_proof(publication, manifest, trusted):
        raise DeliveryError(
            f"{publication.name}/{MANIFEST} is not what was announced ({found.object_name} {found.problem}); "
            "nothing was handed over. Find out what differs with: assay verify"
        )


def _copy(publication: Path, target: Path, entries: list[FileEntry]) -> list[tuple[str, str]]:
    proving = [name for name in UNLISTED if (publication / name).exists()]
    for name in (*proving, *(entry.path for entry in entries)):
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(publication / name, copy)
    for entry in entries:
        if sha256_file(target / entry.path) != entry.sha256:
            raise DeliveryError(
                f"{publication.name}/{entry.path} is not what was published; nothing was handed over. "
                "Find out what differs with: assay verify"
            )
    return sorted((path.relative_to(target).as_posix(), sha256_file(path)) for path in _files(target))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _write_list(folder: Path, publication_id: str, role: str, given: list[tuple[str, str]]) -> str:
    document = {
        "v": 1,
        "publication_id": publication_id,
        "role": role,
        "files": [{"path": path, "sha256": digest} for path, digest in given],
    }
    content = (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
    (folder / DELIVERY).write_bytes(content)
    return hashlib.sha256(content).hexdigest()
