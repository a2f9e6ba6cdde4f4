"""Replies that real Jenkins servers gave, served again: jobs, their builds, and the stages of builds.

What was recorded holds more than is asked for here (causes with the people behind them): the `tree` parameter
cuts it as the servers would. `building` is filled in where it was not asked for when it was recorded.
"""

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.sandbox.api import ApiRequest, ApiResponse
from connectors.sandbox.jenkins.tree import parse_tree, prune

_JOB = re.compile(r"/job/([^/]+)")


class RecordedJenkins:
    """Serves the recorded replies; items are put together from the URLs they were recorded at.

    Args:
        folder: The folder `devlake/jenkins` of the recorded payloads.

    Attributes:
        builds: Recorded builds by full name of their job.
        stages: Recorded stages by full name of the job and number of the build.
    """

    def __init__(self, folder: Path) -> None:
        self.builds: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.stages: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for line in _lines(folder, "builds"):
            build = line["data"]
            self.builds[_full_name(line)].append({"building": build["result"] is None, **build})
        for line in _lines(folder, "stages"):
            number = urlsplit(line["url"]).path.split("/")[-3]
            self.stages[_full_name(line), number].append(line["data"])
        for builds in self.builds.values():
            builds.sort(key=lambda build: int(build["number"]), reverse=True)

    def move_to(self, instant: int) -> None:
        """Nothing happens any more."""

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer as the servers did."""
        path = request.raw_path
        name = "/".join(unquote(each) for each in _JOB.findall(path))
        if path.endswith("/wfapi/describe"):
            return ApiResponse({"stages": self.stages[name, path.split("/")[-3]]})
        return ApiResponse(prune(self._item(name), parse_tree(request.parameter("tree"))))

    def _item(self, name: str) -> dict[str, Any]:
        builds = self.builds.get(name)
        if builds is not None:
            return {"fullName": name, "_class": "job", "allBuilds": builds, "lastBuild": builds[0]}
        below = f"{name}/" if name else ""
        names = {each[len(below) :].split("/")[0] for each in self.builds if each.startswith(below)}
        items = [self._item(f"{below}{each}") for each in sorted(names)]
        return {"_class": "folder", "jobs": items, **({"fullName": name} if name else {})}


def _full_name(line: dict[str, Any]) -> str:
    return "/".join(unquote(each) for each in _JOB.findall(urlsplit(line["url"]).path))


def _lines(folder: Path, what: str) -> Iterator[dict[str, Any]]:
    for file in (f"raw_jenkins_api_{what}.ndjson.gz", f"raw_jenkins_api_{what}_multibranch.ndjson.gz"):
        with gzip.open(folder / file, "rt") as lines:
            yield from map(json.loads, lines)
