"""Every kind of damage to a ledger turns verification red, and the finding names the object."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lineage.ledger import Finding, Ledger, NoteSigner, merkle, verify_ledger

SIGNER = NoteSigner("assay/acme", b"\x01" * 32)
ORIGIN = "assay/acme"
AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
LEAVES = 6000


def make_sealed(path: Path, leaves: int) -> Path:
    """A sealed ledger with two checkpoints, another table and free pages."""
    with Ledger(path, origin=ORIGIN) as ledger:
        with ledger.transaction() as transaction:
            transaction.append_many("payload", [b'{"n":%d}' % index for index in range(leaves)])
            transaction.append_many("governance", [b"a", b"b", b"c"])
            transaction.connection.execute("CREATE TABLE others (x BLOB)")
            transaction.connection.executemany("INSERT INTO others VALUES (?)", [(b"x" * 900,)] * 60)
        ledger.checkpoint("payload", SIGNER, at=AT)
        with ledger.transaction() as transaction:
            transaction.append("payload", b"later")
            transaction.connection.execute("DELETE FROM others WHERE rowid > 10")
        ledger.checkpoint("payload", SIGNER, at=AT)
    return path


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of more leaves than are checked at a time."""
    return make_sealed(tmp_path_factory.mktemp("sealed") / "ledger.sqlite", LEAVES)


@pytest.fixture
def small_file(tmp_path: Path) -> Path:
    """A ledger of few leaves, for damage byte by byte."""
    return make_sealed(tmp_path / "ledger.sqlite", 40)


@pytest.fixture
def ledger_file(sealed: Path, tmp_path: Path) -> Path:
    """A copy of the sealed ledger, to be damaged."""
    shutil.copytree(sealed.parent, tmp_path / "ledger")
    return tmp_path / "ledger" / sealed.name


def findings(path: Path, **options: tuple[object, ...]) -> list[Finding]:
    return verify_ledger(path, origin=ORIGIN, **options)  # type: ignore[arg-type] # one keyword, of its type


