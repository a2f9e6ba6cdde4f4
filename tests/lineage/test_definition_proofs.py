"""Which definitions were in force on a day, proven to somebody who has the key and nothing else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from governance.log import GOVERNANCE_LOG
from lineage.definition_log import InForce, in_force, read_history
from lineage.definition_proofs import prove, verify_proof
from lineage.definition_store import DefinitionStore
from lineage.errors import DefinitionError
from lineage.ledger import Ledger, NoteSigner
from tests.lineage.test_definition_log import AT, DAY, SIGNER, defined, publish

METRIC = "deployment_frequency"
OTHER = NoteSigner("acme.example/assay", bytes(range(1, 33)))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """First definition at AT, the second a day later, the third two days after that."""
    store = DefinitionStore(tmp_path / "definitions")
    with Ledger(tmp_path / "ledger.sqlite", origin="assay/acme") as opened:
        for days, minimum_n in ((0, 5), (1, 9), (3, 12)):
            publish(opened, store, defined(minimum_n=minimum_n), at=AT + days * DAY)
        yield opened


def history(ledger: Ledger) -> dict[str, list[InForce]]:
    return read_history(ledger.every_leaf(GOVERNANCE_LOG))


def proof(ledger: Ledger, before: datetime | None) -> dict[str, Any]:
    known = history(ledger)
    found = in_force(known, before=before or AT + 99 * DAY)
    document = prove(ledger, found.values(), known, before=before)
    return json.loads(json.dumps(document))  # type: ignore[no-any-return] # as it is read back


def test_both_ends_of_a_definition_s_time_are_proven_offline(ledger: Ledger) -> None:
    """A proof held the beginning alone, and showed a definition long replaced for any later day."""
    shown = verify_proof(proof(ledger, AT + 2 * DAY), [SIGNER.verifier])
    (one,) = shown.proven
    assert one.entry == history(ledger)[METRIC][1]
    assert (shown.before, one.until_at) == (AT + 2 * DAY, AT + 3 * DAY)


def test_of_the_newest_definition_no_end_is_shown(ledger: Ledger) -> None:
    (one,) = verify_proof(proof(ledger, None), [SIGNER.verifier]).proven
    assert one.entry == history(ledger)[METRIC][-1]
    assert one.until_at is None


@pytest.mark.parametrize("day", [AT - DAY, AT, AT + 10 * DAY])
def test_a_definition_is_no_proof_for_another_day(ledger: Ledger, day: datetime) -> None:
    document = proof(ledger, AT + DAY) | {"before": day.isoformat()}
    with pytest.raises(DefinitionError, match="does not show what deployment_frequency was"):
        verify_proof(document, [SIGNER.verifier])


def test_without_its_successor_a_definition_proves_no_end(ledger: Ledger) -> None:
    """Whoever leaves the successor out proves less, and the answer says so."""
    document = proof(ledger, AT + DAY) | {"before": (AT + 10 * DAY).isoformat(), "successors": []}
    (one,) = verify_proof(document, [SIGNER.verifier]).proven
    assert one.until_at is None


def test_two_definitions_for_one_instant_prove_nothing(ledger: Ledger) -> None:
    first = proof(ledger, AT + DAY)
    newest = proof(ledger, AT + 9 * DAY)
    with pytest.raises(DefinitionError, match="two definitions of deployment_frequency"):
        verify_proof(
            newest | {"leaves": newest["leaves"] + first["leaves"], "successors": []}, [SIGNER.verifier]
        )


def altered(document: dict[str, Any]) -> str:
    return str(document["leaves"][0]["leaf"]).replace("p-02", "p-03")


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (lambda one: one["leaves"][0].update(leaf=altered(one)), "not in the log"),
        (lambda one: one["leaves"][0].update(index=0), "not in the log"),
        (lambda one: one["leaves"][0].update(hashes=[]), "not in the log"),
        (lambda one: one["leaves"][0].update(hashes=["?"]), "no proof"),
        (lambda one: one["successors"][0].update(leaf="{}"), "not in the log"),
        (lambda one: one.update(checkpoint=one["checkpoint"].replace("\n6\n", "\n7\n")), "trusted key"),
        (lambda one: one.pop("checkpoint"), "no proof"),
        (lambda one: one.update(leaves=[{}]), "no proof"),
        (lambda one: one.update(leaves={"index": 1}), "no proof"),
        (lambda one: one.update(before="tomorrow"), "no proof"),
        (lambda one: one.update(before=7), "no proof"),
    ],
)  # fmt: skip
def test_a_tampered_proof_proves_nothing(ledger: Ledger, tamper: Any, message: str) -> None:
    document = proof(ledger, AT + 2 * DAY)
    tamper(document)
    with pytest.raises(DefinitionError, match=message):
        verify_proof(document, [SIGNER.verifier])


def test_a_proof_by_another_key_proves_nothing(ledger: Ledger) -> None:
    with pytest.raises(DefinitionError, match="trusted key"):
        verify_proof(proof(ledger, AT + DAY), [OTHER.verifier])


def test_what_no_checkpoint_covers_is_not_proven(ledger: Ledger) -> None:
    entry = history(ledger)[METRIC][0]
    with pytest.raises(DefinitionError, match="no signed checkpoint"):
        prove(ledger, [replace(entry, leaf_index=99)], {})
