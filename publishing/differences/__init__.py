"""What differs between two publications, and why: cells, the facts behind them, and the records of those.

`compare_publications` reads the two analysts' databases and nothing else, so that whoever holds two
publications can ask. docs/restatements.md explains the causes.
"""

from publishing.differences.causes import CAUSES
from publishing.differences.changed_cells import ChangedCell
from publishing.differences.changed_facts import ChangedFact
from publishing.differences.changed_marts import ChangedMart, ChangedRow
from publishing.differences.comparison import Comparison, compare_publications
from publishing.differences.notice import notice_document
from publishing.differences.sides import Side, read_side

__all__ = [
    "CAUSES",
    "ChangedCell",
    "ChangedFact",
    "ChangedMart",
    "ChangedRow",
    "Comparison",
    "Side",
    "compare_publications",
    "notice_document",
    "read_side",
]
