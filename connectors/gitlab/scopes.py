"""Which groups and projects a GitLab stream is read for."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from connectors.errors import PermanentSourceError
from connectors.evidence import EvidenceStore
from connectors.gitlab.group_streams import GROUP_STREAMS, PROJECT
from connectors.gitlab.settings import GitLabSettings
from connectors.http.lanes import Unit
from connectors.http.names import names_listed
from connectors.http.reading import Reader, read_scope
from connectors.http.rules import WholeRule
from connectors.http.streams import HttpStream


def scopes_of(settings: GitLabSettings, stream: HttpStream, store: EvidenceStore) -> list[str]:
    """The scopes of a stream: named groups, or projects, those of the groups first, none twice.

    A group that could not be listed does not keep the others from being read.

    Raises:
        PermanentSourceError: No group was listed yet.
    """
    if stream.name in GROUP_STREAMS:
        return list(settings.groups)
    if stream.name == PROJECT.name:
        return [*settings.groups, *settings.projects]
    found: list[str] = []
    refused: PermanentSourceError | None = None
    for group in settings.groups:
        try:
            found += names_listed(
                PROJECT.name, group, source=settings.name, store=store, wanted_by=stream.name
            )
        except PermanentSourceError as error:
            refused = error
    found += settings.projects
    if refused is not None and not found:
        raise refused
    return list(dict.fromkeys(found))


def project_units(settings: GitLabSettings, reader: Reader, _store: EvidenceStore) -> Iterator[Unit]:
    """Projects of groups are listed, a hundred a request; those that are named are read one by one."""
    for group in settings.groups:
        yield _whole(reader, group)
    single = replace(reader, stream=PROJECT, chains=reader.chains.of(PROJECT))
    for project in settings.projects:
        yield _whole(single, project)


def _whole(reader: Reader, scope: str) -> Unit:
    return Unit(
        scope, partial(read_scope, reader, scope, lambda _settled, _progress: WholeRule(reader.stream, scope))
    )
