"""The compiled SQL of every model as a publication stores it, so that it can be run again without dbt.

A later version of Assay replays an old publication with the old SQL. The bundle is one file, addressed by
the hash of its content, which the publication's manifest names; a changed file is told before it runs.
"""

import gzip
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any, Literal, Self, cast, get_args

from lineage.errors import ReplayInputError
from lineage.ledger import canonical_json

ContextRule = Literal["whole", "place", "named"]
"""Which records of a stream stand beside the ones that contribute to a cell.

`whole`: all of them, of a small stream that says how things are (teams, services, statuses).
`place`: those of the cell's places (the repositories of its services), such as commits.
`named`: those that the cell's own facts name, and no others, such as jobs and samples.
"""
RULES: tuple[str, ...] = get_args(ContextRule)
META_KEY = "replay_context"
NEW_PAGES = "__new"
_RAW = "raw."


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model as it was compiled for a build from the beginning.

    Attributes:
        relation: `schema.table`.
        sql: the query that makes its rows.
        reads: the relations that the query reads: of other models, of evidence, of settings.
        columns: names and types of its columns where a contract states them; else none.
        key: columns without which a record cannot be told from another; such records are set aside.
        is_view: whether it is read anew each time.
        context: which records of the model's streams a replay reads; None where it reads no evidence.
    """

    relation: str
    sql: str
    reads: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    is_view: bool
    context: ContextRule | None

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams (`github__reviews`) whose pages the model reads."""
        return tuple(
            name.removeprefix(_RAW).removesuffix(NEW_PAGES)
            for name in self.reads
            if name.startswith(_RAW) and "__" in name
        )


@dataclass(frozen=True)
class ModelBundle:
    """Every model of one version of the project."""

    models: Mapping[str, StoredModel]

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> Self:
        """Take the models out of dbt's manifest of a compilation from the beginning.

        Raises:
            ReplayInputError: a model has no compiled SQL, or one that reads evidence does not say which of it
                is context.
        """
        nodes: Mapping[str, Any] = {**manifest["nodes"], **manifest["sources"]}
        of_models = (node for node in nodes.values() if node["resource_type"] == "model")
        stored = (_stored(node, nodes) for node in of_models)
        return cls({model.relation: model for model in sorted(stored, key=lambda one: one.relation)})

    @classmethod
    def from_bytes(cls, content: bytes, *, sha256: str) -> Self:
        """Read a bundle back.

        Raises:
            ReplayInputError: the content is not the one with this hash.
        """
        try:
            document = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise ReplayInputError(f"the stored SQL {sha256} cannot be unpacked: {error}") from error
        found = hashlib.sha256(document).hexdigest()
        if found != sha256:
            raise ReplayInputError(
                f"the stored SQL is not the one that the publication names: its hash is {found}, "
                f"not {sha256}; take the file from a backup, or replay another publication"
            )
        return cls({name: _read(name, parts) for name, parts in json.loads(document)["models"].items()})

    @cached_property
    def document(self) -> bytes:
        """The canonical JSON that is hashed."""
        return canonical_json({"v": 1, "models": {name: _spelt(one) for name, one in self.models.items()}})

    @cached_property
    def sha256(self) -> str:
        """The hash that names the bundle."""
        return hashlib.sha256(self.document).hexdigest()

    def to_bytes(self) -> bytes:
        """Return the file's content: the same bytes for the same models."""
        return gzip.compress(self.document, compresslevel=6, mtime=0)

    def closure(
        self,
        relations: Iterable[str],
        *,
        also: Mapping[str, Sequence[str]] | None = None,
        without: Collection[str] = (),
    ) -> list[str]:
        """Return relations and everything upstream of them, each after what it reads.

        Args:
            relations: what is asked for.
            also: what relations read that no model makes (`computed.deployment_commits`).
            without: relations of which nothing upstream is asked for.

        Raises:
            ReplayInputError: there is no such relation.
        """
        extra, reads = also or {}, dict[str, tuple[str, ...]]()
        waiting = list(relations)
        while waiting:
            name = waiting.pop()
            if name in reads:
                continue
            model = self.models.get(name)
            if model is None and name not in extra and name.partition(".")[0] == "marts":
                raise ReplayInputError(f"the publication's models do not make {name}")
            if name in without:
                reads[name] = ()
                continue
            reads[name] = model.reads if model else tuple(extra.get(name, ()))
            waiting.extend(reads[name])
        return list(TopologicalSorter({name: sorted(reads[name]) for name in sorted(reads)}).static_order())

    def context_rules(self, relations: Iterable[str]) -> dict[str, ContextRule]:
        """Return the rule of each stream that these relations read; the wider where two models read it."""
        rules: dict[str, ContextRule] = {}
        for model in (self.models[name] for name in relations if name in self.models):
            for stream in model.streams:
                rule = model.context or "named"
                rules[stream] = min(rules.get(stream, rule), rule, key=RULES.index)
        return dict(sorted(rules.items()))


def _stored(node: Mapping[str, Any], nodes: Mapping[str, Any]) -> StoredModel:
    name = _relation(node)
    sql = node.get("compiled_code")
    if not sql:
        raise ReplayInputError(f"{name} has no compiled SQL; compile the whole project first")
    config = node["config"]
    model = StoredModel(
        relation=name,
        sql=sql,
        reads=tuple(sorted({_relation(nodes[key]) for key in node["depends_on"]["nodes"]})),
        columns=_contract(node),
        key=tuple(_listed(config.get("unique_key"))),
        is_view=config["materialized"] == "view",
        context=(config.get("meta") or {}).get(META_KEY),
    )
    if model.context is not None and model.context not in RULES:
        raise ReplayInputError(f"{name} says {META_KEY}: {model.context}; there are {', '.join(RULES)}")
    return model


def _relation(node: Mapping[str, Any]) -> str:
    is_attached = node["resource_type"] == "source" and node["schema"] == "main"  # named as its file is
    schema = node["source_name"] if is_attached else node["schema"]
    return f"{schema}.{node.get('alias') or node['name']}"


def _contract(node: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if not (node["config"].get("contract") or {}).get("enforced"):
        return ()
    columns = tuple((name, str(column.get("data_type") or "")) for name, column in node["columns"].items())
    return columns if all(kind for _, kind in columns) else ()


def _listed(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from value


def _spelt(model: StoredModel) -> dict[str, Any]:
    return {
        "sql": model.sql,
        "reads": list(model.reads),
        "columns": [list(column) for column in model.columns],
        "key": list(model.key),
        "is_view": model.is_view,
        "context": model.context,
    }


def _read(relation: str, parts: Mapping[str, Any]) -> StoredModel:
    return StoredModel(
        relation=relation,
        sql=parts["sql"],
        reads=tuple(parts["reads"]),
        columns=tuple((name, kind) for name, kind in parts["columns"]),
        key=tuple(parts["key"]),
        is_view=parts["is_view"],
        context=cast("ContextRule | None", parts["context"]),
    )
