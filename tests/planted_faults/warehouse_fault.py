"""Faults between evidence and exports: wrong rows, a mistake in a model, a table not made again."""

from dataclasses import dataclass

from tests.planted_faults.fault import FaultLayer, PlantedFault


@dataclass(frozen=True)
class WrongRows:
    """Rows that go wrong after a table is made: a lost write, a botched repair.

    Attributes:
        relation: The table, such as `staging.stg_github__reviews`.
        statements: SQL that spoils it; `{relation}` stands for it.
    """

    relation: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class WrongCode:
    """A mistake in what makes a table.

    Attributes:
        relation: The table.
        replaced: Text of the compiled SQL, which must stand there, and what stands there instead.
    """

    relation: str
    replaced: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LeftStanding:
    """A table that a run did not make again: it stands as an earlier run left it.

    Attributes:
        relation: The table.
    """

    relation: str


@dataclass(frozen=True)
class WarehouseFault(PlantedFault):
    """A fault in a warehouse.

    Attributes:
        plant: How it comes about. Everything that is made of the table is made anew of it.
        why_uncaught: Of a fault that no check catches, the reason.
    """

    plant: WrongRows | WrongCode | LeftStanding
    why_uncaught: str = ""


def mistake(
    layer: FaultLayer,
    name: str,
    says: str,
    *,
    relation: str,
    replaced: tuple[tuple[str, str], ...],
    caught_by: tuple[str, ...],
    why_uncaught: str = "",
) -> WarehouseFault:
    """Declare a mistake in what makes a table."""
    return WarehouseFault(name, layer, says, caught_by, WrongCode(relation, replaced), why_uncaught)


def spoiled(
    layer: FaultLayer,
    name: str,
    says: str,
    *,
    relation: str,
    sql: str,
    caught_by: tuple[str, ...],
    why_uncaught: str = "",
) -> WarehouseFault:
    """Declare rows that go wrong after their table is made; statements are parted by semicolons."""
    statements = tuple(part.strip() for part in sql.split(";") if part.strip())
    return WarehouseFault(name, layer, says, caught_by, WrongRows(relation, statements), why_uncaught)
