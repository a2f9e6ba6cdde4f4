"""Witnesses in the policies: who may count, and that entries which protect nothing are refused."""

from pathlib import Path

import pytest

from governance.errors import PolicyError
from governance.policies import PolicyBook
from governance.witnesses import Timestamping, Witness

KEY = "internal-audit+f92708a5+BF5DvJX8HWtXvH3Fkd6MZOI1fz8WDq//FUdPQBUmikCA"


def book(tmp_path: Path, text: str) -> PolicyBook:
    path = tmp_path / "policies.yml"
    path.write_text(text)
    return PolicyBook.load(path)


def test_names_and_mappings_may_stand_side_by_side(tmp_path: Path) -> None:
    read = book(
        tmp_path,
        "operated_by: data-platform\n"
        f"witnesses: [auditors, {{name: internal-audit, key: {KEY}, url: https://w.example, team: audit}}]\n"
        "timestamping: {url: 'https://tsa.example', certificate: root.pem}\n",
    )
    assert read.witnesses == ("auditors", "internal-audit")
    assert read.configured_witnesses[1] == Witness("internal-audit", KEY, "https://w.example", "audit")
    assert read.operated_by == "data-platform"
    assert read.timestamping == Timestamping("https://tsa.example", "root.pem")
    assert read.configured_witnesses[1].reason_not_to_count(read.operated_by) is None


@pytest.mark.parametrize(
    ("witness", "operated_by", "reason"),
    [
        (Witness("a", None, None, "audit"), "data", "no key"),
        (Witness("a", KEY, None, "audit"), None, "operated_by"),
        (Witness("a", KEY, None, None), "data", "to which team"),
        (Witness("a", KEY, None, " DATA "), "data", "runs Assay itself"),
    ],
)
def test_a_witness_counts_only_when_its_independence_can_be_seen(
    witness: Witness, operated_by: str | None, reason: str
) -> None:
    assert reason in str(witness.reason_not_to_count(operated_by))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("witnesses: internal-audit\n", "policies.yml:1: witnesses is a list"),
        ("witnesses:\n  - name: a\n    kye: b\n", "did you mean key"),
        ("witnesses:\n  - team: a\n", "policies.yml:2: a witness is a name"),
        ("witnesses:\n  - a\n  - a\n", "stands twice"),
        (f"witnesses:\n  - name: other\n    key: {KEY}\n", "policies.yml:3: the key is internal-audit's"),
        ("witnesses:\n  - name: a\n    url: 3\n", "policies.yml:3: url is a text"),
        ("operated_by: [a]\n", "policies.yml:1: operated_by is the name"),
        ("timestamping: {url: a}\n", "policies.yml:1: timestamping has the keys"),
        ("witness: []\n", "did you mean witnesses"),
    ],
)
def test_an_entry_that_would_protect_nothing_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(PolicyError, match=problem):
        book(tmp_path, text)
