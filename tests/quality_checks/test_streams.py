"""The second description of the streams agrees with the connectors' own."""

from connectors.sources import SOURCE_KINDS
from quality_checks.streams import STREAMS

STATED = ("github", "git")


def test_every_stream_that_is_stated_twice_is_reconciled_in_the_mode_that_its_connector_declares() -> None:
    declared = {
        (kind.name, stream.name): (stream.mode.value, stream.parent)
        for kind in SOURCE_KINDS.values()
        for stream in kind.streams
        if kind.name in STATED
    }
    assert {(c.kind, c.stream): (str(c.mode), c.parent) for c in STREAMS} == declared


def test_the_list_that_wraps_records_is_the_connectors_envelope() -> None:
    declared = {
        (kind.name, stream.name): stream.envelope or ""
        for kind in SOURCE_KINDS.values()
        for stream in kind.streams
        if kind.name in STATED
    }
    declared["github", "pull_request_commits"] = "commits"  # those past the 250th stand in a comparison
    assert {(c.kind, c.stream): ".".join(c.envelope) for c in STREAMS} == declared
