"""What a planted fault is: something that really happens to data, and the checks that notice it."""

from dataclasses import dataclass
from typing import Literal

FaultLayer = Literal["source", "evidence", "staging", "facts", "marts", "exports"]
"""Where a fault is planted; `staging` has the intermediate models too."""


@dataclass(frozen=True)
class PlantedFault:
    """One fault, planted alone; each layer's faults say in a class of their own how they are planted.

    Attributes:
        name: A slug.
        layer: Where it is planted.
        says: What is wrong then, in one plain sentence.
        caught_by: The checks, tests or findings that turn red; none where nothing notices.
    """

    name: str
    layer: FaultLayer
    says: str
    caught_by: tuple[str, ...]
