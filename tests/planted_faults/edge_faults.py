"""Faults at the edges, in the order of the data's journey: sources, evidence, exports."""

from tests.planted_faults.evidence_faults import EVIDENCE_FAULTS
from tests.planted_faults.export_faults import EXPORT_FAULTS
from tests.planted_faults.fault import PlantedFault
from tests.planted_faults.source_faults import SOURCE_FAULTS

EDGE_FAULTS: tuple[PlantedFault, ...] = (*SOURCE_FAULTS, *EVIDENCE_FAULTS, *EXPORT_FAULTS)
