"""The narrow structures that must be in what Alertmanager lists."""

import msgspec


class Alert(msgspec.Struct):
    """An alert as it is now."""

    fingerprint: str
    starts_at: str = msgspec.field(name="startsAt")


class Silence(msgspec.Struct):
    """A silence, expired ones of the last days among them."""

    id: str


class Receiver(msgspec.Struct):
    """Where notifications go."""

    name: str
