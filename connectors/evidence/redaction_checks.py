"""Recorded redactions, read from the governance log: each binds to the one before, and is signed."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from connectors.evidence.ports import LedgerPort
from connectors.evidence.redaction import LEAF_KIND
from connectors.evidence.redaction_statement import LEAST_SIGNERS, is_signed
from connectors.evidence.results import Finding

_CHUNK = 20_000


class RedactionHistory:
    """All redaction leaves of the governance log, by page."""

    def __init__(self, ledger: LedgerPort) -> None:
        self._ledger = ledger
        self._leaves: dict[int, dict[str, Any]] = {}
        size = ledger.size("governance")
        for start in range(0, size, _CHUNK):
            for index, content in ledger.leaves("governance", start, min(start + _CHUNK, size)):
                leaf = _as_redaction(content)
                if leaf is not None:
                    self._leaves[index] = leaf
        self._last = {_page_of(leaf): leaf for leaf in self._leaves.values()}

    def commitment(self, log_index: int) -> str | None:
        """The commitment that the page's last redaction recorded, if there was one."""
        leaf = self._last.get(log_index)
        return None if leaf is None else str(leaf["new_commitment"])

    def findings(self, connection: sqlite3.Connection) -> Iterator[Finding]:
        """Redactions that are not in order."""
        listed = dict(connection.execute("SELECT governance_index, log_index FROM redactions").fetchall())
        if listed != {index: _page_of(leaf) for index, leaf in self._leaves.items()}:
            yield Finding(f"{self._ledger.path.name}: redactions", "the table and the governance log differ")
        before: dict[int, str] = {}
        for index, leaf in sorted(self._leaves.items()):
            name = f"{self._ledger.path.name}: governance leaf {index} (redaction of page {_page_of(leaf)})"
            old = before.get(_page_of(leaf)) or self._original(_page_of(leaf))
            if leaf["old_commitment"] != old:
                yield Finding(name, "it does not follow from the page's commitment before it")
            if not _is_signed_by_two(leaf):
                yield Finding(name, "two valid signatures over its statement are not there")
            before[_page_of(leaf)] = leaf["new_commitment"]

    def _original(self, log_index: int) -> str:
        for _, content in self._ledger.leaves("payload", log_index, log_index + 1):
            return str(json.loads(content).get("commitment"))
        return ""


def _page_of(leaf: dict[str, Any]) -> int:
    return int(leaf["statement"]["log_index"])


def _as_redaction(content: bytes) -> dict[str, Any] | None:
    """The leaf, if it is a redaction's; other leaves of the log are somebody else's."""
    if b'"kind":"' + LEAF_KIND.encode() + b'"' not in content:
        return None
    try:
        leaf = json.loads(content)
    except ValueError:
        return None
    return leaf if isinstance(leaf, dict) and leaf.get("kind") == LEAF_KIND else None


def _is_signed_by_two(leaf: dict[str, Any]) -> bool:
    keys = {
        each["public_key"]
        for each in leaf["signers"]
        if is_signed(leaf["statement"], bytes.fromhex(each["public_key"]), bytes.fromhex(each["signature"]))
    }
    return len(keys) >= LEAST_SIGNERS and len(keys) == len(leaf["signers"])
