"""The narrow structure of what Prometheus lists: nothing of it leads anywhere else."""

import msgspec


class Series(msgspec.Struct):
    """One series of a matrix, with its samples as floats or as native histograms."""

    metric: dict[str, str]
    values: msgspec.Raw = msgspec.Raw()
    histograms: msgspec.Raw = msgspec.Raw()

    def __post_init__(self) -> None:
        """Refuse what is no series of a matrix, such as one of an instant vector.

        Raises:
            ValueError: It has no list of samples.
        """
        if not memoryview(self.values).nbytes and not memoryview(self.histograms).nbytes:
            raise ValueError("a series has neither values nor histograms")


class RuleGroup(msgspec.Struct):
    """A group of rules."""

    name: str
    rules: list[msgspec.Raw]


class Target(msgspec.Struct):
    """Something that is scraped."""

    scrape_url: str = msgspec.field(name="scrapeUrl")
