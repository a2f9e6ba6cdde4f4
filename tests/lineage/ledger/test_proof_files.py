"""Proofs as files, cosignatures and keys of witnesses: their forms, and everything that must be refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.ledger import (
    Ledger,
    LedgerError,
    Note,
    NoteError,
    NoteSigner,
    NoteVerifier,
    ProofError,
    TlogProof,
    WitnessKey,
    WitnessSigner,
    cosigned_at,
    find_cosignature,
)
from lineage.ledger.leaf_proof import ListedItem, Opening, check_leaf_proof, prove_leaf

SIGNER = NoteSigner("assay/acme", b"\x01" * 32)
WITNESS = WitnessSigner("internal-audit", b"\x02" * 32)
AT = datetime(2026, 7, 1, 12, 0, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    made = Ledger(tmp_path_factory.mktemp("proofs") / "ledger.sqlite", origin="assay/acme")
    with made.transaction() as transaction:
        transaction.append_many("governance", [b'{"kind":"note","n":%d}' % n for n in range(21)])
    return made


def cosigned(ledger: Ledger) -> str:
    note = Note.parse(ledger.signed("governance", 21, SIGNER))
    return note.with_signatures([WITNESS.cosign(note.text, at=AT)]).document()


@pytest.fixture(scope="module")
def document(ledger: Ledger) -> str:
    return prove_leaf(ledger, "governance", 5, note=cosigned(ledger)).document()


def test_a_proof_has_the_lines_of_the_specification(document: str) -> None:
    head, _, checkpoint = document.partition("\n\n")
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 5"
    assert len(lines) == 3 + 5  # the path in a tree of 21 leaves
    assert checkpoint.startswith("assay/acme/governance\n21\n")
    assert TlogProof.parse(document).document() == document


def test_a_proof_shows_its_leaf_to_whoever_trusts_the_log_or_the_witness(document: str) -> None:
    for keys in ([SIGNER.verifier], [WITNESS.key]):
        proven, signed_by = check_leaf_proof(TlogProof.parse(document), keys)
        assert proven.leaf == {"kind": "note", "n": 5}
        assert (proven.index, proven.checkpoint.size) == (5, 21)
        assert list(signed_by) == keys
    with pytest.raises(NoteError, match="no known key"):
        check_leaf_proof(TlogProof.parse(document), [NoteSigner("assay/acme", b"\x03" * 32).verifier])


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_no_changed_bit_of_a_proof_goes_unseen(document: str, data: st.DataObject) -> None:
    changed = bytearray(document.encode())
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    assert not holds_for_both(bytes(changed))


def holds_for_both(document: bytes) -> bool:
    """Whether log and witness both stand behind what was read."""
    try:
        proof = TlogProof.parse(document.decode())
        check_leaf_proof(proof, [SIGNER.verifier])
        return find_cosignature(Note.parse(proof.checkpoint), WITNESS.key) is not None
    except (LedgerError, UnicodeDecodeError):
        return False


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2", "begins with"),
        ("index 5", "index 05", "decimal"),
        ("index 5", "index -5", "decimal"),
        ("index 5", "place 5", "line before"),
        ("index 5\n", "index 5\nAAAA\n", "bytes"),
        ("index 5\n", "index 5\n" + ("A" * 43 + "=\n") * 64, "at most"),
        ("extra ", "extra =", "base64"),
    ],
)
def test_what_is_no_proof_is_refused(document: str, old: str, new: str, problem: str) -> None:
    assert old in document
    with pytest.raises(NoteError, match=problem):
        TlogProof.parse(document.replace(old, new, 1))


def test_a_checkpoint_that_is_too_old_proves_nothing_of_a_leaf(ledger: Ledger) -> None:
    with pytest.raises(ProofError, match="does not cover leaf 9"):
        prove_leaf(ledger, "governance", 9, note=ledger.signed("governance", 9, SIGNER))


def test_an_item_that_the_leaf_does_not_list_is_not_proven(ledger: Ledger) -> None:
    item = ListedItem("cell", '{"kind":"cell"}', 0, ())
    with pytest.raises(ProofError, match="wrong form"):
        prove_leaf(ledger, "governance", 5, note=cosigned(ledger), item=item)


def test_a_page_opens_only_with_its_own_metadata_and_salt(tmp_path: Path) -> None:
    made = Ledger(tmp_path / "ledger.sqlite", origin="assay/acme")
    import hmac  # noqa: PLC0415 - what the evidence store does, with the standard library alone

    commitment = hmac.digest(b"\x05" * 32, b'{"url":"https://example.test"}', "sha256").hex()
    with made.transaction() as transaction:
        transaction.append("payload", b'{"commitment":"%s","kind":"page","v":1}' % commitment.encode())
    note = made.signed("payload", 1, SIGNER)
    right = Opening((b"\x05" * 32).hex(), {"url": "https://example.test"})
    proof = prove_leaf(made, "payload", 0, note=note, opening=right)
    proven, _ = check_leaf_proof(proof, [SIGNER.verifier])
    assert proven.page == {"url": "https://example.test"}
    for wrong in (
        Opening((b"\x06" * 32).hex(), right.metadata),
        Opening(right.salt, {"url": "https://example.test/other"}),
    ):
        with pytest.raises(ProofError, match="not what its leaf commits to"):
            prove_leaf(made, "payload", 0, note=note, opening=wrong)


def test_a_cosignature_states_its_time_and_cannot_be_moved_to_another_one(ledger: Ledger) -> None:
    note = Note.parse(cosigned(ledger))
    line = find_cosignature(note, WITNESS.key)
    assert line is not None
    assert cosigned_at(line) == AT
    assert len(line.signature) == 72
    later = (int(AT.timestamp()) + 1).to_bytes(8, "big") + line.signature[8:]
    assert not WITNESS.key.holds(note.text.encode(), later)
    assert not WITNESS.key.holds(note.text.encode() + b"extension\n", line.signature)


def test_the_signed_message_of_a_cosignature_is_that_of_the_specification(ledger: Ledger) -> None:
    """Checked by the plain Ed25519 key over bytes that are put together here."""
    note = Note.parse(cosigned(ledger))
    line = find_cosignature(note, WITNESS.key)
    assert line is not None
    message = b"cosignature/v1\ntime " + str(int(AT.timestamp())).encode() + b"\n" + note.text.encode()
    assert NoteVerifier("any", WITNESS.key.public_key).holds(message, line.signature[8:])


def test_keys_of_witnesses_and_of_logs_are_told_apart() -> None:
    assert WitnessKey.parse(WITNESS.key.text()) == WITNESS.key
    assert WitnessSigner.parse(WITNESS.text()) == WITNESS
    with pytest.raises(NoteError, match="witness's key"):
        NoteVerifier.parse(WITNESS.key.text())
    with pytest.raises(NoteError, match="signs notes"):
        WitnessKey.parse(SIGNER.verifier.text())
    same = NoteVerifier(WITNESS.name, WITNESS.key.public_key)
    assert same.key_id != WITNESS.key.key_id
    assert "\\x02" not in repr(WITNESS)
