"""A trace in W3C PROV, spelled as PROV-JSON (W3C Member Submission of 24 April 2013).

Entities are the number, its definition, the facts, the records, the pages with their leaves, and the
publication; activities are the fetches that brought the pages, the build that made facts of records, and
the publication; agents are the organisation, its sources and the software. Derivation runs from the number
down to the pages; what is only context is used by the build and derives nothing.
"""

import json
from collections.abc import Mapping
from typing import Any

from lineage.trace.document import RecordUse, Trace, TracedPage, plain

_NAMESPACE = "urn:assay:"
_PREFIXES = {"assay": _NAMESPACE, "xsd": "http://www.w3.org/2001/XMLSchema#"}
_SOFTWARE = "assay:agent/software"
_CELL = "assay:cell"
_DEFINITION = "assay:definition"
_PUBLICATION = "assay:publication"
_BUILD = "assay:activity/build"
_PUBLISH = "assay:activity/publish"

Document = dict[str, dict[str, Any]]


def prov_document(trace: Trace) -> Document:
    """Return a trace as PROV-JSON. What a view has left out is left out here too."""
    document: Document = {"prefix": dict(_PREFIXES)}
    _add_agents(document, trace)
    _add_number(document, trace)
    _add_facts(document, trace)
    _add_records(document, trace)
    for page in trace.pages:
        _add_page(document, page)
    _add_windows(document, trace)
    return document


def _add_agents(document: Document, trace: Trace) -> None:
    organisation = trace.publication.get("organisation", "organisation")
    _put(
        document,
        "agent",
        _organisation(trace),
        {"prov:type": _type("prov:Organization"), "assay:name": organisation},
    )
    _put(document, "agent", _SOFTWARE, {"prov:type": _type("prov:SoftwareAgent"), "assay:name": "Assay"})
    for source in sorted({page.source for page in trace.pages}):
        _put(
            document,
            "agent",
            _source(source),
            {"prov:type": _type("prov:SoftwareAgent"), "assay:name": source},
        )


def _add_number(document: Document, trace: Trace) -> None:
    cell, definition = trace.cell, trace.definition
    shown = ("metric", "metric_version", "profile", "scope_kind", "scope_id", "period_grain", "unit", "n")
    _put(
        document,
        "entity",
        _CELL,
        {
            "prov:type": _type("assay:Cell"),
            "prov:value": "empty" if cell.value is None else str(cell.value),
            "assay:period_start": cell.period_start.isoformat(),
            "assay:period_end": cell.period_end.isoformat(),
            "assay:is_recomputed_equal": trace.recomputed.is_equal,
            **{f"assay:{name}": value for name in shown if (value := getattr(cell, name)) is not None},
        },
    )
    _put(
        document,
        "entity",
        _DEFINITION,
        {
            "prov:type": _type("prov:Plan"),
            "prov:label": definition.sentence,
            "assay:value_sql": definition.value_sql,
            **({"assay:sha256": definition.definition_hash} if definition.definition_hash else {}),
        },
    )
    _put(document, "activity", _BUILD, {"prov:type": _type("assay:Build")})
    _relate(document, "used", activity=_BUILD, entity=_DEFINITION)
    _relate(document, "wasAssociatedWith", activity=_BUILD, agent=_SOFTWARE, plan=_DEFINITION)
    _relate(document, "wasGeneratedBy", entity=_CELL, activity=_BUILD)
    _relate(document, "wasAttributedTo", entity=_CELL, agent=_organisation(trace))
    _relate(document, "wasAttributedTo", entity=_DEFINITION, agent=_organisation(trace))
    if trace.publication:
        _add_publication(document, trace)


def _add_publication(document: Document, trace: Trace) -> None:
    about = {f"assay:{name}": value for name, value in sorted(trace.publication.items())}
    if trace.checkpoint:
        about["assay:payload_checkpoint"] = trace.checkpoint
    at = trace.publication.get("published_at")
    times = {"prov:startTime": at, "prov:endTime": at} if at else {}
    _put(document, "activity", _PUBLISH, {"prov:type": _type("assay:Publish"), **times})
    _put(document, "entity", _PUBLICATION, {"prov:type": _type("prov:Collection"), **about})
    _relate(document, "wasGeneratedBy", entity=_PUBLICATION, activity=_PUBLISH, time=at)
    _relate(document, "wasAssociatedWith", activity=_PUBLISH, agent=_SOFTWARE)
    _relate(document, "used", activity=_PUBLISH, entity=_CELL)
    _relate(document, "hadMember", collection=_PUBLICATION, entity=_CELL)
    _relate(document, "wasAttributedTo", entity=_PUBLICATION, agent=_organisation(trace))


