"""The few fields of PagerDuty's records that paging and fan-out need; everything else stays as received."""

from datetime import datetime

import msgspec


class Named(msgspec.Struct):
    """A record that other streams go through by its identifier."""

    id: str


class Incident(msgspec.Struct):
    """An incident, as far as it must be read again."""

    id: str
    status: str
    created_at: datetime

    @property
    def is_resolved(self) -> bool:
        """Whether it is over; a resolved incident is never opened again."""
        return self.status == "resolved"
