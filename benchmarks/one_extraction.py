"""A process that fetches what is new: `python -m benchmarks.one_extraction WORKSPACE`.

It uses the connectors and the ledger alone, so that its memory is theirs.
"""

import json
import os
import random
import secrets
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measuring import peak_megabytes, stopwatch
from connectors.evidence import EvidenceStore
from connectors.git.config import GitConfig, GitRepository
from connectors.github.config import GitHubConfig
from connectors.sources import SourceConfig, open_source
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
        for config in _configs(settings, root):
            source = open_source(config, store=store, clock=_now, random=random.Random())  # noqa: S311 - jitter
            with stopwatch() as watch:
                for stream in source.streams:
                    report = source.extract(stream.name, run_id="benchmark")
                    assert not report.failures, report.failures
                    reports.append(asdict(report))
            seconds[config.name] = watch.seconds
    print(
        json.dumps({"reports": reports, "seconds": seconds, "peak": peak_megabytes(), "peak_before": before})
    )


def _configs(settings: dict[str, Any], root: Path) -> Iterator[SourceConfig]:
    for source in settings["sources"]:
        if source["kind"] == "github":
            yield GitHubConfig(
                name=source["name"],
                base_url=source["base_url"],
                organisation=source["organisation"],
                token=os.environ[source["token_env"]],
                since=source["since"],
                concurrency=source["concurrency"],
            )
        else:
            clones = (
                GitRepository(name=clone["name"], path=root / clone["path"], branch=clone["branch"])
                for clone in source["repositories"]
            )
            yield GitConfig(name=source["name"], repositories=tuple(clones))


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
