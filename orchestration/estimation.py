"""What a first run will cost: requests, hours at the vendor's limit, bytes on the wire and on disk."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.errors import ConnectorError
from connectors.evidence import EvidenceStore
from connectors.reports import StreamEstimate
from connectors.sources import SOURCE_KINDS
from orchestration.collection import Uncollected, load_register, uncollected_streams
from orchestration.session import open_ledger
from orchestration.settings import SourceSettings
from orchestration.sources import enabled_streams, open_configured_source, utc_now
from orchestration.workspace import Workspace

DISK_RATIO = 0.12
"""Bytes on disk per byte received: real pull requests took 0.04 as evidence; the warehouse adds the rest."""


@dataclass(frozen=True, slots=True)
class SourceEstimate:
    """The cost of reading one source from its beginning.

    Attributes:
        source: Its name.
        streams: The cost of each stream.
        requests_an_hour: The vendor's limit; None where there is none.
        uncollected: Streams that the collection register does not allow, and that are not asked about either.
        problem: Why the source could not be asked; None where it answered.
    """

    source: str
    streams: tuple[StreamEstimate, ...]
    requests_an_hour: int | None
    uncollected: tuple[Uncollected, ...] = ()
    problem: str | None = None

    @property
    def requests(self) -> int:
        """Requests of all streams."""
        return sum(stream.requests for stream in self.streams)

    @property
    def bytes(self) -> int:
        """Bytes received of all streams."""
        return sum(stream.bytes for stream in self.streams)

    @property
    def is_least(self) -> bool:
        """Whether it may be any number more, for something could not be asked about."""
        return any(stream.is_least for stream in self.streams)

    @property
    def hours(self) -> float | None:
        """Hours that the vendor's limit asks for; None where there is no limit."""
        return self.requests / self.requests_an_hour if self.requests_an_hour else None

    @property
    def disk_bytes(self) -> int:
        """Bytes on disk, evidence and warehouse."""
        return int(self.bytes * DISK_RATIO)


def estimate(workspace: Workspace, *, environment: Mapping[str, str]) -> list[SourceEstimate]:
    """Ask each source for a few counts and derive what a first run will cost.

    Raises:
        SettingsError: the settings are wrong or a variable is missing.
        RegisterError: the collection register is wrong.
    """
    settings = workspace.settings(environment=environment)
    left_out = uncollected_streams(settings, load_register(workspace.governance), on=utc_now().date())
    with open_ledger(workspace, settings) as ledger:
        store = EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)
        try:
            return [
                _estimate(source, left_out, workspace=workspace, store=store, environment=environment)
                for source in settings.sources
            ]
        finally:
            store.close()


def _estimate(
    source: SourceSettings,
    left_out: tuple[Uncollected, ...],
    *,
    workspace: Workspace,
    store: EvidenceStore,
    environment: Mapping[str, str],
) -> SourceEstimate:
    mine = tuple(each for each in left_out if each.source == source.name)
    refused = {each.stream for each in mine}
    limit = SOURCE_KINDS[source.kind].hourly_limit
    streams: tuple[StreamEstimate, ...] = ()
    if len(mine) < len(enabled_streams(source)):
        try:
            opened = open_configured_source(
                source,
                workspace=workspace,
                store=store,
                environment=environment,
                without=refused,
            )
            streams = tuple(each for each in opened.estimate() if each.stream not in refused)
        except ConnectorError as error:
            return SourceEstimate(source.name, (), limit, mine, problem=str(error))
    return SourceEstimate(source.name, streams, limit, mine)
