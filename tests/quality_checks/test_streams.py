"""The second description of the streams agrees with the connectors' own."""

from connectors.sources import SOURCE_KINDS
from quality_checks.streams import STREAMS


def test_every_stream_that_connectors_declare_is_reconciled_in_the_same_mode() -> None:
    declared = {
        (kind.name, stream.name): (stream.mode.value, stream.parent)
        for kind in SOURCE_KINDS.values()
        for stream in kind.streams
    }
    assert {(c.kind, c.stream): (str(c.mode), c.parent) for c in STREAMS} == declared


def test_the_list_that_wraps_records_is_the_connectors_envelope() -> None:
    declared = {
        (kind.name, stream.name): stream.envelope for kind in SOURCE_KINDS.values() for stream in kind.streams
    }
    assert {(c.kind, c.stream): c.wrapper for c in STREAMS} == declared
