"""The narrow structure of what Prometheus lists: nothing of it leads anywhere else."""

import msgspec


class Series(msgspec.Struct):
    """One series of a matrix; anything else (a vector, a scalar) is refused as another shape."""

    metric: dict[str, str]
    values: msgspec.Raw | None = None
    histograms: msgspec.Raw | None = None


class RuleGroup(msgspec.Struct):
    """A group of rules."""

    name: str
    rules: list[msgspec.Raw]


class Target(msgspec.Struct):
    """Something that is scraped."""

    scrape_url: str = msgspec.field(name="scrapeUrl")
