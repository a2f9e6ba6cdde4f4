"""What fires at the moment and what is silenced, from the simulated Prometheus' own view."""

import random
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.sandbox.prometheus.documents import last_scrape
from connectors.sandbox.prometheus.monitoring import Monitoring
from connectors.sandbox.prometheus.series import PENDING_SECONDS, alert_labels, alerting_periods
from connectors.sandbox.working_time import DAY, HOUR, MINUTE

SILENCED_SHARE = 0.3
SILENCED_AFTER = 10 * MINUTE
SILENCED_FOR = HOUR
KEPT_AFTER_EXPIRY = 5 * DAY
_FNV_OFFSET, _FNV_PRIME, _FNV_BITS = 0xCBF29CE484222325, 0x100000001B3, 64
_SEPARATOR = b"\xff"


@dataclass(frozen=True, slots=True)
class Silence:
    """Somebody silences an alert while it is being worked on.

    Attributes:
        id: Its id.
        labels: The labels that it silences.
        starts_at: When it begins, in epoch seconds.
        ends_at: When it ends.
        creator: Login of whoever made it.
    """

    id: str
    labels: Mapping[str, str]
    starts_at: int
    ends_at: int
    creator: str

    def state_at(self, instant: int) -> str:
        """`active` or `expired`."""
        return "active" if instant < self.ends_at else "expired"


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that fires.

    Attributes:
        labels: Its labels.
        starts_at: Since when it fires.
        updated_at: When it was last sent.
        team: Who is notified.
    """

    labels: Mapping[str, str]
    starts_at: int
    updated_at: int
    team: str


def firing(monitoring: Monitoring) -> Iterator[Firing]:
    """The alerts that fire as of the last evaluation."""
    at = last_scrape(monitoring)
    for (service, severity), periods in alerting_periods(monitoring).items():
        for start, end in periods:
            if start + PENDING_SECONDS <= at < end:
                labels = alert_labels(monitoring, service, severity)
                team = monitoring.company.owner_at(service, monitoring.now)
                yield Firing(labels, start + PENDING_SECONDS, at, team)


def silences(monitoring: Monitoring) -> Iterator[Silence]:
    """Silences by now, expired ones of the last days among them; some outages are silenced for an hour."""
    for outage in monitoring.outages:
        chance = random.Random(f"silence/{outage.incident}/{outage.service}")
        is_silenced = chance.random() < SILENCED_SHARE
        starts_at = outage.starts_at + SILENCED_AFTER
        ends_at = starts_at + SILENCED_FOR
        is_resolved_before = outage.ends_at is not None and outage.ends_at <= starts_at
        if not is_silenced or is_resolved_before:
            continue
        if starts_at <= monitoring.now < ends_at + KEPT_AFTER_EXPIRY:
            labels = alert_labels(monitoring, outage.service, outage.severity)
            yield Silence(
                str(uuid.UUID(int=chance.getrandbits(128), version=4)),
                labels,
                starts_at,
                ends_at,
                outage.reporter,
            )


def fingerprint(labels: Mapping[str, str]) -> str:
    """Prometheus' fingerprint of labels: FNV-1a over sorted names and values, each behind the byte 255."""
    value = _FNV_OFFSET
    for label, text in sorted(labels.items()):
        for byte in label.encode() + _SEPARATOR + text.encode() + _SEPARATOR:
            value = ((value ^ byte) * _FNV_PRIME) % (1 << _FNV_BITS)
    return f"{value:016x}"
