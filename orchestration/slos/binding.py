"""Which sampled query, or which objective of Datadog, the metric of an indicator is read from."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from pydantic_core import PydanticCustomError

from connectors.prometheus.settings import PrometheusSettings, SampledQuery
from connectors.settings import REMEDY
from orchestration.settings import Settings
from orchestration.slos.definitions import Matcher, Role, Signal
from orchestration.slos.schema import MetricSource, fault
from orchestration.slos.selectors import Selector, read_selector, same_text

SourceKind = Literal["prometheus", "datadog"]
_KINDS: Final[Mapping[str, SourceKind]] = {"prometheus": "prometheus", "datadog": "datadog"}
_KEYS: Final[Mapping[SourceKind, str]] = {"prometheus": "query", "datadog": "sloId"}


class Binding:
    """Binds metrics to what the workspace's sources leave in evidence.

    Args:
        settings: The workspace's settings.
        data_sources: Type of each DataSource document by its name.
    """

    def __init__(self, settings: Settings, data_sources: Mapping[str, str]) -> None:
        self._settings = settings
        self._types = data_sources

    def signal(self, role: Role, metric: MetricSource) -> Signal:
        """Where one side of an indicator is read.

        Raises:
            PydanticCustomError: It cannot be, with a remedy.
        """
        kind = self._kind(metric)
        text = metric.spec.get(_KEYS[kind])
        if not isinstance(text, str) or not text.strip():
            raise fault(
                f"spec names no {_KEYS[kind]}",
                f"Add {_KEYS[kind]} to the metricSource's spec",
            )
        source = self._source(metric, kind)
        if kind == "datadog":
            return Signal(role, kind, source, text.strip())
        return self._prometheus(role, text, source)

    def _kind(self, metric: MetricSource) -> SourceKind:
        ref = metric.metric_source_ref
        named = metric.type or (self._types.get(ref) if ref else None)
        if ref and named is None:
            named = next((one.kind for one in self._settings.sources if one.name == ref), None)
        if named is None:
            raise fault("the metric's source has no type", "Add type: Prometheus or type: Datadog")
        if named.lower() not in _KINDS:
            raise fault(f"'{named}' is no type of source that Assay reads", "Use Prometheus or Datadog")
        return _KINDS[named.lower()]

    def _source(self, metric: MetricSource, kind: SourceKind) -> str:
        known = [one.name for one in self._settings.sources if one.kind == kind]
        if not known:
            raise fault(
                f"assay.yml has no source of kind {kind}", f"Add one, or remove what is measured with {kind}"
            )
        wanted = metric.spec.get("source") or metric.metric_source_ref
        if wanted in known:
            return str(wanted)
        if len(known) > 1:
            raise fault(
                f"it is open which of {', '.join(known)} is meant",
                "Name it: source: NAME in the spec",
            )
        return known[0]

    def _prometheus(self, role: Role, text: str, source: str) -> Signal:
        sampled, matchers = self._sampled(text, source)
        for matcher in matchers:
            _must_be_accepted(matcher)
        return Signal(
            role, "prometheus", source, sampled.name, matchers, sampled.step_seconds, " ".join(text.split())
        )

    def _sampled(self, text: str, source: str) -> tuple[SampledQuery, tuple[Matcher, ...]]:
        queries = list(self._queries(source))
        for query in queries:
            if same_text(query.query, text):
                return query, ()
        selector = read_selector(text)
        wider = [each for each in _with_selectors(queries) if selector and selector.narrows(each[1])]
        if selector is None or not wider:
            raise fault(
                f"the source {source} does not sample {text.strip()!r}",
                "Add it to the source's queries in assay.yml: {name: …, query: …, step_seconds: 60}",
            )
        query, read = max(wider, key=lambda each: (len(each[1].matchers), each[0].name))
        narrowing = selector.matchers - read.matchers
        return query, tuple(sorted(narrowing, key=lambda one: (one.label, one.operator, one.value)))

    def _queries(self, source: str) -> Iterator[SampledQuery]:
        for one in self._settings.sources:
            if one.name == source and isinstance(one, PrometheusSettings):
                yield from one.queries


def _with_selectors(queries: list[SampledQuery]) -> Iterator[tuple[SampledQuery, Selector]]:
    for query in queries:
        selector = read_selector(query.query)
        if selector is not None:
            yield query, selector


def _must_be_accepted(matcher: Matcher) -> None:
    """Refuse a pattern that the warehouse cannot match: both speak RE2."""
    if matcher.operator in ("=~", "!~"):
        import duckdb  # noqa: PLC0415 - 30 MB, only where there is a pattern

        try:
            duckdb.execute("select regexp_full_match('', ?)", [matcher.value])
        except duckdb.Error as error:
            reason = re.split(r"\n", str(error))[0]
            raise fault(f"'{matcher.value}' cannot be matched: {reason}", "Mend the pattern") from None


def explained(error: PydanticCustomError) -> tuple[str, str]:
    """What is wrong, and what to do next."""
    context: dict[str, Any] = error.context or {}
    return error.message(), str(context.get(REMEDY, "Mend the value"))
