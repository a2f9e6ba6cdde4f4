"""Making proofs that verify offline: of a page, a leaf, a publication, an exported file, a published cell."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.evidence import EvidenceStore
from governance.log import GOVERNANCE_LOG
from lineage.ledger import Ledger, Note, NoteSigner, TlogProof
from lineage.ledger.leaf_proof import ListedItem, Opening, prove_leaf
from lineage.trace import parse_period, parse_scope
from orchestration.errors import UsageError
from orchestration.publications import CURRENT, publication_folder
from orchestration.session import load_signer, open_ledger
from orchestration.workspace import Workspace
from publishing.analyst import open_published
from publishing.errors import ManifestError
from publishing.manifest import Manifest, read_manifest
from publishing.publication import ANALYST
from publishing.sealed_cells import cells_tree, find_cells
from publishing.sealed_lists import file_leaf, files_tree, metrics_of_manifest
from publishing.sealing import announced_at


@dataclass(frozen=True, slots=True)
class CellName:
    """A cell as people name it: the metric, `team:payments`, `2026-05`."""

    metric: str
    scope: str
    period: str


@contextmanager
def open_prover(workspace: Workspace) -> Iterator["Prover"]:
    """Open a workspace for making proofs; a run may go on beside it.

    Raises:
        UsageError: the signing key is missing.
    """
    settings = workspace.settings()
    with open_ledger(workspace, settings) as ledger:
        yield Prover(workspace, ledger, load_signer(workspace, settings))


class Prover:
    """Makes proofs against the newest cosigned checkpoint, or one signed now where none covers the leaf."""

    def __init__(self, workspace: Workspace, ledger: Ledger, signer: NoteSigner) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._signer = signer

    def leaf(self, log: str, index: int) -> TlogProof:
        """Prove a leaf of `payload` or `governance`.

        Raises:
            UsageError: the log has no such leaf.
        """
        size = self._ledger.size(log)
        if not 0 <= index < size:
            raise UsageError(f"The {log} log has {size} leaves, from 0; there is none at {index}")
        return prove_leaf(self._ledger, log, index, note=self._note(log, index))

    def page(self, index: int) -> tuple[TlogProof, bytes]:
        """Prove a page of evidence with what its leaf commits to; returns the page's body too.

        Raises:
            EvidenceError: there is no such page, or it was redacted.
        """
        store = EvidenceStore(self._workspace.evidence, self._ledger, random_bytes=secrets.token_bytes)
        try:
            opening, body = store.opening(index), store.page(index).body
        finally:
            store.close()
        note = self._note("payload", index)
        opened = Opening(opening.salt, opening.metadata)
        return prove_leaf(self._ledger, "payload", index, note=note, opening=opened), body

    def publication(self, publication_id: str | None) -> TlogProof:
        """Prove that a publication was announced; the current one where none is named."""
        manifest, _ = self._manifest(publication_id)
        return self._announced(manifest)

    def file(self, path: str, publication_id: str | None) -> TlogProof:
        """Prove one exported file, such as `marts/mart_metric_values.csv`, without the manifest.

        Raises:
            UsageError: the publication has no such file.
        """
        manifest, folder = self._manifest(publication_id)
        _refuse_unsealed(manifest)
        entries = manifest.files
        index = next((place for place, entry in enumerate(entries) if entry.path == path), None)
        if index is None:
            listed = ", ".join(entry.path for entry in entries)
            raise UsageError(f"{folder.name} has no file {path}; it has {listed}")
        steps = tuple(files_tree(entries).inclusion_proof(index))
        return self._announced(manifest, ListedItem("file", file_leaf(entries[index]), index, steps))

    def cell(self, name: CellName, publication_id: str | None) -> TlogProof:
        """Prove one published value of a metric that is certified or feeds incentives.

        Raises:
            UsageError: the publication has no such cell, or does not list this metric's cells one by one.
        """
        manifest, folder = self._manifest(publication_id)
        _refuse_unsealed(manifest)
        secret = manifest.document["sealed"]["cells"]["secret"]
        metrics = metrics_of_manifest(manifest.document)
        if name.metric not in metrics:
            listed = ", ".join(sorted(metrics)) or "none"
            raise UsageError(
                f"{folder.name} proves cells of certified and incentive metrics one by one ({listed}), and "
                f"{name.metric} only as part of a file: assay proof file marts/mart_metric_values.csv"
            )
        with open_published(folder / ANALYST) as con:
            found = find_cells(con, _wanted(name), secret=secret, definition_hashes=metrics)
            if len(found) != 1:
                raise UsageError(
                    f"{folder.name} shows {len(found) or 'no'} values of {name.metric} for {name.scope} in "
                    f"{name.period}, where one is wanted. A value that is withheld cannot be proven alone"
                )
            tree = cells_tree(con, secret=secret, definition_hashes=metrics)
        (cell,) = found
        steps = tuple(tree.inclusion_proof(cell.index))
        return self._announced(manifest, ListedItem("cell", cell.leaf, cell.index, steps))

    def _announced(self, manifest: Manifest, item: ListedItem | None = None) -> TlogProof:
        index = announced_at(self._ledger, manifest.publication_id)
        return prove_leaf(
            self._ledger, GOVERNANCE_LOG, index, note=self._note(GOVERNANCE_LOG, index), item=item
        )

    def _manifest(self, publication_id: str | None) -> tuple[Manifest, Path]:
        folder = publication_folder(self._workspace, publication_id or CURRENT)
        try:
            return read_manifest(folder), folder
        except ManifestError as error:
            raise UsageError(f"{error}. `assay status` shows what is published") from error

    def _note(self, log: str, index: int) -> str:
        """The newest cosigned checkpoint that covers a leaf, with all its cosignatures."""
        cosignatures = [one for one in self._ledger.cosignatures(log) if one.size > index]
        size = cosignatures[0].size if cosignatures else self._ledger.size(log)
        note = Note.parse(self._ledger.signed(log, size, self._signer))
        return note.with_signatures(one.signature for one in cosignatures if one.size == size).document()


def _refuse_unsealed(manifest: Manifest) -> None:
    if "sealed" not in manifest.document:
        raise UsageError(
            f"{manifest.publication_id} was made by a version of Assay that proves it as a whole: "
            f"assay proof publication {manifest.publication_id}"
        )


def _wanted(name: CellName) -> Mapping[str, str]:
    scope_kind, scope_id = parse_scope(name.scope)
    period = parse_period(name.period)
    return {
        "metric": name.metric,
        "scope_kind": scope_kind,
        "scope_id": scope_id,
        "period_grain": period.grain,
        "period_start": period.start.isoformat(),
    }
