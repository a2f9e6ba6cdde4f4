"""What in a workspace lapses soon: sign-offs by the governance log, reviews by the newest publication."""

from datetime import date, datetime

import duckdb

from governance.due_dates import DueDate, due_reviews, lapsing_sign_offs
from governance.log import GOVERNANCE_LOG
from governance.policies import PolicyBook
from governance.sign_off_log import read_history
from governance.sign_offs import load_sign_offs
from orchestration.session import open_ledger
from orchestration.workspace import Workspace
from publishing.analyst import open_published

REVIEWED_TIERS = ("certified", "incentive")
"""Tiers whose gate asks whether the review is overdue; nobody waits for that of another metric."""
_REVIEWS = """
    select metric, max_by(published.tier, metric_version), max_by(defined.review_by, metric_version)
    from publication.metrics as published
    inner join marts.dim_metrics as defined using (metric, metric_version)
    group by metric
"""


def due_dates(workspace: Workspace, *, at: datetime) -> tuple[DueDate, ...]:
    """Return the sign-offs and reviews that somebody must renew within a month, and those that have lapsed.

    Args:
        workspace: Whose; a run may go on meanwhile.
        at: Now.

    Raises:
        GovernanceError: a register is wrong, or a file is no sign-off.
    """
    with open_ledger(workspace, workspace.settings()) as ledger:
        history = read_history(ledger.every_leaf(GOVERNANCE_LOG))
    given = history.of(load_sign_offs(workspace.governance / "sign-offs"))
    return (*lapsing_sign_offs(given, at=at), *due_reviews(_review_days(workspace), at=at))


def _review_days(workspace: Workspace) -> dict[str, date | None]:
    """Return the last day of each review, by definition or by a policy that is earlier."""
    database = workspace.current / "analyst.duckdb"
    if not database.exists():
        return {}
    policies = PolicyBook.load(workspace.governance / "policies.yml").metrics
    with open_published(database) as con:
        try:
            rows = con.execute(_REVIEWS).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException):
            return {}  # it was published by a version that did not say; the next one will
    found: dict[str, date | None] = {}
    for metric, tier, by_definition in rows:
        policy = policies.get(metric, {})
        if policy.get("tier", tier) in REVIEWED_TIERS:
            found[metric] = policy.get("review_by", by_definition)
    return found
