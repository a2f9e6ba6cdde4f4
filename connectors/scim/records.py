"""The few fields of a resource that reading needs; everything else stays as received."""

from datetime import datetime

import msgspec


class Meta(msgspec.Struct, rename="camel"):
    """What the directory says about a resource itself."""

    last_modified: datetime | None = None


class Resource(msgspec.Struct):
    """A person or a group."""

    id: str
    meta: Meta | None = None

    @property
    def updated_at(self) -> datetime | None:
        """When it was last changed, where the directory says."""
        return self.meta.last_modified if self.meta else None
