"""All tags of a clone, peeled to the commits that they name."""

from connectors.git.commands import Git
from connectors.git.separators import FIELD, RECORD, without_separators

_FIELDS = (
    "%(refname:strip=2)",
    "%(objectname)",
    "%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)",
    "%(creatordate:iso-strict)",
    "%(objecttype)",
    "%(subject)",
)
_FORMAT = "%1e" + "%1f".join(_FIELDS)


def tags_body(git: Git) -> bytes:
    """One record a tag: name, object, peeled commit, date, type of object, subject.

    A subject is one line, so lines are what can be trusted; separators within it are replaced.
    """
    lines = git.run("for-each-ref", "--sort=refname", f"--format={_FORMAT}", "refs/tags").splitlines(
        keepends=True
    )
    return b"".join(_clean(line) for line in lines)


def _clean(line: bytes) -> bytes:
    *fields, subject = line[len(RECORD) :].split(FIELD, len(_FIELDS) - 1)
    return RECORD + FIELD.join((*fields, without_separators(subject)))