def change(path: Path, *statements: str) -> None:
    """What somebody with an SQLite shell would do, who then makes the seal fit."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    (path.parent / "ledger.dirty").touch()
    with Ledger(path, origin=ORIGIN) as ledger:
        ledger.seal()


def names(found: list[Finding]) -> list[str]:
    return [finding.object_name for finding in found]


def test_a_sealed_ledger_verifies_without_a_word_and_unchanged(ledger_file: Path) -> None:
    before = ledger_file.read_bytes()
    assert findings(ledger_file, verifiers=(SIGNER.verifier,)) == []
    assert ledger_file.read_bytes() == before
    assert sorted(path.name for path in ledger_file.parent.iterdir()) == ["ledger.seal.json", "ledger.sqlite"]


def test_the_seal_says_what_the_file_is(ledger_file: Path) -> None:
    seal = json.loads((ledger_file.parent / "ledger.seal.json").read_text())
    assert list(seal) == sorted(seal)
    assert seal["bytes"] == ledger_file.stat().st_size
    assert (seal["payload_size"], seal["governance_size"]) == (LEAVES + 1, 3)
    assert seal["governance_root"] == Ledger(ledger_file).root("governance").hex()


def test_any_flipped_byte_of_the_file_is_found(small_file: Path) -> None:
    whole = small_file.read_bytes()
    generator = random.Random(7)
    offsets = [*range(0, 100, 7), *(generator.randrange(len(whole)) for _ in range(300)), len(whole) - 1]
    for offset in offsets:
        damaged = bytearray(whole)
        damaged[offset] ^= 1 << generator.randrange(8)
        small_file.write_bytes(damaged)
        found = findings(small_file)
        assert any(finding.is_fatal and "ledger.sqlite" in finding.object_name for finding in found), offset


def test_free_pages_are_covered_by_the_seal_alone(ledger_file: Path) -> None:
    connection = sqlite3.connect(ledger_file)
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    assert free > 3, "the fixture has no free pages"
    whole = ledger_file.read_bytes()
    blank = bytes(page_bytes)
    at = next(at for at in range(0, len(whole), page_bytes) if whole[at : at + page_bytes] == blank)
    ledger_file.write_bytes(whole[: at + 99] + b"\x01" + whole[at + 100 :])
    (finding,) = findings(ledger_file)
    assert finding.object_name == "ledger.sqlite"
    assert "sha256" in finding.problem
    assert finding.is_fatal


def test_any_flipped_byte_of_the_seal_is_found(small_file: Path) -> None:
    seal = small_file.parent / "ledger.seal.json"
    whole = seal.read_bytes()
    for offset in range(len(whole)):
        damaged = bytearray(whole)
        damaged[offset] ^= 1
        seal.write_bytes(damaged)
        assert any(finding.is_fatal for finding in findings(small_file)), offset


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"bytes":1}', b"\xff", b"null\n"])
def test_a_seal_that_is_none_is_found(ledger_file: Path, content: bytes) -> None:
    (ledger_file.parent / "ledger.seal.json").write_bytes(content)
    (finding,) = findings(ledger_file)
    assert finding.object_name == "ledger.seal.json"


def test_a_missing_seal_is_found(ledger_file: Path) -> None:
    (ledger_file.parent / "ledger.seal.json").unlink()
    assert findings(ledger_file) == [Finding("ledger.seal.json", "the seal is missing")]


def test_a_missing_ledger_is_found(tmp_path: Path) -> None:
    assert findings(tmp_path / "ledger.sqlite") == [Finding("ledger.sqlite", "the ledger is missing")]


@pytest.mark.parametrize("kept", [0, 50, 5000, -1])
def test_a_ledger_cut_short_is_found(ledger_file: Path, kept: int) -> None:
    ledger_file.write_bytes(ledger_file.read_bytes()[:kept])
    assert names(findings(ledger_file))[0] == "ledger.sqlite"


def test_a_journal_planted_beside_a_sealed_ledger_is_found_and_not_played_back(ledger_file: Path) -> None:
    before = ledger_file.read_bytes()
    (ledger_file.parent / "ledger.sqlite-journal").write_bytes(
        b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600)
    )
    assert "ledger.sqlite-journal" in names(findings(ledger_file))
    assert ledger_file.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        (
            "UPDATE payload_leaves SET leaf = 'x' || leaf WHERE leaf_index = 17",
            "ledger.sqlite: payload leaf 17",
        ),
        (
            "UPDATE payload_leaves SET hash = zeroblob(32) WHERE leaf_index = 4711",
            "ledger.sqlite: payload leaf 4711",
        ),
        ("DELETE FROM payload_leaves WHERE leaf_index = 5000", "ledger.sqlite: payload leaf 5000"),
        (
            "UPDATE governance_leaves SET leaf = x'00' WHERE leaf_index = 2",
            "ledger.sqlite: governance leaf 2",
        ),
        ("UPDATE payload_nodes SET hash = zeroblob(32) WHERE number = 5", "ledger.sqlite: payload node 5"),
        ("DELETE FROM payload_nodes WHERE number = 1", "ledger.sqlite: payload node 1"),
        ("INSERT INTO payload_nodes VALUES (2, zeroblob(32))", "ledger.sqlite: payload node 2"),
        ("INSERT INTO payload_nodes VALUES (99999, zeroblob(32))", "ledger.sqlite: payload log"),
        ("UPDATE governance_nodes SET hash = zeroblob(32)", "ledger.sqlite: governance node 1"),
    ],
)
def test_a_change_inside_is_named_even_under_a_new_seal(ledger_file: Path, statement: str, name: str) -> None:
    script = statement.replace("'x' || leaf", "CAST('x' || leaf AS BLOB)")
    change(ledger_file, script)
    found = findings(ledger_file)
    assert name in names(found)
    assert all(finding.is_fatal for finding in found)


def test_a_changed_node_above_the_chunks_is_named(ledger_file: Path) -> None:
    number = merkle.node_number(12, 0)
    change(ledger_file, f"UPDATE payload_nodes SET hash = zeroblob(32) WHERE number = {number}")
    assert f"ledger.sqlite: payload node {number}" in names(findings(ledger_file))


def test_history_rewritten_with_fitting_hashes_is_betrayed_by_the_checkpoint(ledger_file: Path) -> None:
    """Somebody rebuilds the whole log around another leaf and seals it: only signatures show it."""
    other = ledger_file.parent / "other" / "ledger.sqlite"
    with Ledger(other, origin=ORIGIN) as ledger, ledger.transaction() as transaction:
        transaction.append_many("payload", [b'{"n":%d}' % (index + 1) for index in range(LEAVES)])
        transaction.append("payload", b"later")
    change(
        ledger_file,
        f"ATTACH '{other}' AS other",
        "DELETE FROM payload_leaves",
        "INSERT INTO payload_leaves SELECT * FROM other.payload_leaves",
        "DELETE FROM payload_nodes",
        "INSERT INTO payload_nodes SELECT * FROM other.payload_nodes",
    )
    found = findings(ledger_file)
    assert names(found) == [
        f"ledger.sqlite: checkpoint 1 of the payload log at size {LEAVES}",
        f"ledger.sqlite: checkpoint 2 of the payload log at size {LEAVES + 1}",
    ]
    assert "rewritten" in found[0].problem


def test_a_log_cut_behind_its_checkpoint_is_found(ledger_file: Path) -> None:
    change(ledger_file, f"DELETE FROM payload_leaves WHERE leaf_index = {LEAVES}")
    (finding,) = findings(ledger_file)
    assert finding.object_name == f"ledger.sqlite: checkpoint 2 of the payload log at size {LEAVES + 1}"
    assert "cut short" in finding.problem


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkpoints SET size = 5 WHERE checkpoint_id = 1",
        "UPDATE checkpoints SET root = zeroblob(32) WHERE checkpoint_id = 1",
        "UPDATE checkpoints SET note = replace(note, '6000', '6001') WHERE checkpoint_id = 1",
        "UPDATE checkpoints SET note = 'no note' WHERE checkpoint_id = 1",
        "UPDATE checkpoints SET log = 'governance' WHERE checkpoint_id = 1",
        "UPDATE checkpoints SET verifier_key = 'x' WHERE checkpoint_id = 1",
    ],
)
def test_a_changed_checkpoint_is_named(ledger_file: Path, statement: str) -> None:
    change(ledger_file, statement)
    (finding,) = findings(ledger_file)
    assert finding.object_name.startswith("ledger.sqlite: checkpoint 1 ")


def test_a_checkpoint_signed_by_a_key_that_is_not_trusted_is_found(ledger_file: Path) -> None:
    stranger = NoteSigner("assay/acme", b"\x02" * 32)
    found = findings(ledger_file, verifiers=(stranger.verifier,))
    assert len(found) == 2
    assert "no known key" in found[0].problem


def test_an_unsealed_ledger_is_checked_in_content_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path, origin=ORIGIN)
    with ledger.transaction() as transaction:
        transaction.append_many("payload", [b"a", b"b", b"c"])
    (note,) = ledger.verify()
    assert note.object_name == "ledger.dirty"
    assert not note.is_fatal
    connection = sqlite3.connect(path)
    connection.execute("UPDATE payload_leaves SET leaf = x'00' WHERE leaf_index = 1")
    connection.commit()
    connection.close()
    assert "ledger.sqlite: payload leaf 1" in names(list(ledger.verify()))
    ledger.close()


def test_a_seal_follows_every_writer_that_closes(tmp_path: Path) -> None:
    """Two ledgers over one file: the second writes after the first has sealed."""
    path = tmp_path / "ledger.sqlite"
    first, second = Ledger(path, origin=ORIGIN), Ledger(path, origin=ORIGIN)
    for ledger in (first, second):
        with ledger.transaction() as transaction:
            transaction.append("payload", b"x")
    first.close()
    assert findings(path) == []
    with second.transaction() as transaction:
        transaction.append("payload", b"y")
    assert [finding.is_fatal for finding in findings(path)] == [False]
    second.close()
    assert findings(path) == []


def test_reading_alone_leaves_the_seal_alone(ledger_file: Path) -> None:
    before = (ledger_file.parent / "ledger.seal.json").stat().st_mtime_ns
    with Ledger(ledger_file, origin=ORIGIN) as ledger:
        ledger.root("payload")
        ledger.reader().close()
        assert not list(ledger.verify())
    assert (ledger_file.parent / "ledger.seal.json").stat().st_mtime_ns == before


def test_a_log_that_is_all_wrong_does_not_make_endless_findings(ledger_file: Path) -> None:
    change(ledger_file, "UPDATE payload_leaves SET leaf = x'00'")
    found = findings(ledger_file)
    assert len(found) < 6000
    assert any("too many differences" in finding.problem for finding in found)


@pytest.mark.parametrize(
    "damage", [lambda whole: bytes(100) + whole[100:], lambda whole: b"\x00" + whole[1:]]
)
def test_a_broken_header_is_a_finding_for_every_use(
    ledger_file: Path, damage: Callable[[bytes], bytes]
) -> None:
    ledger_file.write_bytes(damage(ledger_file.read_bytes()))
    (finding,) = Ledger(ledger_file, origin=ORIGIN).verify()
    assert finding.object_name == "ledger.sqlite"
    assert "header" in finding.problem
