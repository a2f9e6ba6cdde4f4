"""A process that fetches what is new: `python -m benchmarks.one_extraction WORKSPACE`.

It uses the connectors and the ledger alone, so that its memory is theirs.
"""

import asyncio
import json
import os
import random
import secrets
import sys
import time
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measuring import peak_megabytes, stopwatch
from connectors.evidence import EvidenceStore
from connectors.kinds import Opening
from connectors.runtime import Runtime
from connectors.sources import SOURCE_KINDS, open_source
from lineage.ledger import Ledger


def main(root: Path) -> None:
    """Fetch every stream of every source; print reports, seconds and the most memory held."""
    settings = yaml.safe_load((root / "assay.yml").read_text(encoding="utf-8"))
    data = root / "data"
    seconds: dict[str, float] = {}
    reports: list[dict[str, Any]] = []
    before = peak_megabytes()
    with (
        Ledger(data / "ledger" / "ledger.sqlite", origin=f"assay/{settings['organisation']}") as ledger,
        closing(EvidenceStore(data / "evidence", ledger, random_bytes=secrets.token_bytes)) as store,
    ):
        opening = Opening(store=store, runtime=_runtime(), secrets=os.environ, folder=root)
        for each in settings["sources"]:
            source = open_source(SOURCE_KINDS[each["kind"]].settings.model_validate(each), opening)
            with stopwatch() as watch:
                for stream in source.streams:
                    report = source.extract(stream.name, run_id="benchmark")
                    assert not report.failures, report.failures
                    reports.append(asdict(report))
            seconds[source.name] = watch.seconds
    print(
        json.dumps({"reports": reports, "seconds": seconds, "peak": peak_megabytes(), "peak_before": before})
    )


def _runtime() -> Runtime:
    return Runtime(
        clock=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=asyncio.sleep,
        generator=random.Random(),  # noqa: S311 - jitter
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
