"""Value lineage: from one published cell to its facts, their records, and the pages that hold them.

`trace` answers for one cell; `parse_scope` and `parse_period` read what people type.
"""

from lineage.trace.arguments import Period, parse_period, parse_scope
from lineage.trace.document import (
    Coverage,
    PageProof,
    Recomputation,
    RecordUse,
    Trace,
    TracedCell,
    TracedDefinition,
    TracedFact,
    TracedPage,
    TracedRecord,
    TracedRedaction,
    TracedWindow,
)
from lineage.trace.ports import RecordReader
from lineage.trace.tracing import trace

__all__ = [
    "Coverage",
    "PageProof",
    "Period",
    "Recomputation",
    "RecordReader",
    "RecordUse",
    "Trace",
    "TracedCell",
    "TracedDefinition",
    "TracedFact",
    "TracedPage",
    "TracedRecord",
    "TracedRedaction",
    "TracedWindow",
    "parse_period",
    "parse_scope",
    "trace",
]
