"""The few fields of CircleCI's records that paging and fan-out need; everything else stays as received."""

from typing import Any

import msgspec

from connectors.http.instants import Instant, text_of


class Pipeline(msgspec.Struct):
    """A pipeline: one push, schedule or call, with the workflows that it started."""

    id: str
    state: str = ""
    created_at: Instant | None = None
    updated_at: Instant | None = None

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its id; when it started tells how long workflows may be run again."""
        extra = {"created_at": text_of(self.created_at)}
        return self.id, f"{self.state}:{text_of(self.updated_at)}", extra


class Workflow(msgspec.Struct):
    """A workflow of a pipeline; one that is run again is another workflow."""

    id: str
    pipeline_id: str = ""
    status: str | None = None
    created_at: Instant | None = None
    stopped_at: Instant | None = None

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its id; status and end change with its jobs."""
        extra = {
            "pipeline_id": self.pipeline_id,
            "status": self.status or "",
            "created_at": text_of(self.created_at),
        }
        return self.id, f"{self.status or ''}:{text_of(self.stopped_at)}", extra
