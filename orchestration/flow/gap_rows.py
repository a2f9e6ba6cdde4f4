"""The gaps of streams as the rows that models join: `config.stream_gaps`."""

from collections.abc import Mapping

import pyarrow as pa

from orchestration.flow.expected_places import expected_places
from orchestration.flow.pinning import Pinned
from orchestration.session import Session
from orchestration.steps.stream_gaps import Coverage, stream_gaps


def gap_rows(session: Session, pinned: Pinned, settings: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return what of the reported range the pinned evidence does not hold.

    Args:
        session: The open workspace.
        pinned: The evidence.
        settings: The tables of `settings_rows` over it.
    """
    repositories = settings["repositories"].select(["source", "repository"]).to_pylist()
    known = [(row["source"], row["repository"]) for row in repositories]
    (reporting,) = settings["reporting"].to_pylist()
    gaps = stream_gaps(
        pinned.windows,
        pinned.evidence.kinds,
        expected=[
            (place.source, place.kind, place.stream, place.scope) for place in expected_places(session, known)
        ],
        coverage=Coverage(reporting["coverage_from"], reporting["coverage_until"]),
    )
    return {"stream_gaps": gaps}
