"""One planted fault: an SQL statement that must turn a check red, and only by intent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A fault for one check.

    `{subject}` stands for the relation, `{kind}` and `{stream}` for the stream that it belongs to.
    """

    check: str
    says: str
    sql: str
    subjects: tuple[str, ...] | None = None
