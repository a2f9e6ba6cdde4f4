"""The project's SQL as dbt compiles it, to be run on a warehouse in memory: a build in half a second."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import duckdb

from tests.dbt_project.warehouse import Warehouse
from tests.shared import once


@dataclass(frozen=True, slots=True)
class Model:
    """One model's compiled SQL."""

    name: str
    schema: str
    sql: str
    is_before_graph: bool


@cache
def compiled_models() -> tuple[Model, ...]:
    """Compile the intermediate models, the profiles and the marts once, in an order that can be built."""
    return once("compiled", _compile)


def _compile() -> tuple[Model, ...]:
    warehouse = Warehouse(Path(mkdtemp(prefix="assay-compiled-")), threads=1)
    for path in (warehouse.file, warehouse.vault_file):
        _touch(path)
    results = warehouse.dbt("compile", "--select", "intermediate", "profiles", "marts")
    return tuple(
        Model(
            name=result.node.name,
            schema=result.node.schema,
            sql=result.node.compiled_code,
            is_before_graph="before_graph" in result.node.tags,
        )
        for result in results
        if result.node.resource_type == "model"
    )


def _touch(path: Path) -> None:
    duckdb.connect(str(path)).close()
