"""Two hundred repositories, five of which fail: exactly those are named, and only they are read next time."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.command import main
from orchestration.demonstration import simulated_people
from orchestration.run_record import RunRecord
from orchestration.running import reason_of
from orchestration.scaffold import scaffold
from orchestration.workspace import Workspace
from tests.connectors.github.small_github import SmallGitHub, pull
from tests.orchestration.fetching import fetch
from tests.parsed import copy_parsed
from tests.replay.loopback import Request, Response

REPOSITORIES = tuple(f"acme/service-{number:03d}" for number in range(200))
FAILING = {
    "acme/service-003": Response(b'{"message":"Resource not accessible by personal access token"}', 403),
    "acme/service-050": Response(b'{"message":"Must have admin rights to Repository."}', 403),
    "acme/service-101": Response(b'{"message":"Not Found"}', 404),
    "acme/service-150": Response(b'{"message":"Server Error"}', 500),
    "acme/service-199": Response(b'{"message":"Server Error"}', 500),
}
SETTINGS = """
organisation: acme
sources:
  - name: github
    kind: github
    base_url: "{base_url}"
    repositories: {repositories}
    token_env: null
    streams: [reviews]
"""


@dataclass(frozen=True)
class Scene:
    workspace: Workspace
    github: SmallGitHub

    def repositories_asked(self, ending: str) -> Counter[str]:
        """How often each repository was asked for a list since this was called last."""
        paths = [request.path for request in self.github.server.requests if request.path.endswith(ending)]
        return Counter("/".join(path.split("/")[2:4]) for path in paths)


def fault(request: Request) -> Response | None:
    return FAILING.get("/".join(request.path.split("/")[2:4]))


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr("orchestration.sources.sleep", lambda _seconds: asyncio.sleep(0))
    github = SmallGitHub()
    for number, repository in enumerate(REPOSITORIES, start=1):
        found = pull(number, updated=number) | {
            "state": "open",
            "head": {"sha": f"{number:040x}", "ref": "x"},
            "base": {"sha": f"{number:040x}", "ref": "main"},
        }
        github.put("pulls", found, repository=repository)
        github.put(f"pulls/{number}/reviews", {"id": number, "state": "APPROVED"}, repository=repository)
    with github.server:
        settings = SETTINGS.format(
            base_url=github.server.base_url, repositories=json.dumps(list(REPOSITORIES))
        )
        workspace = scaffold(
            tmp_path / "workspace",
            organisation="acme",
            random_bytes=bytes,
            settings=settings,
            confirmation=simulated_people(),
        )
        yield Scene(workspace, github)


def figures(record: RunRecord) -> dict[str, tuple[int, int, int]]:
    return {report.stream: (report.requests, report.not_modified, report.pages) for report in record.reports}


def test_exactly_those_that_failed_are_named_and_the_next_run_reads_only_what_is_missing(
    scene: Scene,
) -> None:
    scene.github.fault = fault
    record, result = fetch(scene.workspace)
    named = {failure.message.partition(":")[0]: failure.is_transient for failure in record.scope_failures}
    assert named == {repository: response.status == 500 for repository, response in FAILING.items()}
    assert result.success, "the others go on to be built and published"
    error = reason_of(record, result)
    assert error is not None
    assert error.exit_code == 3
    assert {line.split()[1].rstrip(":") for line in str(error).splitlines()[1:]} == set(FAILING)
    assert set(scene.repositories_asked("/reviews")) == set(REPOSITORIES) - set(FAILING)

    scene.github.fault = lambda _: None
    scene.github.asked()
    record, result = fetch(scene.workspace)
    assert reason_of(record, result) is None
    assert scene.repositories_asked("/pulls") == Counter(REPOSITORIES)
    assert scene.repositories_asked("/reviews") == Counter(FAILING.keys())
    assert figures(record) == {"pull_requests": (200, 195, 5), "reviews": (5, 0, 5)}

    record, _ = fetch(scene.workspace)
    assert figures(record) == {"pull_requests": (200, 200, 0), "reviews": (0, 0, 0)}


@pytest.mark.slow
def test_the_command_ends_with_its_documented_code_and_publishes_the_others(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_parsed(scene.workspace)
    scene.github.fault = fault
    assert main(["run", "--json", "--workspace", str(scene.workspace.root)]) == 3
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert {each["message"].partition(":")[0] for each in document["failures"]} == set(FAILING)
    assert {name for name in REPOSITORIES if name in shown.err} == set(FAILING)
    assert document["publication"] is not None
    scene.github.fault = lambda _: None
    assert main(["run", "--json", "--workspace", str(scene.workspace.root)]) == 0
    assert json.loads(capsys.readouterr().out)["failures"] == []
