"""OpenLineage: what ran, what it read and wrote, and how columns came about, as standard events.

`events` makes them of plain descriptions, `delivery` hands them to a file or to an HTTP endpoint.
"""

from lineage.openlineage.delivery import Delivery, EventFile, EventPost, PostRefusedError
from lineage.openlineage.events import (
    Assertion,
    DatasetDescription,
    EventMaker,
    Failure,
    FieldInput,
    JobDescription,
    RunStep,
)

__all__ = [
    "Assertion",
    "DatasetDescription",
    "Delivery",
    "EventFile",
    "EventMaker",
    "EventPost",
    "Failure",
    "FieldInput",
    "JobDescription",
    "PostRefusedError",
    "RunStep",
]
