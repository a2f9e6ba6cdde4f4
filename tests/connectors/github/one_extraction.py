"""One extraction in a process of its own, to be killed: base URL, folder, run."""

import asyncio
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from connectors.committer import BatchLimits
from connectors.github.config import GitHubConfig
from connectors.github.source import GitHubSource
from connectors.runtime import Runtime
from tests.connectors.github.small_github import REPOSITORY, TOKEN
from tests.connectors.workspace import open_store


def main(base_url: str, folder: str, run_id: str) -> None:
    """Extract pull requests and their reviews, in small batches."""
    runtime = Runtime(
        clock=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=asyncio.sleep,
        generator=random.Random(1),
    )
    config = GitHubConfig(
        name="github", base_url=base_url, repositories=(REPOSITORY,), token=TOKEN, concurrency=4
    )
    with open_store(Path(folder)) as store:
        source = GitHubSource(config, store=store, runtime=runtime, limits=BatchLimits(pages=3))
        for stream in ("pull_requests", "reviews"):
            source.extract(stream, run_id=run_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
