"""A person's own numbers, as that person reads them."""

from collections.abc import Iterator
from itertools import groupby

from orchestration.numbers.own_numbers import OwnNumbers
from orchestration.screens.figures import value_text


def own_lines(own: OwnNumbers, person: str) -> Iterator[str]:
    """Yield the numbers by period, what each says, and how to trace one."""
    for period, numbers in groupby(own.numbers, key=lambda number: str(number.period)):
        yield period
        for number in numbers:
            value = value_text(None if number.value is None else float(number.value), number.unit)
            flags = f"  ({', '.join(number.flags)})" if number.flags else ""
            yield f"  {number.metric:<40} {value:>16}  n = {number.n}{flags}"
            yield f"    {number.sentence}"
    yield f"Recorded as leaf {own.leaf_index} of the governance log."
    if own.numbers:
        first = own.numbers[-1]
        yield (
            f"Trace one: assay trace {first.metric} --scope person:{person} --period {first.period} "
            f"--view subject --as {person}"
        )
