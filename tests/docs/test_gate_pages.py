"""The pages about the gate name every question that it asks, and their examples are valid registers."""

import re
from pathlib import Path

import pytest

from governance.cell_predicates import FLAGS
from governance.gate import PREDICATES
from governance.jurisdictions import JurisdictionBook
from governance.policies import PolicyBook
from governance.purposes import PurposeBook
from governance.signers import SignerRegister
from tests.docs.pages import ROOT

GATE = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
REGISTERS = (ROOT / "docs" / "registers.md").read_text(encoding="utf-8")


def example(first_key: str) -> str:
    (found,) = re.findall(rf"```yaml\n({first_key}:.*?)```", REGISTERS, re.DOTALL)
    return str(found)


@pytest.mark.parametrize("name", sorted({one.__name__ for asked in PREDICATES.values() for one in asked}))
def test_every_predicate_of_a_metric_is_explained(name: str) -> None:
    assert f"| `{name}` |" in GATE


def test_every_predicate_of_a_value_is_explained_with_its_flag() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| `(\w+)` \|$", GATE, re.MULTILINE))
    assert rows == {one.__name__: flag for one, flag in FLAGS.items()}


def test_the_page_asks_nothing_that_the_gate_does_not_ask() -> None:
    asked = {one.__name__ for predicates in PREDICATES.values() for one in predicates}
    named = set(re.findall(r"^\| `(\w+)` \|", GATE, re.MULTILINE))
    assert named == asked | {one.__name__ for one in FLAGS}


def test_the_examples_are_registers_that_fit_each_other(tmp_path: Path) -> None:
    for name, key in (
        ("policies", "operated_by"),
        ("purposes", "publication"),
        ("jurisdictions", "jurisdictions"),
        ("signers", "signers"),
    ):
        (tmp_path / f"{name}.yml").write_text(example(key))
    policies = PolicyBook.load(tmp_path / "policies.yml")
    purposes = PurposeBook.load(tmp_path / "purposes.yml")
    jurisdictions = JurisdictionBook.load(tmp_path / "jurisdictions.yml")
    (olga,) = SignerRegister.load(tmp_path / "signers.yml").signers
    policies.check_known(["change_lead_time_server_observed", "change_fail_rate"])
    (witness,) = policies.configured_witnesses
    assert witness.reason_not_to_count("data-platform") is None
    policies.check_purposes(purposes.purposes)
    jurisdictions.check_known(teams=["payments", "platform", "search"], metrics=[])
    bonus = purposes.named(None)
    assert bonus is not None
    assert bonus.allows("change_lead_time_server_observed", "incentive")
    assert olga.teams == ("delivery-metrics",)
