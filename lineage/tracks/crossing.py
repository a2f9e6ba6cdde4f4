"""What the wall between the tracks reports: one crossing per metric, place and way."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Way = Literal[
    "developmental_node",
    "undeclared_track",
    "hard_coded_relation",
    "other_database",
    "system_catalog",
    "file_read",
    "dynamic_sql",
    "environment_read",
    "unknown_function",
    "catalog_macro",
    "catalog_type",
    "attached_database",
    "statement",
    "unreadable",
    "not_compiled",
    "python_model",
    "dbt_function",
    "external_source",
    "materialization",
    "macro_override",
    "jinja_query",
    "unreviewed_sql",
    "incident_participation",
]

REMEDIES: Mapping[Way, str] = MappingProxyType(
    {
        "developmental_node": "take the reference out: developmental feedback never feeds a metric; a person "
        "may cite a piece by hand with `assay feedback cite`",
        "undeclared_track": "declare the track: `config: {meta: {track: delivery}}` on the model or source",
        "hard_coded_relation": "name the relation with ref() or source(), so that it stands in the graph",
        "other_database": "read only what the pipeline wrote into the warehouse, through ref() or source()",
        "system_catalog": "leave DuckDB's catalog out of models: what it lists is no source",
        "file_read": "fetch the file through a connector, so that it becomes evidence with a source",
        "dynamic_sql": "write the query out: SQL that is made while it runs cannot be read beforehand",
        "environment_read": "pass the value in through the workspace's settings",
        "unknown_function": "use DuckDB's own functions; the wall reads no extension's",
        "catalog_macro": "drop the macro from the warehouse and write its expression into the model",
        "catalog_type": "drop the type from the warehouse: an enumeration can carry data",
        "attached_database": "detach the database: the warehouse is read alone",
        "statement": "a model is one SELECT; take the other statement out",
        "unreadable": "write the SQL so that DuckDB's parser reads it as a SELECT",
        "not_compiled": "compile the whole project, so that the wall sees the SQL",
        "python_model": "write the model in SQL, or as a named step of the flow",
        "dbt_function": "take the function out of the project: its body runs unseen",
        "external_source": "let a connector fetch it; a source is a relation that the pipeline wrote",
        "materialization": "use table, view, incremental or ephemeral",
        "macro_override": "rename the macro: it takes the place of one of dbt's own",
        "jinja_query": "compute it in the model: what Jinja reads while compiling enters the SQL unseen",
        "unreviewed_sql": "read the SQL, then record its hash in dbt_project/reviewed_sql.yml",
        "incident_participation": "publish it by service, team or organisation only (DEFINITIONS 2.6)",
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing in one place that may bring developmental feedback in.

    Attributes:
        way: How it would come in, or why nobody can tell.
        found: What was found: a relation, a function, a file.
        through: The views of the warehouse that were followed to it, the outermost first.
    """

    way: Way
    found: str
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Crossing:
    """A finding as it concerns one metric.

    Attributes:
        metric: The metric that must not be published for compensation.
        path: From the metric over the models to the place of the finding.
        way: How it would come in, or why nobody can tell.
        found: What was found there.
        remedy: What to do.
    """

    metric: str
    path: tuple[str, ...]
    way: Way
    found: str
    remedy: str

    @property
    def sentence(self) -> str:
        """The crossing in one line, for a gate's reason or a check's offender."""
        return f"{' < '.join(self.path)}: {self.way.replace('_', ' ')} ({self.found}); {self.remedy}"
