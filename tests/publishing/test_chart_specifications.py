"""What the report's charts are drawn from is what the library's own schema asks for."""

import altair as alt
import pytest

from tests.publishing.release import Release
from tests.publishing.test_report import report_of, specifications


def test_each_specification_satisfies_the_schema(published: Release) -> None:
    """A report is written without this check, which takes longer than all its charts."""
    charts = specifications(report_of(published))
    assert charts
    for _, specification in charts:
        alt.Root.validate(specification)
        assert specification["config"]


def test_a_specification_that_no_renderer_understands_is_refused(published: Release) -> None:
    _, specification = specifications(report_of(published))[0]
    with pytest.raises(Exception, match="not of type 'string'"):
        alt.Root.validate(specification | {"config": {"font": 7}})
