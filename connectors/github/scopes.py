"""Which repositories, organisations and teams a stream is read for."""

from connectors.evidence import EvidenceStore
from connectors.github.config import GitHubConfig
from connectors.github.streams import ORGANISATION_STREAMS
from connectors.http.names import names_listed


def scopes_of(stream: str, config: GitHubConfig, store: EvidenceStore) -> list[str]:
    """The scopes of a stream, in the order in which they are read and committed.

    Raises:
        PermanentSourceError: The organisation's repositories were not listed yet.
    """
    if stream == "repositories" and config.repositories:
        return list(config.repositories)
    if stream in ORGANISATION_STREAMS:
        return [config.organisation] if config.organisation else []
    if config.repositories:
        return list(config.repositories)
    return names_listed(
        "repositories", config.organisation or "", source=config.name, store=store, wanted_by=stream
    )
