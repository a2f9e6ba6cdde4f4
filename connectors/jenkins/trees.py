"""What is asked of Jenkins: `tree` parameters that name each property, and ranges that page through builds.

Without `tree` an answer holds whatever plugins export, and `depth` multiplies that. Parameters of builds are
never asked for, they hold passwords; neither are culprits, users and the messages of changes, which name
people. A build's causes are asked for by class and upstream build only.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from connectors.http.answers import Answer
from connectors.http.pagers import parameter_of, with_parameters

LEVELS = 5
"""Folders inside folders that one request for jobs shows; deeper ones are asked for by themselves."""

BUILDS_PER_PAGE = 100

WHOLE_SERVER = "/"
"""The scope of everything that the user may see."""

_ITEM = "fullName,buildable,scm[userRemoteConfigs[url]],lastBuild[number,timestamp]"
_RANGE = re.compile(r"\{(\d+),(\d+)\}$")

BUILDS_TREE = (
    "fullName,scm[userRemoteConfigs[url]],"
    "allBuilds[number,timestamp,duration,building,result,"
    "actions[lastBuiltRevision[SHA1,branch[name]],remoteUrls,causes[upstreamProject,upstreamBuild]],"
    "changeSet[kind,items[commitId,timestamp]],changeSets[kind,items[commitId,timestamp]]]"
)
"""A page of builds, with the repository that the job itself is configured for, where Jenkins tells."""


def jobs_tree(levels: int = LEVELS) -> str:
    """The tree of items: of the last level only whether anything stands below."""
    below = "jobs[name]{0,1}"
    for _ in range(levels):
        below = f"jobs[{_ITEM},{below}]"
    return f"{_ITEM},{below}"


def job_path(full_name: str) -> str:
    """The path of a folder or job below the base URL.

    The name of a branch's job holds the branch percent-encoded (`feature%2Fx`); its URL encodes that again.
    """
    return "".join(f"/job/{quote(name, safe='')}" for name in full_name.split("/") if name)


@dataclass(frozen=True, slots=True)
class BuildRange:
    """Pages through the list at the end of the `tree` parameter, newest first.

    Each page begins with the last build of the page before: a reader sees whether builds were deleted while
    it paged, which moves the rest up and would hide one.
    """

    size: int = BUILDS_PER_PAGE

    def first(self, url: str) -> str:
        """The listing from its newest build."""
        return with_range(url, 0, self.size)

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The range after this one, unless this one was not filled."""
        del answer
        start, end = range_of(url)
        if record_count < end - start:
            return None
        return with_range(url, end - 1, end - 1 + self.size)


def with_range(url: str, start: int, end: int) -> str:
    """The URL with its tree's last list cut to [start, end)."""
    tree = _RANGE.sub("", parameter_of(url, "tree") or "")
    return with_parameters(url, {"tree": f"{tree}{{{start},{end}}}"})


def range_of(url: str) -> tuple[int, int]:
    """The range at the end of the tree; (0, 0) where there is none."""
    found = _RANGE.search(parameter_of(url, "tree") or "")
    return (int(found[1]), int(found[2])) if found else (0, 0)