def _add_facts(document: Document, trace: Trace) -> None:
    known = {record.record_id for record in trace.records}
    for number, fact in enumerate(trace.facts):
        name = f"assay:fact/{number}"
        attributes = {
            "prov:type": _type("assay:Fact"),
            "assay:key": fact.key,
            "assay:relation": trace.definition.fact_relation,
            "assay:is_deciding": fact.is_deciding,
        }
        if fact.measure is not None:
            attributes["assay:measure"] = str(fact.measure)
        _put(document, "entity", name, attributes)
        _relate(document, "wasGeneratedBy", entity=name, activity=_BUILD)
        _relate(document, "wasDerivedFrom", generatedEntity=_CELL, usedEntity=name)
        for record_id in fact.record_ids:
            if record_id in known:
                _relate(document, "wasDerivedFrom", generatedEntity=name, usedEntity=_record(record_id))


def _add_records(document: Document, trace: Trace) -> None:
    for record in trace.records:
        attributes = {
            "prov:type": _type("assay:Record"),
            "assay:record_id": str(record.record_id),
            "assay:ordinal": record.ordinal,
            "assay:use": record.use.value,
            "assay:sha256": record.sha256,
            "assay:visibility": record.visibility,
        }
        if record.value is not None:
            spelled = (
                record.value
                if record.is_text
                else json.dumps(record.value, sort_keys=True, ensure_ascii=False)
            )
            attributes["prov:value"] = spelled
        name = _record(record.record_id)
        _put(document, "entity", name, attributes)
        _relate(document, "used", activity=_BUILD, entity=name)
        if record.use is RecordUse.CONTRIBUTES:
            _relate(document, "wasDerivedFrom", generatedEntity=_CELL, usedEntity=name)
        _relate(document, "wasDerivedFrom", generatedEntity=name, usedEntity=_page(record.log_index))


def _add_page(document: Document, page: TracedPage) -> None:
    name, fetch = _page(page.log_index), f"assay:activity/fetch/{page.log_index}"
    at = page.fetched_at.isoformat()
    _put(
        document,
        "entity",
        name,
        {
            "prov:type": _type("assay:Page"),
            "prov:location": page.url,
            "assay:sha256": page.body_sha256,
            "assay:stream": f"{page.source}.{page.stream}",
            "assay:scope": page.scope,
            "assay:log_index": page.log_index,
        },
    )
    _put(
        document,
        "activity",
        fetch,
        {
            "prov:type": _type("assay:Fetch"),
            "prov:startTime": at,
            "prov:endTime": at,
            "assay:run_id": page.run_id,
        },
    )
    _relate(document, "wasGeneratedBy", entity=name, activity=fetch, time=at)
    _relate(document, "wasAssociatedWith", activity=fetch, agent=_SOFTWARE)
    _relate(document, "wasAttributedTo", entity=name, agent=_source(page.source))
    if page.proof is not None:
        leaf = f"assay:leaf/{page.log_index}"
        proof = {
            f"assay:{key}": value for key, value in plain(page.proof).items() if key not in {"path", "leaf"}
        }
        _put(document, "entity", leaf, {"prov:type": _type("assay:Leaf"), **proof})
        _relate(document, "wasDerivedFrom", generatedEntity=leaf, usedEntity=name)


def _add_windows(document: Document, trace: Trace) -> None:
    for coverage in trace.coverage:
        for window in coverage.windows:
            name = f"assay:window/{window.window_index}"
            _put(
                document,
                "entity",
                name,
                {
                    "prov:type": _type("assay:Window"),
                    "assay:stream": f"{coverage.source}.{coverage.stream}",
                    "assay:scope": coverage.scope,
                    "assay:record_count": window.record_count,
                    "assay:started_at": window.started_at.isoformat(),
                    "assay:closed_at": window.closed_at.isoformat(),
                },
            )
            _relate(document, "used", activity=_BUILD, entity=name)


def _put(document: Document, kind: str, name: str, attributes: Mapping[str, Any]) -> None:
    document.setdefault(kind, {})[name] = dict(attributes)


def _relate(document: Document, relation: str, **ends: str | None) -> None:
    """Add a relation; the names of its ends are those of PROV-JSON."""
    held = document.setdefault(relation, {})
    held[f"_:{relation}{len(held)}"] = {f"prov:{end}": name for end, name in ends.items() if name is not None}


def _type(name: str) -> dict[str, str]:
    return {"$": name, "type": "prov:QUALIFIED_NAME"}


def _organisation(trace: Trace) -> str:
    return f"assay:agent/organisation/{trace.publication.get('organisation', 'own')}"


def _source(name: str) -> str:
    return f"assay:agent/source/{name}"


def _record(record_id: int) -> str:
    return f"assay:record/{record_id}"


def _page(log_index: int) -> str:
    return f"assay:page/{log_index}"
