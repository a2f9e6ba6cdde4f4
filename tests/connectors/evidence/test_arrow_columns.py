"""Columns built from buffers equal those that Arrow builds, without what Arrow would import for it."""

import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.evidence.arrow_columns import column_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
INSTANT = pa.timestamp("us", tz="UTC")
INTEGERS = st.integers(-(2**63), 2**63 - 1)

COLUMNS = st.one_of(
    st.tuples(st.lists(st.none() | TEXT), st.just(pa.string())),
    st.tuples(st.lists(st.none() | st.binary()), st.just(pa.binary())),
    st.tuples(st.lists(st.none() | INTEGERS), st.just(pa.int64())),
    st.tuples(st.lists(st.none() | st.integers(-(2**31), 2**31 - 1)), st.just(pa.int32())),
    st.tuples(st.lists(st.none() | st.integers(0, 2**50)), st.just(INSTANT)),
    st.tuples(st.lists(st.booleans()), st.just(pa.bool_())),
    st.tuples(st.lists(st.lists(INTEGERS)), st.just(pa.list_(pa.int64()))),
)


@settings(deadline=None)  # Arrow's own way imports pandas the first time
@given(COLUMNS)
def test_any_column_is_the_one_that_arrow_would_build(column: tuple[list[Any], pa.DataType]) -> None:
    values, kind = column
    built = column_of(values, kind)
    built.validate(full=True)
    assert built.equals(pa.array(values, type=kind))


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(OverflowError):
        column_of([2**31], pa.int32())


def test_committing_reading_and_redacting_do_not_import_pandas() -> None:
    """Resident memory while fetching is bounded; pandas alone would take a third of it."""
    script = """
import sys, tempfile, pathlib
from connectors.evidence import Batch, PageRef
from tests.connectors.evidence.samples import Place, page, redact, window
place = Place(pathlib.Path(tempfile.mkdtemp()))
for number in range(2):
    place.store.commit(Batch(pages=[page(number)], closed_windows=[window(0, pages=(PageRef(0),))]))
place.store.compact("github", "pull_requests", least_files=2)
redact(place.store, 0, "$[0].id")
assert place.store.windows().num_rows == 2
assert place.problems() == []
place.close()
print(sorted(name for name in ("pandas", "duckdb") if name in sys.modules))
"""
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (outcome.stdout.strip(), outcome.stderr) == ("[]", "")
