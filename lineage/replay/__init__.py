"""Replay: a published number made again from the bytes of its records alone, with the SQL that was stored."""

from lineage.replay.bundle import META_KEY, RULES, ContextRule, ModelBundle, StoredModel
from lineage.replay.dropping import replay_number_without_each, replay_without_each
from lineage.replay.inputs import StoredInputs, keep_inputs
from lineage.replay.outcome import CellValues, Loaded, Redundancy, Replay, RowColumn
from lineage.replay.ports import EvidenceArchive, PageAddress, Step
from lineage.replay.replaying import StoredBuild, find_published, replay_cell, replay_number

__all__ = [
    "META_KEY",
    "RULES",
    "CellValues",
    "ContextRule",
    "EvidenceArchive",
    "Loaded",
    "ModelBundle",
    "PageAddress",
    "Redundancy",
    "Replay",
    "RowColumn",
    "Step",
    "StoredBuild",
    "StoredInputs",
    "StoredModel",
    "find_published",
    "keep_inputs",
    "replay_cell",
    "replay_number",
    "replay_number_without_each",
    "replay_without_each",
]
