"""Which repositories, organisations and teams a stream is read for."""

from connectors.committer import split_cursor
from connectors.errors import PermanentSourceError
from connectors.evidence import EvidenceStore
from connectors.github.config import GitHubConfig
from connectors.github.streams import ORGANISATION_STREAMS


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
    return names_listed("repositories", stream, config, store)


def names_listed(listing: str, stream: str, config: GitHubConfig, store: EvidenceStore) -> list[str]:
    """What the last complete listing of repositories or teams named.

    Raises:
        PermanentSourceError: There was none yet.
    """
    organisation = config.organisation or ""
    settled, _ = split_cursor(store.cursor(config.name, listing, organisation))
    if "current" not in settled:
        raise PermanentSourceError(
            f"The {listing} of {organisation} were not read yet, and {stream} goes through them. "
            f"Extract {listing} first.",
            source=config.name,
            stream=stream,
        )
    return sorted(set(settled["current"]))
