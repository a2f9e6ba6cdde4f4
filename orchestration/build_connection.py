"""dbt's connection to the warehouse: closed to all but evidence and the identity vault.

The scan of `lineage.tracks` reads SQL beforehand. This holds while it runs, whatever the SQL is: DuckDB
itself refuses other files, the network, extensions, and to be configured otherwise. So not even a trick
that no scan has foreseen opens the file of developmental feedback (invariant I10).
"""

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

_OPEN_SETTINGS = ("TimeZone",)  # the adapter sets it on each cursor; it reaches no file


class Plugin(BasePlugin):
    """Named in `profiles.yml`; the adapter calls it once for the database, before it attaches the vault."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Keep what may be read: `evidence`, a folder, and `vault`, a file."""
        self._evidence = str(plugin_config.get("evidence") or "")
        self._vault = str(plugin_config.get("vault") or "")

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Close the database; the order matters, for what comes after is refused."""
        conn.execute("load icu")  # part of DuckDB; it could not be loaded any more
        conn.execute("load json")
        conn.execute(f"set allowed_directories = {_listed([self._evidence])}")
        conn.execute(f"set allowed_paths = {_listed([self._vault, f'{self._vault}.wal'])}")
        conn.execute("set enable_external_access = false")
        conn.execute(f"set allowed_configs = {_listed(_OPEN_SETTINGS)}")
        conn.execute("set lock_configuration = true")


def _listed(texts: Any) -> str:
    quoted = ("'" + text.replace("'", "''") + "'" for text in texts if text and text != ".wal")
    return f"[{', '.join(quoted)}]::varchar[]"
