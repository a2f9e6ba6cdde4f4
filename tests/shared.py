"""What is slow to make and the same for every test: made once in a run, whichever worker asks first."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

RUN_VARIABLE = "ASSAY_TEST_RUN"
"""Names the folder that the workers of one run share."""

Made = TypeVar("Made")


def shared_folder() -> Path:
    """Return that folder."""
    return Path(os.environ[RUN_VARIABLE])


def once(name: str, make: Callable[[], Made]) -> Made:
    """Return what `make` gives, from the worker that called it first.

    Args:
        name: What it is, as a file's name.
        make: Makes a value that can be pickled.
    """
    file = shared_folder() / f"{name}.pickle"
    with FileLock(f"{file}.lock"):
        if file.exists():
            made: Made = pickle.loads(file.read_bytes())  # noqa: S301 - written by this run
            return made
        made = make()
        part = file.with_suffix(".part")
        part.write_bytes(pickle.dumps(made))
        part.rename(file)
        return made
