"""Credentials for a server of the Prometheus family."""

from base64 import b64encode
from collections.abc import Mapping

from connectors.http.credentials import StaticCredentials
from connectors.prometheus.settings import MonitoringAccess


def credentials_of(settings: MonitoringAccess, secrets: Mapping[str, str]) -> StaticCredentials:
    """The `Authorization` header that the settings ask for; none where they name no variable."""
    if settings.token_env is not None:
        return StaticCredentials({"authorization": f"Bearer {secrets[settings.token_env]}"})
    if settings.user_env is not None and settings.password_env is not None:
        pair = f"{secrets[settings.user_env]}:{secrets[settings.password_env]}"
        return StaticCredentials({"authorization": f"Basic {b64encode(pair.encode()).decode('ascii')}"})
    return StaticCredentials()
