"""A profile's results as files: one per table, in the order of its key, equal byte for byte on every run."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from orchestration.profiles.running import ProfileRun


def write_results(run: ProfileRun, folder: Path, *, form: str) -> list[Path]:
    """Write each result as CSV or Parquet and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, rows in run.results.items():
        file = folder / f"{name}.{form}"
        if form == "parquet":
            pa_parquet.write_table(rows, file)
        else:
            pa_csv.write_csv(_with_readable_instants(rows), file)
        files.append(file)
    return files


def _with_readable_instants(rows: pa.Table) -> pa.Table:
    """Instants as 2026-05-04 10:00:00.000000Z, so that a CSV reads the same everywhere."""
    for place, column in enumerate(rows.schema):
        if pa.types.is_timestamp(column.type):
            utc = rows.column(place).cast(pa.timestamp("us", "UTC"))
            rows = rows.set_column(place, column.name, utc)
    return rows
