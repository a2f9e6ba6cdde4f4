"""Prometheus, as a kind of source."""

from connectors.kinds import SourceKind
from connectors.prometheus.settings import PrometheusSettings
from connectors.prometheus.source import PrometheusSource
from connectors.prometheus.streams import STREAMS

KIND = SourceKind(
    name="prometheus",
    title="Prometheus",
    streams=STREAMS,
    settings=PrometheusSettings,
    open=PrometheusSource,
)
