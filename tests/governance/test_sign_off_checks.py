"""`assay verify` names sign-offs that are not what was signed and recorded."""

import json
from pathlib import Path
from typing import Any

import pytest

from governance.canonical import canonical_json
from governance.sign_off_checks import sign_off_problems
from governance.sign_off_log import read_history, record_sign_offs, revoke
from governance.sign_offs import SignOff
from tests.governance.incentive_world import AT, FINN, register, signed
from tests.governance.test_sign_off_log import Log


@pytest.fixture
def given() -> SignOff:
    return signed("finance")


@pytest.fixture
def log(given: SignOff) -> Log:
    made = Log([b'{"kind":"note"}'])
    record_sign_offs(made, [given], read_history(made.numbered()), at=AT)
    return made


@pytest.fixture
def file(given: SignOff, tmp_path: Path) -> Path:
    path = tmp_path / "sign-offs" / "finance.json"
    path.parent.mkdir()
    path.write_text(json.dumps(given.to_document()))
    return path


def found(log: Log, file: Path) -> list[tuple[str, str, bool]]:
    return list(sign_off_problems(log.numbered(), file.parent))


def rewrite(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_sign_offs_as_they_were_given_have_no_problem(log: Log, file: Path) -> None:
    assert found(log, file) == []


@pytest.mark.parametrize(
    "changes", [{"valid_until": "2099-01-01"}, {"scope": "team:payments"}, {"definition_hash": "0" * 64}]
)
def test_an_altered_file_is_named(log: Log, file: Path, changes: dict[str, str]) -> None:
    rewrite(file, **changes)
    (altered, lost) = found(log, file)
    assert altered == (
        "sign-offs/finance.json",
        "its signature does not hold: it was altered after it was signed",
        True,
    )
    assert "is gone or altered" in lost[1]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"metric": "x"}', b"\xff"])
def test_a_file_that_is_no_sign_off_is_named(log: Log, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    (name, problem, is_fatal), _ = found(log, file)
    assert (name, is_fatal) == ("sign-offs/finance.json", True)
    assert "cannot be read as a sign-off" in problem


def test_a_file_that_is_gone_is_told_unless_the_sign_off_was_taken_back(
    log: Log, file: Path, given: SignOff
) -> None:
    file.unlink()
    ((name, problem, is_fatal),) = found(log, file)
    assert (name.startswith("sign-offs: "), is_fatal) == (True, False)
    assert "leaf 1 records it" in problem
    revoke(log, given, reason="agreement 7 ended", signer=FINN, register=register(), at=AT)
    assert found(log, file) == []


def test_a_file_that_no_run_has_seen_is_told(log: Log, file: Path) -> None:
    (file.parent / "owner.json").write_text(json.dumps(signed("metric_owner").to_document()))
    ((name, problem, is_fatal),) = found(log, file)
    assert (name, is_fatal) == ("sign-offs/owner.json", False)
    assert "counts from the next run on" in problem


@pytest.mark.parametrize(
    ("place", "changes", "problem"),
    [
        (1, {"sign_off_sha256": "0" * 64}, "under the hash of another one"),
        (2, {"statement": {"sign_off_sha256": "0" * 64}}, "without a signature over that"),
        (2, {"signature": None}, "is no sign-off or revocation"),
    ],
)
def test_a_leaf_that_nobody_signed_is_named(
    log: Log, file: Path, given: SignOff, *, place: int, changes: dict[str, Any], problem: str
) -> None:
    revoke(log, given, reason="agreement 7 ended", signer=FINN, register=register(), at=AT)
    assert found(log, file) == []
    log.leaves[place] = canonical_json(json.loads(log.leaves[place]) | changes)
    named = [each for each in found(log, file) if each[2]]
    assert [(name, problem in text) for name, text, _ in named] == [(f"governance leaf {place}", True)]


def test_a_leaf_with_a_forged_sign_off_is_named(log: Log, file: Path, given: SignOff) -> None:
    forged = SignOff.from_document(given.to_document() | {"valid_until": "2099-01-01"})
    leaf = json.loads(log.leaves[1]) | {"sign_off": forged.to_document(), "sign_off_sha256": forged.sha256}
    log.leaves[1] = canonical_json(leaf)
    assert ("governance leaf 1", "records a sign-off whose signature does not hold", True) in found(log, file)
