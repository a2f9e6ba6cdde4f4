"""What a workspace says about an Alertmanager."""

from typing import Literal

from connectors.prometheus.settings import MonitoringAccess


class AlertmanagerSettings(MonitoringAccess):
    """An Alertmanager, or any member of its cluster."""

    kind: Literal["alertmanager"]
