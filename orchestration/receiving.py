"""Serving the endpoints of a workspace: what arrives waits in the inbox until a run lands it."""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.routing import Mount

from connectors.push.kind import inbox_of
from connectors.push.receiver import Receiver, receiver_application
from connectors.push.settings import PushSettings
from connectors.streams import Stream
from orchestration.collection import load_register
from orchestration.errors import UsageError
from orchestration.settings import Settings
from orchestration.sources import utc_now
from orchestration.workspace import Workspace


def receiving_application(workspace: Workspace, *, environment: Mapping[str, str]) -> Starlette:
    """Return the application that takes deliveries, each source of kind push below its name.

    Raises:
        SettingsError: the settings are wrong or a secret is missing.
        RegisterError: the collection register is wrong.
        UsageError: the workspace has no endpoint.
    """
    settings = workspace.settings(environment=environment)
    receivers = [
        Mount(f"/{source.name}", app=receiver_application(_receiver(workspace, source, environment)))
        for source in settings.sources
        if isinstance(source, PushSettings)
    ]
    if not receivers:
        raise UsageError("the settings have no source of kind push. docs/receiver.md shows one")
    return Starlette(routes=receivers)


def addresses(settings: Settings) -> list[str]:
    """Return the paths that deliveries are sent to."""
    return [
        f"/{source.name}/{endpoint.address}"
        for source in settings.sources
        if isinstance(source, PushSettings)
        for endpoint in source.endpoints
    ]


def waiting(workspace: Workspace, settings: Settings) -> dict[str, int]:
    """Return how many deliveries wait, by `source.stream`."""
    return {
        f"{source.name}.{stream}": count
        for source in settings.sources
        if isinstance(source, PushSettings)
        for stream, count in inbox_of(source, workspace.root).count().items()
    }


def _receiver(workspace: Workspace, source: PushSettings, environment: Mapping[str, str]) -> Receiver:
    def may_collect(stream: Stream) -> bool:
        """Read anew for each delivery: a withdrawn entry counts at once."""
        register = load_register(workspace.governance)
        categories = tuple(map(str, stream.personal_data))
        return register.allows(source.kind, stream.name, categories, on=utc_now().date())

    return Receiver(
        settings=source,
        secrets={variable: environment[variable] for variable in source.variables.values()},
        inbox=inbox_of(source, workspace.root),
        clock=utc_now,
        may_collect=may_collect,
    )
