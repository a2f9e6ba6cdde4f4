"""Value lineage: from one number to its facts, their records, and the pages that hold them.

`trace` answers for one number; `as_seen` makes of the answer what a reader may see; `prov_document` spells
it in W3C PROV. `parse_scope`, `parse_period` and `parse_address` read what people type.
"""

from lineage.trace.arguments import Period, parse_period, parse_scope
from lineage.trace.document import (
    Coverage,
    FormedAgain,
    Hidden,
    PageProof,
    Recomputation,
    RecordUse,
    ServiceLevel,
    TeamComparison,
    Trace,
    TracedCell,
    TracedDefinition,
    TracedFact,
    TracedPage,
    TracedRecord,
    TracedRedaction,
    TracedWindow,
)
from lineage.trace.formulas import parse_address
from lineage.trace.ports import RecordReader
from lineage.trace.prov import prov_document
from lineage.trace.tracing import Asked, Databases, needs_warehouse, trace
from lineage.trace.views import Own, View, as_seen

__all__ = [
    "Asked",
    "Coverage",
    "Databases",
    "FormedAgain",
    "Hidden",
    "Own",
    "PageProof",
    "Period",
    "Recomputation",
    "RecordReader",
    "RecordUse",
    "ServiceLevel",
    "TeamComparison",
    "Trace",
    "TracedCell",
    "TracedDefinition",
    "TracedFact",
    "TracedPage",
    "TracedRecord",
    "TracedRedaction",
    "TracedWindow",
    "View",
    "as_seen",
    "needs_warehouse",
    "parse_address",
    "parse_period",
    "parse_scope",
    "prov_document",
    "trace",
]
