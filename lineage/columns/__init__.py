"""Column lineage: what each column of each model is made of, down to the field of the source's record.

`read_lineage` reads one query.
"""

from lineage.columns.edges import (
    ROWS,
    WHOLE_RELATION,
    ColumnEdge,
    ColumnLineage,
    Kind,
    RelationSchema,
    Unresolved,
)
from lineage.columns.reading import read_lineage

__all__ = [
    "ROWS",
    "WHOLE_RELATION",
    "ColumnEdge",
    "ColumnLineage",
    "Kind",
    "RelationSchema",
    "Unresolved",
    "read_lineage",
]
