"""Faults at the edges: answers of sources that are wrong, evidence that was touched, edited exports."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestration.workspace import Workspace
from tests.planted_faults.changed_answers import Change
from tests.planted_faults.fault import PlantedFault

STOPPED = "the run stops"
"""What notices a source that cannot be read: its failure, which names stream and cause."""


@dataclass(frozen=True)
class SourceFault(PlantedFault):
    """A source that answers wrongly, from one run on.

    Attributes:
        change: What becomes of its answers.
        is_first_run: Whether the workspace has read nothing before.
        sample_size: How many records of each stream are asked for again. The default is what a workspace has
            that says nothing; where a single record is wrong, only a sample of all is sure to have it.
        stops_with: Of a run that stops: what its message must say beside the stream.
        why_uncaught: Of a fault that nothing notices: why.
    """

    change: Change
    is_first_run: bool = False
    sample_size: int = 5
    stops_with: tuple[str, ...] = ()
    why_uncaught: str = ""


@dataclass(frozen=True)
class EvidenceFault(PlantedFault):
    """What somebody or something does to the evidence, the ledger or the vault of a workspace.

    Attributes:
        plant: Does it.
        is_run_after: Whether the next run is to notice, instead of `assay verify`.
        why_uncaught: Of a fault that nothing notices: why.
    """

    plant: Callable[[Workspace], object]
    is_run_after: bool = False
    why_uncaught: str = ""


@dataclass(frozen=True)
class ExportFault(PlantedFault):
    """What somebody does to a publication.

    Attributes:
        plant: Does it, to the publication's folder.
        why_uncaught: Of a fault that nothing notices: why.
    """

    plant: Callable[[Path], object]
    why_uncaught: str = ""
