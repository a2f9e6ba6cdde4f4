"""dlt's own REST source into DuckDB, in an environment of its own: `python dlt_pipeline.py URL FOLDER`."""

import json
import sys
import time

import dlt
from dlt.sources.rest_api import rest_api_source


def main(base_url: str, folder: str) -> None:
    """Extract, normalise, load."""
    begun = time.perf_counter()
    source = rest_api_source(
        {
            "client": {"base_url": base_url, "paginator": "header_link"},
            "resource_defaults": {
                "write_disposition": "replace",
                "endpoint": {"params": {"per_page": 100, "state": "all"}},
            },
            "resources": [
                {"name": name, "primary_key": key, "endpoint": {"path": f"repos/acme/large/{path}"}}
                for name, key, path in (
                    ("issues", "id", "issues"),
                    ("pull_requests", "id", "pulls"),
                    ("commits", "sha", "commits"),
                )
            ],
        }
    )
    pipeline = dlt.pipeline(
        pipeline_name="large",
        destination=dlt.destinations.duckdb(f"{folder}/large.duckdb"),
        dataset_name="raw",
    )
    pipeline.run(source)
    with pipeline.sql_client() as client:
        rows = {
            name: client.execute_sql(f"select count(*) from {name}")[0][0]
            for name in ("issues", "pull_requests", "commits")
        }
    print(json.dumps({"seconds": time.perf_counter() - begun, "rows": rows}))


if __name__ == "__main__":
    main(*sys.argv[1:])
