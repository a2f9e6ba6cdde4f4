"""Argo CD, as a kind of source."""

from dataclasses import replace

from connectors.argocd.settings import ArgoSettings
from connectors.argocd.streams import APPLICATIONS, STREAMS
from connectors.evidence import EvidenceStore
from connectors.http.credentials import StaticCredentials
from connectors.http.source import HttpApi, HttpSource, streams_wanted
from connectors.http.streams import HttpStream
from connectors.kinds import Opening, SourceKind

EVERY_PROJECT = "*"
"""The scope of all that the token may see."""

BY_PROJECT = replace(APPLICATIONS, path="/api/v1/applications?projects={scope}")
"""How applications are read where the settings name projects: each by itself, so that none stops another."""


def open_argocd(settings: ArgoSettings, opening: Opening) -> HttpSource:
    """Open an Argo CD, or some projects of it."""
    projects = list(settings.projects)

    def scopes(_stream: HttpStream, _store: EvidenceStore) -> list[str]:
        return projects or [EVERY_PROJECT]

    declared = (BY_PROJECT,) if projects else STREAMS
    token = opening.secrets[settings.token_env] if settings.token_env else None
    api = HttpApi(
        kind="argocd",
        streams=streams_wanted(declared, settings.streams, source=settings.name),
        credentials=StaticCredentials({"authorization": f"Bearer {token}"} if token else {}),
        scopes=scopes,
        probe="/api/v1/session/userinfo",
    )
    return HttpSource(api, settings, opening)


KIND = SourceKind(name="argocd", title="Argo CD", streams=STREAMS, settings=ArgoSettings, open=open_argocd)
