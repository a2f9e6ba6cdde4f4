"""What verification finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One object that is not as it was recorded. A note (`is_fatal` false) says what could not be checked."""

    object_name: str
    problem: str
    is_fatal: bool = True
