"""What a first run will cost: requests, hours at the vendor's limit, bytes on the wire and on disk."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.evidence import EvidenceStore
from connectors.reports import StreamEstimate
from connectors.sources import SOURCE_KINDS
from orchestration.session import open_ledger
from orchestration.sources import open_configured_source
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
    """

    source: str
    streams: tuple[StreamEstimate, ...]
    requests_an_hour: int | None

    @property
    def requests(self) -> int:
        """Requests of all streams."""
        return sum(stream.requests for stream in self.streams)

    @property
    def bytes(self) -> int:
        """Bytes received of all streams."""
        return sum(stream.bytes for stream in self.streams)

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
        ConnectorError: a source does not answer.
    """
    settings = workspace.settings(environment=environment)
    with open_ledger(workspace, settings) as ledger:
        store = EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)
        try:
            return [
                SourceEstimate(
                    source.name,
                    tuple(
                        open_configured_source(
                            source, workspace=workspace, store=store, environment=environment
                        ).estimate()
                    ),
                    SOURCE_KINDS[source.kind].hourly_limit,
                )
                for source in settings.sources
            ]
        finally:
            store.close()
