"""meltanolabs-tap-github into target-duckdb: `python tap_pipeline.py URL FOLDER TAP TARGET`."""

import json
import subprocess
import sys
import time
from pathlib import Path

STREAMS = ("issues", "pull_requests", "commits")


def main(base_url: str, folder: str, tap: str, target: str) -> None:
    """Extract and load, side by side as their makers pipe them."""
    place = Path(folder)
    config = {"repositories": ["acme/large"], "api_url_base": base_url, "start_date": "2000-01-01T00:00:00Z"}
    (place / "tap.json").write_text(json.dumps(config))
    (place / "target.json").write_text(
        json.dumps({"path": str(place / "large.duckdb"), "default_target_schema": "main"})
    )
    discovered = subprocess.run(
        [tap, "--config", str(place / "tap.json"), "--discover"], capture_output=True, check=True
    )
    catalog = json.loads(discovered.stdout)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if entry["breadcrumb"] == []:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in STREAMS
    (place / "catalog.json").write_text(json.dumps(catalog))
    begun = time.perf_counter()
    with (place / "tap.log").open("w") as said, (place / "target.log").open("w") as told:
        extracting = subprocess.Popen(
            [tap, "--config", str(place / "tap.json"), "--catalog", str(place / "catalog.json")],
            stdout=subprocess.PIPE,
            stderr=said,
        )
        subprocess.run(
            [target, "-c", str(place / "target.json")],
            stdin=extracting.stdout,
            stdout=subprocess.DEVNULL,
            stderr=told,
            check=True,
        )
        if extracting.wait():
            raise SystemExit((place / "tap.log").read_text()[-2000:])
    print(json.dumps({"seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    main(*sys.argv[1:])
