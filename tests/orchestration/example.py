"""The sources of the annotated example, those that stand in comments too."""

import re
from typing import Any

import yaml

from orchestration.scaffold import annotated_settings


def shown_sources() -> list[dict[str, Any]]:
    """Every source that `assay init` shows, as the file would have it."""
    section = annotated_settings("acme").partition("\nsources:\n")[2].partition("\n# Teams")[0]
    plain = "\n".join(re.sub(r"^  # ", "  ", line) for line in section.splitlines())
    found: list[dict[str, Any]] = yaml.safe_load(plain)
    return found
