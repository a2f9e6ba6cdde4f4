"""The sections `scorecard` and `context_windows` as rows."""

import pyarrow as pa

from orchestration.settings.models import Settings


def scorecard_rows(settings: Settings) -> dict[str, pa.Table]:
    """Return the tables `scorecard` and `context_windows` of schema `config`.

    A window of several teams is a row for each; one of the whole organisation has no team.
    """
    limits = {
        "minimum_team_size": settings.scorecard.minimum_team_size,
        "minimum_peer_count": settings.scorecard.minimum_peers,
    }
    windows = [
        {
            "window_name": window.name,
            "window_kind": window.kind,
            "team_id": team,
            "from_date": window.from_,
            "until_date": window.until,
        }
        for window in settings.context_windows
        for team in window.teams or (None,)
    ]
    texts = [(name, pa.string()) for name in ("window_name", "window_kind", "team_id")]
    days = [("from_date", pa.date32()), ("until_date", pa.date32())]
    return {
        "scorecard": pa.table({name: pa.array([value], pa.int32()) for name, value in limits.items()}),
        "context_windows": pa.Table.from_pylist(windows, schema=pa.schema([*texts, *days])),
    }
