"""`python -m benchmarks [NAMES] [--factors 1,10]`: measure, print, keep, and write docs/benchmarks.md.

Each benchmark and factor is kept as soon as it is done, in `.benchmarks/results`; `--missing` measures only
what is not kept there yet, so that a run over large factors can be interrupted.
"""

import argparse
import importlib
from datetime import UTC, datetime

from benchmarks.figures import Figure, Outcome, kept, machine
from benchmarks.page import write_page

NAMES = (
    "ledger",
    "seal",
    "extraction",
    "extract_peers",
    "parsing",
    "building",
    "transform",
    "tracing",
    "trace",
    "trace_cost",
    "lineage",
    "verifying",
    "against_sql",
)


def main() -> None:
    """Measure what was asked for."""
    arguments = _arguments()
    done = {(outcome.benchmark, outcome.factor) for outcome in kept()}
    for factor in arguments.factors:
        for name in arguments.names:
            if arguments.missing and (name, factor) in done:
                continue
            print(f"\n{name}, factor {factor}", flush=True)
            _measure(name, factor).keep()
            write_page(list(kept()), NAMES)


def _measure(name: str, factor: int) -> Outcome:
    figures: list[Figure] = []
    for figure in importlib.import_module(f"benchmarks.{name}").measure(factor):
        print("  " + figure.line(), flush=True)
        figures.append(figure)
    today = datetime.now(UTC).date().isoformat()
    return Outcome(name, factor, today, machine(), tuple(figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(NAMES)}; all by default")
    parser.add_argument(
        "--factors", default="1", type=_factors, help="sizes of the organisation, such as 1,10"
    )
    parser.add_argument("--missing", action="store_true", help="only what was not measured yet")
    arguments = parser.parse_args()
    arguments.names = arguments.names or list(NAMES)
    unknown = set(arguments.names) - set(NAMES)
    if unknown:
        parser.error(f"no benchmark is named {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return arguments


def _factors(text: str) -> list[int]:
    factors = [int(part) for part in text.split(",")]
    if not all(1 <= factor <= 100 for factor in factors):  # noqa: PLR2004 - the simulation's range
        raise argparse.ArgumentTypeError("factors go from 1 to 100")
    return factors


if __name__ == "__main__":
    main()
