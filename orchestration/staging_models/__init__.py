"""The staging models of every kind of source, written from the declarations of its streams.

`python -m orchestration.staging_models write` writes them, `… check` says whether the tree differs. A stream
without declared columns keeps the model that somebody wrote by hand in the same folder.
"""

from orchestration.staging_models.folder import Rendering, differences, render, write_files

__all__ = ["Rendering", "differences", "render", "write_files"]
