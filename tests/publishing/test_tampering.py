"""Every way of tampering that we could think of is detected, and the finding names the object.

What a case does is done as skilfully as possible: hashes, seals and rows are made to fit where the tamperer
can make them fit. What cannot be made to fit is a signature.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from lineage.ledger import Ledger, Note, TlogProof, append_rotation, canonical_json, sign_note
from lineage.ledger.leaf_proof import prove_leaf
from tests.publishing.sealed_world import AT, ORIGIN, RETIRED, SIGNER, THIEF, World, make_world

MANIFEST, PAYLOAD, REGISTERS = "manifest.json", "payload-checkpoint.txt", "registers-checkpoint.txt"
CHECKPOINT, PROOF, VALUES = "checkpoint.txt", "publication.tlog-proof", "marts/mart_metric_values.csv"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, small_template: Path) -> World:
    return make_world(tmp_path_factory.mktemp("world"), small_template)


@pytest.fixture
def world(original: World, tmp_path: Path) -> World:
    shutil.copytree(original.folder, tmp_path / "world", symlinks=True)
    return World(tmp_path / "world")


def flip(content: bytes, at: int = -9) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


def rewrite_history(world: World, *, leaves: int, said: str = "forged") -> None:
    """A new ledger with other leaves, made by the product itself, under the old checkpoints."""
    fresh = world.folder / "fresh.sqlite"
    with world.ledger() as old, Ledger(fresh, origin=ORIGIN) as new:
        governance = [leaf for _, leaf in old.leaves("governance", 0, 99)]
        payload = [leaf for _, leaf in old.leaves("payload", 0, leaves)]
        payload[7] = said.encode()
        with new.transaction() as transaction:
            transaction.append_many("payload", payload)
            transaction.append_many("governance", governance)
    world.sql(
        f"ATTACH '{fresh}' AS fresh",
        "DELETE FROM payload_leaves",
        "DELETE FROM payload_nodes",
        "INSERT INTO payload_leaves SELECT * FROM fresh.payload_leaves",
        "INSERT INTO payload_nodes SELECT * FROM fresh.payload_nodes",
    )


def cut_history(world: World) -> None:
    """The newest leaves are gone, and the tree is that of those that are left."""
    with world.ledger() as ledger:
        kept = ledger.leaf("payload", 7).decode()
    rewrite_history(world, leaves=260, said=kept)


def swap_files(world: World) -> None:
    first, second = (world.publication / "marts" / f"{name}.csv" for name in ("dim_teams", "dim_services"))
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def edit_value_and_manifest(world: World) -> None:
    """A cell is changed, and the manifest with its hashes is made to fit."""
    from publishing.manifest import list_files, read_manifest, spell_manifest  # noqa: PLC0415
    from publishing.sealed_lists import SealedList, files_tree  # noqa: PLC0415

    world.edit(VALUES, lambda content: content.replace(b"1", b"2", 1))
    document = dict(read_manifest(world.publication).document)
    rows = {entry["path"]: entry["rows"] for entry in document["files"]}
    files = list_files(world.publication, rows)
    document["files"] = [entry.to_document() for entry in files]
    document["sealed"] = {**document["sealed"], "files": SealedList.of(files_tree(files)).to_document()}
    (world.publication / MANIFEST).write_bytes(spell_manifest(document))


def edit_database(world: World) -> None:
    with duckdb.connect(str(world.publication / "analyst.duckdb")) as con:
        con.execute("update marts.mart_metric_values set value = 1 where metric = 'change_lead_time'")


def resign(world: World, file: str, log: str, size: int) -> None:
    """Another checkpoint, signed by the right key."""
    with world.ledger() as ledger:
        (world.publication / file).write_text(ledger.signed(log, size, SIGNER))


def without_witness(content: bytes) -> bytes:
    note = Note.parse(content.decode())
    return Note(note.text, note.signatures[:1]).document().encode()


def with_stranger(content: bytes) -> bytes:
    note = Note.parse(content.decode())
    strange = Note.parse(sign_note(note.text, [THIEF])).signatures
    return note.with_signatures(strange).document().encode()


def proof_of_another_leaf(world: World) -> None:
    with world.ledger() as ledger:
        note = (world.publication / CHECKPOINT).read_text()
        (world.publication / PROOF).write_text(prove_leaf(ledger, "governance", 2, note=note).document())


def thief_takes_over(world: World) -> None:
    with world.ledger() as ledger, ledger.transaction() as transaction:
        append_rotation(transaction, RETIRED, THIEF, at=AT, reason="stolen")


def thief_signs(world: World) -> None:
    with world.ledger() as ledger:
        ledger.checkpoint("payload", THIEF, at=AT)


def retired_signs(world: World) -> None:
    with world.ledger() as ledger:
        ledger.checkpoint("payload", RETIRED, at=AT)


def thief_s_note(world: World) -> None:
    with world.ledger() as ledger:
        note = ledger.signed("payload", 300, THIEF)
    key = THIEF.verifier.text()
    world.sql(
        f"UPDATE checkpoints SET note = '{note}', verifier_key = '{key}' WHERE log = 'payload' AND size = 300"
    )


def edit_extra(world: World, change: Callable[[dict[str, object]], None]) -> None:
    proof = TlogProof.parse(world.proof.read_text())
    extra = json.loads(proof.extra)
    change(extra)
    changed = TlogProof(proof.index, proof.path, proof.checkpoint, canonical_json(extra))
    world.proof.write_text(changed.document())


def set_item(world: World, name: str, change: Callable[[object], object]) -> None:
    def apply(extra: dict[str, object]) -> None:
        item = extra["item"]
        assert isinstance(item, dict)
        item[name] = change(item[name])

    edit_extra(world, apply)


def edit_proof(world: World, **changes: object) -> None:
    proof = TlogProof.parse(world.proof.read_text())
    parts = {"index": proof.index, "path": proof.path, "checkpoint": proof.checkpoint, "extra": proof.extra}
    world.proof.write_text(TlogProof(**(parts | changes)).document())  # type: ignore[arg-type] # its own fields


def forged_checkpoint(world: World) -> str:
    return sign_note(Note.parse(TlogProof.parse(world.proof.read_text()).checkpoint).text, [THIEF])


def move_current(world: World, target: str) -> None:
    (world.published / "current").unlink()
    (world.published / "current").symlink_to(target)


IN_LEDGER: dict[str, tuple[Callable[[World], object], str, str]] = {
    "the file is cut short": (
        lambda w: w.ledger_file.write_bytes(w.ledger_file.read_bytes()[:-4096]),
        "ledger.sqlite",
        "",
    ),
    "a bit of the file is flipped": (
        lambda w: w.ledger_file.write_bytes(flip(w.ledger_file.read_bytes(), 9000)),
        "ledger.sqlite",
        "",
    ),
    "the header is another": (
        lambda w: w.ledger_file.write_bytes(flip(w.ledger_file.read_bytes(), 3)),
        "ledger.sqlite",
        "header",
    ),
    "the ledger is gone": (lambda w: w.ledger_file.unlink(), "ledger.sqlite", "missing"),
    "the seal is gone": (
        lambda w: w.ledger_file.with_suffix(".seal.json").unlink(),
        "ledger.seal.json",
        "missing",
    ),
    "the seal is of another file": (
        lambda w: w.ledger_file.with_suffix(".seal.json").write_bytes(
            w.ledger_file.with_suffix(".seal.json").read_bytes().replace(b'"bytes":', b'"bytes":1')
        ),
        "ledger.sqlite",
        "sha256",
    ),
    "the seal is spelled otherwise": (
        lambda w: w.ledger_file.with_suffix(".seal.json").write_bytes(
            w.ledger_file.with_suffix(".seal.json").read_bytes().replace(b":", b": ")
        ),
        "ledger.seal.json",
        "canonical",
    ),
    "a journal lies beside the sealed file": (
        lambda w: w.ledger_file.with_name("ledger.sqlite-journal").write_bytes(b"x" * 600),
        "ledger.sqlite-journal",
        "journal",
    ),
    "the content of a page's leaf is changed": (
        lambda w: w.sql("UPDATE payload_leaves SET leaf = CAST('{}' AS BLOB) WHERE leaf_index = 7"),
        "payload leaf 7",
        "hash",
    ),
    "the content of a decision's leaf is changed": (
        lambda w: w.sql("UPDATE governance_leaves SET leaf = CAST('{}' AS BLOB) WHERE leaf_index = 2"),
        "governance leaf 2",
        "hash",
    ),
    "a leaf's hash is changed": (
        lambda w: w.sql("UPDATE payload_leaves SET hash = zeroblob(32) WHERE leaf_index = 8"),
        "payload leaf 8",
        "hash",
    ),
    "an inner node is changed": (
        lambda w: w.sql("UPDATE payload_nodes SET hash = zeroblob(32) WHERE number = 5"),
        "payload node 5",
        "children",
    ),
    "an inner node is deleted": (
        lambda w: w.sql("DELETE FROM payload_nodes WHERE number = 9"),
        "payload node 9",
        "missing",
    ),
    "a node is added": (
        lambda w: w.sql("INSERT INTO payload_nodes VALUES (900001, zeroblob(32))"),
        "payload log",
        "nodes",
    ),
    "a leaf in the middle is deleted": (
        lambda w: w.sql("DELETE FROM payload_leaves WHERE leaf_index = 100"),
        "payload leaf 100",
        "missing",
    ),
    "the newest leaf is deleted": (
        lambda w: w.sql("DELETE FROM payload_leaves WHERE leaf_index = 299"),
        "payload log at size 300",
        "cut short",
    ),
    "the newest leaves are deleted, and the tree fits": (cut_history, "payload log at size 300", "cut short"),
    "two leaves change places": (
        lambda w: w.sql(
            "UPDATE payload_leaves SET leaf_index = -1 WHERE leaf_index = 3",
            "UPDATE payload_leaves SET leaf_index = 3 WHERE leaf_index = 4",
            "UPDATE payload_leaves SET leaf_index = 4 WHERE leaf_index = -1",
        ),
        "payload node",
        "children",
    ),
    "history is rewritten, and the tree fits": (
        lambda w: rewrite_history(w, leaves=300),
        "payload log at size 300",
        "rewritten",
    ),
    "a checkpoint's signature is changed": (
        lambda w: w.sql(
            "UPDATE checkpoints SET note = replace(note, 'acme ', 'acme A') WHERE checkpoint_id = 1"
        ),
        "checkpoint 1",
        "does not hold",
    ),
    "a checkpoint's row says another size": (
        lambda w: w.sql("UPDATE checkpoints SET size = 199 WHERE checkpoint_id = 1"),
        "checkpoint 1",
        "row says other things",
    ),
    "a checkpoint's row says another root": (
        lambda w: w.sql("UPDATE checkpoints SET root = zeroblob(32) WHERE checkpoint_id = 1"),
        "checkpoint 1",
        "row says other things",
    ),
    "a checkpoint is signed anew by a thief": (thief_s_note, "payload log at size 300", "key was swapped"),
    "the signing key is swapped": (
        thief_signs,
        "payload log at size 300",
        "key was swapped",
    ),
    "a retired key signs what came after it": (retired_signs, "payload log at size 300", "retired"),
    "a stolen retired key names a successor": (thief_takes_over, "key rotation", "retired before"),
    "the leaf of a key rotation is changed": (
        lambda w: w.sql(
            "UPDATE governance_leaves SET leaf = CAST(replace(CAST(leaf AS TEXT), 'yearly', 'never') AS BLOB)"
            " WHERE leaf_index = 4"
        ),
        "governance leaf 4, a key rotation",
        "did not sign",
    ),
    "a cosignature is changed": (
        lambda w: w.sql("UPDATE cosignatures SET root = zeroblob(32) WHERE log = 'payload'"),
        "cosignature of the payload log at size 250 by internal-audit",
        "does not hold",
    ),
    "a cosignature is moved to another size": (
        lambda w: w.sql("UPDATE cosignatures SET size = 300 WHERE log = 'payload'"),
        "cosignature of the payload log at size 300 by internal-audit",
        "does not hold",
    ),
    "the time of a cosignature is edited": (
        lambda w: w.sql("UPDATE cosignatures SET cosigned_at = '2020-01-01T00:00:00+00:00'"),
        "cosignature of the payload log",
        "its row says 2020",
    ),
    "a cosignature's key is another's": (
        lambda w: w.sql("UPDATE cosignatures SET witness_key = 'x'"),
        "cosignature of the payload log",
        "cannot be read",
    ),
}

IN_PUBLICATIONS: dict[str, tuple[Callable[[World], object], str, str]] = {
    "an exported value is changed": (lambda w: w.edit(VALUES, flip), f"paid/{VALUES}", "SHA-256"),
    "an exported file is cut": (lambda w: w.edit(VALUES, lambda c: c[:-1]), f"paid/{VALUES}", "bytes"),
    "an exported file is deleted": (
        lambda w: (w.publication / VALUES).unlink(),
        f"paid/{VALUES}",
        "missing",
    ),
    "a file is added": (lambda w: (w.publication / "more.csv").touch(), "paid/more.csv", "not part"),
    "two files change places": (swap_files, "paid/marts/dim_teams.csv", ""),
    "a value in the database is changed": (edit_database, "paid/analyst.duckdb", "another root"),
    "a value and the manifest are changed together": (
        edit_value_and_manifest,
        f"paid/{MANIFEST}",
        "governance log",
    ),
    "the manifest is gone": (
        lambda w: (w.publication / MANIFEST).unlink(),
        f"paid/{MANIFEST}",
        "no manifest",
    ),
    "a witness is struck from the manifest": (
        lambda w: w.edit(MANIFEST, lambda c: c.replace(b'"internal-audit"', b'"external-team"')),
        f"paid/{MANIFEST}",
        "governance log",
    ),
    "the payload checkpoint is that of another size": (
        lambda w: resign(w, PAYLOAD, "payload", 249),
        f"paid/{PAYLOAD}",
        "not of the publication's evidence cutoff",
    ),
    "the witness's line is taken away": (
        lambda w: w.edit(PAYLOAD, without_witness),
        f"paid/{PAYLOAD}",
        "no cosignature of the witness internal-audit",
    ),
    "the witness's line is changed": (lambda w: w.edit(PAYLOAD, flip), f"paid/{PAYLOAD}", "internal-audit"),
    "the log's signature is changed": (
        lambda w: w.edit(PAYLOAD, lambda c: flip(c, c.index(b"assay/acme ", 9) + 30)),
        f"paid/{PAYLOAD}",
        "",
    ),
    "the checkpoint over the sign-offs is gone": (
        lambda w: (w.publication / REGISTERS).unlink(),
        f"paid/{REGISTERS}",
        "missing",
    ),
    "the checkpoint over the sign-offs is an old one that no witness saw": (
        lambda w: resign(w, REGISTERS, "governance", 2),
        f"paid/{REGISTERS}",
        "no cosignature of the witness internal-audit",
    ),
    "the governance checkpoint is too old": (
        lambda w: resign(w, CHECKPOINT, "governance", 4),
        f"paid/{CHECKPOINT}",
        "does not cover",
    ),
    "a stranger's line is added": (
        lambda w: w.edit(CHECKPOINT, with_stranger),
        f"paid/{CHECKPOINT}",
        "nobody knows",
    ),
    "a hash of the proof is changed": (
        lambda w: w.edit(PROOF, lambda c: flip(c, c.index(b"\nindex ") + 20)),
        f"paid/{PROOF}",
        "",
    ),
    "the proof has another index": (
        lambda w: w.edit(PROOF, lambda c: c.replace(b"\nindex ", b"\nindex 1", 1)),
        f"paid/{PROOF}",
        "does not lead",
    ),
    "the proof is that of another leaf": (proof_of_another_leaf, f"paid/{PROOF}", "another leaf"),
    "the proof is gone": (lambda w: (w.publication / PROOF).unlink(), f"paid/{PROOF}", "missing"),
    "the publication takes another's name": (
        lambda w: w.publication.rename(w.published / "other"),
        f"other/{MANIFEST}",
        "governance log",
    ),
    "current points to nothing that was announced": (
        lambda w: move_current(w, "other"),
        "current",
        "not announce",
    ),
    "the evidence's log is rewritten below it": (
        lambda w: rewrite_history(w, leaves=300),
        f"paid/{PAYLOAD}",
        "another root",
    ),
    "the evidence's log is rolled back below it": (
        lambda w: w.sql("DELETE FROM payload_leaves WHERE leaf_index >= 200"),
        f"paid/{PAYLOAD}",
        "has only 200",
    ),
    "the announcing leaf is deleted": (
        lambda w: w.sql("DELETE FROM governance_leaves WHERE leaf_index > 4"),
        f"paid/{MANIFEST}",
        "governance log",
    ),
}

IN_PROOF: dict[str, tuple[Callable[[World], object], str, str]] = {
    "the cell's value is changed": (
        lambda w: set_item(w, "leaf", lambda leaf: str(leaf).replace('"value":"', '"value":"9')),
        "proof",
        "not in the list of cells",
    ),
    "the cell stands elsewhere": (
        lambda w: set_item(w, "index", lambda i: int(str(i)) + 1),
        "proof",
        "not in the list",
    ),
    "the cell's path is shorter": (
        lambda w: set_item(w, "path", lambda steps: list(steps)[:-1]),  # type: ignore[call-overload] # a list
        "proof",
        "not in the list",
    ),
    "the cell is called a file": (
        lambda w: set_item(w, "kind", lambda _: "file"),
        "proof",
        "not in the list of files",
    ),
    "the leaf is another": (
        lambda w: edit_extra(w, lambda extra: extra.update(leaf='{"cells":{"root":"00","size":1}}')),
        "proof",
        "does not lead",
    ),
    "a word is added to the extra data": (
        lambda w: edit_extra(w, lambda extra: extra.update(note="approved")),
        "proof",
        "not those of an Assay leaf",
    ),
    "the path is turned round": (
        lambda w: edit_proof(w, path=TlogProof.parse(w.proof.read_text()).path[::-1]),
        "proof",
        "does not lead",
    ),
    "the index is another": (lambda w: edit_proof(w, index=3), "proof", "does not lead"),
    "the checkpoint is a thief's": (
        lambda w: edit_proof(w, checkpoint=forged_checkpoint(w)),
        "proof",
        "no known key",
    ),
    "the witness's line is taken away": (
        lambda w: w.proof.write_bytes(without_witness(w.proof.read_bytes())),
        "proof",
        "internal-audit has not cosigned",
    ),
    "the extra data are gone": (lambda w: edit_proof(w, extra=b""), "proof", "extra data"),
    "the file is empty": (lambda w: w.proof.write_text(""), "proof", "begins with"),
}


def test_there_are_more_than_forty_cases_and_the_original_is_in_order(original: World) -> None:
    assert len(IN_LEDGER) + len(IN_PUBLICATIONS) + len(IN_PROOF) >= 60
    assert original.in_ledger() == []
    assert original.in_publications() == []
    assert original.in_exported_file() == []
    assert original.in_proof() == []


def named(found: list[tuple[str, str]], name: str, problem: str) -> bool:
    return any(name in one and problem in what for one, what in found)


@pytest.mark.parametrize("case", IN_LEDGER)
def test_tampering_with_the_ledger_is_detected_and_named(world: World, case: str) -> None:
    tamper, name, problem = IN_LEDGER[case]
    tamper(world)
    found = world.in_ledger()
    assert named(found, name, problem), found


@pytest.mark.parametrize("case", IN_PUBLICATIONS)
def test_tampering_with_a_publication_is_detected_and_named(world: World, case: str) -> None:
    tamper, name, problem = IN_PUBLICATIONS[case]
    tamper(world)
    found = world.in_publications()
    assert named(found, name, problem), found


@pytest.mark.parametrize("case", IN_PROOF)
def test_tampering_with_a_proof_is_detected_and_named(world: World, case: str) -> None:
    tamper, name, problem = IN_PROOF[case]
    tamper(world)
    found = world.in_proof()
    assert named(found, name, problem), found


OFFLINE = (
    "an exported value is changed",
    "a value and the manifest are changed together",
    "the payload checkpoint is that of another size",
    "the witness's line is taken away",
    "the witness's line is changed",
    "the checkpoint over the sign-offs is gone",
    "the governance checkpoint is too old",
    "a stranger's line is added",
    "the proof is that of another leaf",
    "the proof is gone",
)


@pytest.mark.parametrize("case", OFFLINE)
def test_the_publication_s_folder_alone_shows_it_too(world: World, case: str) -> None:
    tamper, _, _ = IN_PUBLICATIONS[case]
    tamper(world)
    shutil.rmtree(world.ledger_file.parent)
    assert world.in_exported_file() != []


def test_an_anonymous_publication_of_pay_is_never_in_order(world: World) -> None:
    """Whoever leaves the witness out of the manifest from the start is found by the gate's own entry."""
    from publishing.manifest import read_manifest  # noqa: PLC0415
    from publishing.proof_checks import check_cosignatures  # noqa: PLC0415

    manifest = read_manifest(world.publication)
    document = {**manifest.document, "witnesses": []}
    with world.ledger() as ledger:
        trust = ledger.trust([SIGNER.verifier])
    found = list(check_cosignatures(world.publication, type(manifest)(document, manifest.sha256), trust))
    assert any("feeds pay" in one.problem for one in found)
