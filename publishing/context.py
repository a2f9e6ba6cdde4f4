"""What a publication needs to know beside the warehouse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from governance.policies import PolicyBook
from governance.sign_offs import SignOff
from governance.signers import SignerRegister


class Repair(Protocol):
    """What a publication shows of a way to mend a red check."""

    @property
    def command(self) -> str:
        """The whole command line."""
        ...


class CheckResult(Protocol):
    """What a publication shows of a quality check."""

    @property
    def name(self) -> str:
        """The check."""
        ...

    @property
    def subject(self) -> str:
        """What was checked."""
        ...

    @property
    def severity(self) -> str:
        """`blocking` or `warning`."""
        ...

    @property
    def is_passed(self) -> bool:
        """Whether it held."""
        ...

    @property
    def message(self) -> str:
        """What was found, in one sentence."""
        ...

    @property
    def layer(self) -> str:
        """The hand-over that it guards."""
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
        sign_offs: what was signed.
        cosigned_by: names of witnesses whose cosignature of the latest checkpoint was verified.
        environment: versions of software, by name.
        definitions: metric, or relation of a mart, to the hashes of its definition and of the stored
            document.
        definition_leaves: definitions that this publication brings into force, as leaves of the governance
            log; they are appended together with the publication's own, or not at all.
        sources: what was read, for the provenance section.
    """

    organisation: str
    time_zone: str
    payload_log_size: int
    definition_hashes: Mapping[str, str]
    checks: tuple[CheckResult, ...]
    policies: PolicyBook = field(default_factory=PolicyBook.empty)
    register: SignerRegister = field(default_factory=SignerRegister)
    sign_offs: tuple[SignOff, ...] = ()
    cosigned_by: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    definitions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    definition_leaves: tuple[bytes, ...] = ()
    sources: tuple[SourceSummary, ...] = ()
