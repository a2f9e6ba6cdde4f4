"""Alertmanager from the wire to staging: alerts as last seen, silences without names."""

from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.alertmanager.streams import STREAMS
from tests.connectors.alertmanager.watched import SmallAlertmanager, alert, open_alertmanager_source, silence
from tests.dbt_project.warehouse import EvidenceBook, Warehouse
from tests.replay.vendor_api import VendorApi

SELECTED = ("path:models/staging/alertmanager",)
KINDS = {"alertmanager": "alertmanager"}


def test_alerts_stay_as_last_seen_and_silences_name_nobody(tmp_path: Path) -> None:
    small = SmallAlertmanager(
        alerts=[alert("shop", "10:00", updated="10:05"), alert("search", "09:00", updated="10:05")],
        silences=[silence("s-1", creator="Ada Example", state="active", updated="10:00")],
    )
    server = VendorApi(small, prefix="alertmanager")
    book = EvidenceBook(tmp_path / "book", kinds=KINDS)
    warehouse = Warehouse(tmp_path / "warehouse")

    def stage(command: str = "run") -> None:
        source = open_alertmanager_source(book.store, server.base_url)
        for stream in STREAMS:
            assert source.extract(stream.name, run_id="run").failures == ()
        warehouse.build(book.evidence(), command=command, select=SELECTED)

    with server.server:
        stage("build")
        small.alerts = [alert("shop", "10:00", updated="10:20", silenced_by=("s-1",))]
        small.silences = [silence("s-1", creator="Ada Example", state="expired", updated="10:15")]
        small.receivers = ["on-call"]
        stage()
    assert warehouse.rows(
        "select alert_name, service, state, started_at, updated_at, silenced_by, receivers "
        "from staging.stg_alertmanager__alerts order by service"
    ) == [
        ("HighErrorRate", "search", "active", at("09:00"), at("10:05"), [], ["on-call"]),
        ("HighErrorRate", "shop", "suppressed", at("10:00"), at("10:20"), ["s-1"], ["on-call"]),
    ]
    (kept,) = warehouse.rows("select * from staging.stg_alertmanager__silences")
    assert "expired" in kept
    assert not any("Ada" in str(value) for value in kept)
    assert warehouse.rows("select receiver_name from staging.stg_alertmanager__receivers") == [("on-call",)]


def at(time: str) -> Any:
    return datetime.fromisoformat(f"2026-11-22T{time}:00+00:00")
