"""Deliveries of others, as a kind of source."""

from pathlib import Path
from typing import Final

from connectors.kinds import Opening, SourceKind
from connectors.push.inbox import Inbox
from connectors.push.settings import PushSettings
from connectors.push.source import PushSource
from connectors.push.streams import STREAMS

_INBOXES: Final = Path("data", "inbox")


def inbox_of(settings: PushSettings, folder: Path) -> Inbox:
    """The inbox of a source in a workspace."""
    return Inbox(folder / _INBOXES / f"{settings.name}.sqlite", source=settings.name)


def open_push(settings: PushSettings, opening: Opening) -> PushSource:
    """Open what was received."""
    return PushSource(settings, opening, inbox_of(settings, opening.folder))


KIND = SourceKind(
    name="push", title="Webhooks and pushed documents", streams=STREAMS, settings=PushSettings, open=open_push
)
