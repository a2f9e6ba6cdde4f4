"""Signed notes: Go's published vector, the text forms of keys, and everything that must be refused."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.ledger import Checkpoint, Note, NoteError, NoteSigner, NoteVerifier, sign_note, verify_note

ACME = NoteSigner("acme.example/assay", b"\x07" * 32)
AUDIT = NoteSigner("audit", b"\x08" * 32)
TEXT = "acme/payload\n3\nAAAA\n"


def test_a_note_signed_by_another_implementation_verifies() -> None:
    """The vector is that of Go's package sumdb/note."""
    vector = json.loads((Path(__file__).parent / "published_vectors.json").read_text())["note"]
    verifier = NoteVerifier.parse(vector["verifier_key"])
    assert verifier.name == "PeterNeumann"
    assert verifier.text() == vector["verifier_key"]
    note = verify_note(vector["signed_note"], [verifier])
    assert note.text.startswith("If you think cryptography is the answer")
    assert note.document() == vector["signed_note"]
    with pytest.raises(NoteError, match="does not hold"):
        verify_note(vector["signed_note"].replace("problem is", "problem was"), [verifier])


def test_a_signed_note_verifies_and_comes_back_as_it_was() -> None:
    note = verify_note(sign_note(TEXT, [ACME]), [ACME.verifier])
    assert note.text == TEXT
    assert note.verified_by([AUDIT.verifier, ACME.verifier]) == (ACME.verifier,)


def test_keys_come_back_from_their_text_forms() -> None:
    signer = NoteSigner.generate("org+key".replace("+", "-"), random_bytes=lambda count: b"\x09" * count)
    assert NoteSigner.parse(signer.text() + "\n") == signer
    assert NoteVerifier.parse(signer.verifier.text()) == signer.verifier


def test_the_private_key_does_not_show_in_a_repr() -> None:
    assert "\\x07" not in repr(ACME)


def test_a_witness_signs_beside_the_log() -> None:
    document = sign_note(TEXT, [ACME, AUDIT])
    assert Note.parse(document).verified_by([AUDIT.verifier, ACME.verifier]) == (
        ACME.verifier,
        AUDIT.verifier,
    )


def test_signatures_of_unknown_keys_are_ignored_but_do_not_count() -> None:
    document = sign_note(TEXT, [ACME, AUDIT])
    assert verify_note(document, [AUDIT.verifier]).text == TEXT
    with pytest.raises(NoteError, match="no known key"):
        verify_note(document, [NoteSigner("audit", b"\x0a" * 32).verifier])


def test_a_broken_signature_of_a_known_key_is_refused_even_beside_a_good_one() -> None:
    good, broken = sign_note(TEXT, [ACME]), sign_note("other\n", [AUDIT])
    document = good + broken.split("\n\n")[1]
    with pytest.raises(NoteError, match="audit"):
        verify_note(document, [ACME.verifier, AUDIT.verifier])


@settings(max_examples=150)
@given(st.data())
def test_no_changed_byte_of_a_note_goes_unseen(data: st.DataObject) -> None:
    document = bytearray(sign_note(TEXT, [ACME]).encode())
    at = data.draw(st.integers(0, len(document) - 1))
    document[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((NoteError, UnicodeDecodeError)):
        verify_note(document.decode(), [ACME.verifier])


@pytest.mark.parametrize(
    "document",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— acme",
        "text\n\n- acme AAAA\n",
        "text\n\n— acme\n",
        "text\n\n— acme AAA\n",
        "text\n\n— acme AAAAAA==\n",
        "text\n\n— ac+me AAAAAAAA\n",
        "te\rxt\n\n— acme AAAAAAAA\n",
        "text\n\n" + "— acme AAAAAAAA\n" * 101,
    ],
)
def test_what_is_no_signed_note_is_refused(document: str) -> None:
    with pytest.raises(NoteError):
        Note.parse(document)


@pytest.mark.parametrize("text", ["no newline at the end", "a\tcontrol character\n"])
def test_a_text_that_would_not_be_read_back_is_not_signed(text: str) -> None:
    with pytest.raises(NoteError):
        sign_note(text, [ACME])


def test_a_note_without_signer_is_not_made() -> None:
    with pytest.raises(NoteError, match="needs a signer"):
        sign_note(TEXT, [])


@pytest.mark.parametrize(
    "key",
    [
        "acme",
        "acme+00000000+AQ==",
        ACME.verifier.text().replace("acme", "other"),
        "acme+c74f20a3+ApPc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_what_is_no_verifier_key_is_refused(key: str) -> None:
    with pytest.raises(NoteError):
        NoteVerifier.parse(key)


@pytest.mark.parametrize("key", ["", ACME.verifier.text(), ACME.text().replace("acme", "other")])
def test_what_is_no_signing_key_is_refused(key: str) -> None:
    with pytest.raises(NoteError):
        NoteSigner.parse(key)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\t", "no\u00a0break"])
def test_names_that_would_break_a_line_are_refused(name: str) -> None:
    with pytest.raises(NoteError, match="key name"):
        NoteSigner(name, b"\x07" * 32)


def test_a_checkpoint_comes_back_from_its_text() -> None:
    checkpoint = Checkpoint("assay/acme/payload", 3, b"\x01" * 32)
    assert Checkpoint.parse(checkpoint.text()) == checkpoint
    assert Checkpoint.parse(checkpoint.text() + "an extension line\n") == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        "origin\n3\n",
        "\n3\n" + "A" * 43 + "=\n",
        "o\n03\n" + "A" * 43 + "=\n",
        "o\n-3\nAAAA\n",
        "o\n3\nAA\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)
