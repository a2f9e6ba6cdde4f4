"""The same series as text in the OpenMetrics format, to fill a real Prometheus with the story.

`promtool tsdb create-blocks-from openmetrics` makes blocks of it.
"""

from collections.abc import Iterator

import numpy as np

from connectors.sandbox.prometheus.monitoring import Monitoring
from connectors.sandbox.prometheus.series import SCRAPE_SECONDS, Series, all_series


def openmetrics(monitoring: Monitoring, *, start: int, end: int) -> Iterator[str]:
    """Lines with every sample of [start, end), in epoch seconds, metric by metric."""
    first = -(-start // SCRAPE_SECONDS) * SCRAPE_SECONDS
    instants = np.arange(first, end, SCRAPE_SECONDS, dtype=np.int64)
    families: dict[str, list[Series]] = {}
    for series in all_series(monitoring):
        families.setdefault(series.name, []).append(series)
    for name, members in families.items():
        yield f"# TYPE {name.removesuffix('_total')} {members[0].type}"
        for series in members:
            labels = ",".join(f'{label}="{value}"' for label, value in sorted(series.labels.items()))
            present = instants[series.is_present(instants)]
            values = series.values(present) if len(present) else present
            for at, value in zip(present.tolist(), values.tolist(), strict=True):
                yield f"{name}{{{labels}}} {value} {at}"
    yield "# EOF"
