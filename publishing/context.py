"""What a publication needs to know beside the warehouse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from governance.circumstances import CellKey, CheckOutcome
from governance.clock import ClockFloor
from governance.jurisdictions import JurisdictionBook
from governance.policies import PolicyBook
from governance.purposes import PurposeBook
from governance.sign_offs import RecordedSignOff
from governance.signers import SignerRegister


class Repair(Protocol):
    """What a publication shows of a way to mend a red check."""

    @property
    def command(self) -> str:
        """The whole command line."""
        ...


class CheckResult(CheckOutcome, Protocol):
    """What a publication shows of a quality check."""

    @property
    def message(self) -> str:
        """What was found, in one sentence."""
        ...

    @property
    def offenders(self) -> Sequence[str]:
        """The first items that break it."""
        ...

    @property
    def offender_count(self) -> int:
        """How many items break it."""
        ...

    @property
    def remedy(self) -> str:
        """What to do where it is red."""
        ...

    @property
    def repairs(self) -> Sequence[Repair]:
        """What mends it."""
        ...


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """What one source contributed up to the evidence cutoff."""

    name: str
    kind: str
    pages: int
    records: int
    newest_fetch_at: datetime | None


@dataclass(frozen=True, slots=True)
class CountedWitness:
    """A witness outside the team that runs Assay whose cosignatures of both logs were verified.

    Attributes:
        name: as in its key.
        key: its public key as one line.
        team: to whom it belongs.
        cosigned_at: when it cosigned the payload log at the evidence cutoff, by its own clock.
    """

    name: str
    key: str
    team: str
    cosigned_at: str


@dataclass(frozen=True, slots=True)
class PublicationContext:
    """The circumstances of a publication.

    Attributes:
        organisation: whose numbers these are, as shown.
        time_zone: the reporting time zone that periods are cut by.
        payload_log_size: the evidence cutoff N; the warehouse was built from the first N leaves.
        definition_hashes: metric to definition hash (`lineage.definitions`).
        checks: results of every quality check of this build.
        policies: the workspace's metric policies.
        register: whose signatures count.
        sign_offs: what was signed, with the governance log's word on it.
        cosigned_by: names of witnesses whose cosignatures were verified: of the payload log at the evidence
            cutoff, and of a state of the governance log that covers the sign-offs.
        counted_witnesses: the same witnesses with their keys, for the manifest.
        cosigned_payload: the payload checkpoint at the evidence cutoff with their cosignatures.
        cosigned_registers: the checkpoint of the governance log that they cosigned.
        jurisdictions: where teams lie, and what that asks for.
        purposes: what numbers may be used for.
        purpose: what this publication is for, unless it is the register's own.
        clock_floors: instants that have been; None where nobody has looked.
        restricted_cells: values under an open dispute; None where nobody has looked.
        track_crossings: by metric, ways by which developmental feedback reaches it; a metric without an
            entry was not looked at.
        column_clocks: whose clock a column shows, by `schema.table.column`; None where nobody said.
        dispositions_unknown_percent: most incidents of unknown cause behind a value that pays.
        environment: versions of software, by name.
        definitions: metric, or relation of a mart, to the hashes of its definition and of the stored
            document.
        definition_leaves: definitions that this publication brings into force, as leaves of the governance
            log; they are appended together with the publication's own, or not at all.
        sources: what was read, for the provenance section.
        replay: hashes of what a replay needs beside the evidence (compiled models, settings), by name.
    """

    organisation: str
    time_zone: str
    payload_log_size: int
    definition_hashes: Mapping[str, str]
    checks: tuple[CheckResult, ...]
    policies: PolicyBook = field(default_factory=PolicyBook.empty)
    register: SignerRegister = field(default_factory=SignerRegister)
    sign_offs: tuple[RecordedSignOff, ...] = ()
    cosigned_by: tuple[str, ...] = ()
    counted_witnesses: tuple[CountedWitness, ...] = ()
    cosigned_payload: str | None = None
    cosigned_registers: str | None = None
    jurisdictions: JurisdictionBook = field(default_factory=JurisdictionBook.empty)
    purposes: PurposeBook = field(default_factory=PurposeBook.empty)
    purpose: str | None = None
    clock_floors: tuple[ClockFloor, ...] | None = None
    restricted_cells: frozenset[CellKey] | None = None
    track_crossings: Mapping[str, Sequence[str]] | None = None
    column_clocks: Mapping[str, str] | None = None
    dispositions_unknown_percent: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    definitions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    definition_leaves: tuple[bytes, ...] = ()
    sources: tuple[SourceSummary, ...] = ()
    replay: Mapping[str, str] = field(default_factory=dict)
