"""Whether the pages that were derived from nodes are what their nodes give."""

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any
from urllib.parse import parse_qs

import msgspec

from connectors.evidence import EvidenceStore
from connectors.github.graphql.derivation import VERSION, derived

METHOD = "DERIVE"
_CHILDREN = ("reviews", "pull_request_commits", "timeline")


def disagreements(store: EvidenceStore, source: str) -> Iterator[str]:
    """Derive every list again from the page that it names, and say which differ; normally none does.

    Pages of an older version of the rules, and redacted ones, are left out: they cannot be made again.

    Args:
        store: Where evidence lies.
        source: Name of the source.
    """
    nodes_of = lru_cache(maxsize=8)(partial(_nodes, store))
    redacted = {redaction.log_index for redaction in store.redactions()}
    for stream in _CHILDREN:
        for log_index in store.log_indexes(source, stream):
            if log_index not in redacted:
                yield from _problem(store, log_index, nodes_of, redacted)


def _problem(store: EvidenceStore, log_index: int, nodes_of: Any, redacted: set[int]) -> Iterator[str]:
    page = store.page(log_index)
    if page.method != METHOD or page.headers.get("derivation") != VERSION:
        return
    named = {name: values[0] for name, values in parse_qs(page.url.partition("#")[2]).items()}
    if int(named["page"]) in redacted:
        return
    node = nodes_of(int(named["page"])).get(int(named["parent"]))
    if node is None or msgspec.json.encode(derived(page.stream, node)) != page.body:
        yield (
            f"page {log_index} ({page.stream} of {page.scope} {named['parent']}) is not what "
            f"page {named['page']} gives"
        )


def _nodes(store: EvidenceStore, log_index: int) -> dict[int, Any]:
    nodes = msgspec.json.decode(store.page(log_index).body)["data"]["nodes"]
    return {node["number"]: node for node in nodes}
