"""What Prometheus offers: streams and where they are read."""

from datetime import timedelta
from typing import Final

from connectors.http.questions import SourceTotal
from connectors.http.streams import HttpStream, Reading
from connectors.prometheus.answers import WholeAnswer
from connectors.prometheus.records import RuleGroup, Series, Target
from connectors.streams import Column, Enumeration, Mode, PersonalData

SERVER: Final = "server"
"""Scope of what the server says about itself."""

_HTTP_API = "https://prometheus.io/docs/prometheus/latest/querying/api/"

RANGE_SAMPLES = HttpStream(
    name="range_samples",
    title="Samples",
    description="A series with its values at the instants of one slice of time, for one configured query.",
    mode=Mode.REPLACE_SET,
    keys=("@scope", "@parent_key", "metric"),
    envelope="data.result",
    is_windowed=True,
    documentation=f"{_HTTP_API}#range-queries",
    path="/api/v1/query_range",
    reading=Reading.OWN,
    pager=WholeAnswer(),
    record=Series,
    source_total=SourceTotal(
        path="/api/v1/query",
        at="sample:data.result",
        scope_column="query_name",
        created_column="sampled_at",
        ignores_since=True,
        partial_at="warnings",
        settling=timedelta(hours=1),
        tolerance=1,
        tolerance_percent=1.0,  # samples that a server takes in late
        window=timedelta(days=1),
    ),
)

ALERTS_HISTORY = HttpStream(
    name="alerts_history",
    title="Alerts over time",
    description="A pending or firing alert with the instants of one slice of time at which it was active.",
    mode=Mode.REPLACE_SET,
    keys=("@scope", "@parent_key", "metric"),
    envelope="data.result",
    is_windowed=True,
    documentation="https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/",
    path="/api/v1/query_range",
    reading=Reading.OWN,
    pager=WholeAnswer(),
    record=Series,
)

TARGETS = HttpStream(
    name="targets",
    title="Targets",
    description="A target that is scraped, with how its last scrape ended.",
    mode=Mode.REPLACE_SET,
    keys=("scrapePool", "scrapeUrl", "labels"),
    envelope="data.activeTargets",
    columns=(
        Column(
            "scrape_pool", "$.scrapePool", "varchar", "Job in the scrape configuration.", is_required=True
        ),
        Column("scrape_url", "$.scrapeUrl", "varchar", "What is scraped.", is_required=True),
        Column("labels", "$.labels", "json", "Labels that its series carry, as JSON.", is_required=True),
        Column("job", "$.labels.job", "varchar", "The label `job`."),
        Column("instance", "$.labels.instance", "varchar", "The label `instance`."),
        Column("service", "$.labels.service", "varchar", "The label `service`, where there is one."),
        Column(
            "health",
            "$.health",
            "varchar",
            "`up`, `down` or `unknown`.",
            is_required=True,
            values=("up", "down", "unknown"),
        ),
        Column("last_scraped_at", "$.lastScrape", "timestamptz", "When it was scraped last."),
        Column("last_scrape_seconds", "$.lastScrapeDuration", "double", "How long the last scrape took."),
        Column("scrape_interval", "$.scrapeInterval", "varchar", "Time between scrapes, as `1m0s`."),
    ),
    documentation=f"{_HTTP_API}#targets",
    path="/api/v1/targets",
    reading=Reading.WHOLE,
    parameters=(("state", "active"),),
    pager=WholeAnswer(),
    record=Target,
)

RULES = HttpStream(
    name="rules",
    title="Rules",
    description="A group of recording and alerting rules, as the server evaluates them.",
    mode=Mode.REPLACE_SET,
    keys=("file", "name"),
    envelope="data.groups",
    personal_data=(PersonalData.FREE_TEXT,),  # annotations; staging leaves them out
    enumerations=(
        Enumeration("$.rules[*].health", ("ok", "err", "unknown")),
        Enumeration("$.rules[*].state", ("firing", "pending", "inactive", "unknown")),
        Enumeration("$.rules[*].type", ("alerting", "recording")),
    ),
    documentation=f"{_HTTP_API}#rules",
    path="/api/v1/rules",
    reading=Reading.WHOLE,
    pager=WholeAnswer(),
    record=RuleGroup,
)

STREAMS: Final = (RANGE_SAMPLES, ALERTS_HISTORY, TARGETS, RULES)
