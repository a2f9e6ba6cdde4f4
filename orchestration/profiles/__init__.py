"""Other tools' metrics by their own formulas, over the warehouse or over tables of the documented shape.

A profile is a folder under `dbt_project/models/profiles`: the formulas as dbt models, and its name, title,
metrics and reasons in the YAML of its values. dbt builds those models over our events; this package runs the
same SQL over tables that somebody brings, in a database of its own in memory.
"""

from orchestration.profiles.definition import Profile, find_profile, profiles
from orchestration.profiles.running import ProfileRun, Range, run_profile
from orchestration.profiles.tables import DatabaseTables, FolderTables

__all__ = [
    "DatabaseTables",
    "FolderTables",
    "Profile",
    "ProfileRun",
    "Range",
    "find_profile",
    "profiles",
    "run_profile",
]
