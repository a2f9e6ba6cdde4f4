"""What verifying a publication finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One object that is not as it was published. A note (`is_fatal` false) is merely unfinished."""

    object_name: str
    problem: str
    is_fatal: bool = True
