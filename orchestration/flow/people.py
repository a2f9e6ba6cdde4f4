"""What decides about people beside the pages: settings and recorded decisions, and whether they are news."""

import json
from dataclasses import replace

import duckdb

from governance.identity.decisions import DECISION_MARK, Decision, RecordedDecision
from governance.log import GOVERNANCE_LOG
from governance.vault import Vault
from lineage.ledger import Ledger
from orchestration.steps.build_state import changed_config
from orchestration.steps.raw_schema import RawBuild

PEOPLE = "vault.people"
RULES = "vault.rules"
_LEAVES_AT_ONCE = 1_000


def take_decisions(ledger: Ledger, vault: Vault) -> None:
    """Give the vault the decisions of the governance log that it does not have; a new vault gets all."""
    start, stop = vault.decisions_known_until(), ledger.size(GOVERNANCE_LOG)
    found = []
    for first in range(start, stop, _LEAVES_AT_ONCE):
        for number, leaf in ledger.leaves(GOVERNANCE_LOG, first, min(first + _LEAVES_AT_ONCE, stop)):
            if DECISION_MARK in leaf:
                found.append(RecordedDecision(number, Decision.from_document(json.loads(leaf))))
    if found:
        vault.record_decisions(found)


def with_people_news(
    con: duckdb.DuckDBPyConnection, raw: RawBuild, *, ledger: Ledger, vault: Vault
) -> RawBuild:
    """Return the build, with `vault.people` among its news where settings or decisions have changed."""
    take_decisions(ledger, vault)
    present = {RULES: vault.rules_fingerprint()}
    news = raw.news | ({PEOPLE} if changed_config(con, present) else frozenset())
    return replace(raw, news=news, config={**raw.config, **present})
