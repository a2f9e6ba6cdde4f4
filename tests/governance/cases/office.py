"""An office that handles cases: a log, a private store, people with keys, and a clock set by hand."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from governance.cases.cells import Cell
from governance.cases.correcting import CorrectionDesk
from governance.cases.desk import Complainant, DisputeDesk, Handler, Surroundings
from governance.cases.docket import Docket
from governance.cases.events import CORRECTION, DISPUTE, Recorded
from governance.cases.independence import Candidate
from governance.cases.private_store import PrivateStore
from governance.cases.rules import DisputeRules, Reviewer
from governance.sign_offs import SignOff, sign_off, sign_off_statement
from governance.signers import RegisteredSigner, Signer, SignerRegister

AT = datetime(2026, 5, 4, 9, tzinfo=UTC)
CELL = Cell("change_fail_rate", "team", "payments", "month", date(2026, 4, 1))
OWN = Cell("changes_deployed", "person", "p_tilda", "month", date(2026, 4, 1))
ROLES: Mapping[str, tuple[str, ...]] = {
    "Rosa Palmer": ("dispute_reviewer", "correction"),
    "Omar Quill": ("dispute_reviewer", "correction"),
    "Una Reed": ("dispute_escalation", "redaction"),
    "Mira Stone": ("dispute_reviewer", "metric_owner"),
    "Tilda Moss": ("dispute_reviewer", "dispute_escalation", "correction"),
}
KEYS = {person: Signer(person, bytes([number]) * 32) for number, person in enumerate(ROLES, 1)}
REGISTER = SignerRegister.of(
    RegisteredSigner(person, KEYS[person].public_key, roles) for person, roles in ROLES.items()
)
RULES = DisputeRules(reviewers=tuple(Reviewer(person) for person in ROLES))
TILDA = Complainant(
    "github:tilda", frozenset({"p_tilda", "p_tilda_git"}), frozenset({"payments"}), receipt="r1"
)


@dataclass
class Leaves:
    """A governance log in memory; `is_cut_off` makes the next append fail, as a crash would."""

    leaves: list[bytes] = field(default_factory=list)
    is_cut_off: bool = False

    @contextmanager
    def transaction(self) -> Iterator["Leaves"]:
        yield self

    def append(self, log: str, leaf: bytes) -> int:
        assert log == "governance"
        if self.is_cut_off:
            self.is_cut_off = False
            raise KeyboardInterrupt
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    def size(self, log: str) -> int:
        assert log == "governance"
        return len(self.leaves)


def counted_bytes() -> Callable[[int], bytes]:
    """Random bytes that are the same in every run, and never twice the same."""
    number = iter(range(1, 1_000_000))
    return lambda count: next(number).to_bytes(count, "big")


@dataclass
class Office:
    """Both desks over one log and one store; each step is an hour after the one before."""

    folder: Path
    log: Leaves = field(default_factory=lambda: Leaves([b'{"kind":"gate_decision"}']))
    now: datetime = AT
    rules: DisputeRules = RULES
    register: SignerRegister = REGISTER
    surroundings: Surroundings = field(default_factory=lambda: Surroundings(frozenset({"delivery-metrics"})))
    random_bytes: Callable[[int], bytes] = field(default_factory=counted_bytes)

    @property
    def store(self) -> PrivateStore:
        return PrivateStore(self.folder / "private" / "cases.sqlite")

    def docket(self, kind: str) -> Docket:
        return Docket(kind, self.log, lambda: enumerate(self.log.leaves), self.store, self.random_bytes)

    @property
    def disputes(self) -> DisputeDesk:
        return DisputeDesk(self.docket(DISPUTE), self.rules, self.register)

    @property
    def corrections(self) -> CorrectionDesk:
        return CorrectionDesk(self.docket(CORRECTION), self.register, self.rules.records_role)

    def cases(self) -> dict[str, tuple[Recorded, ...]]:
        return self.docket(DISPUTE).cases() | self.docket(CORRECTION).cases()

    def later(self, **more: int) -> datetime:
        self.now += timedelta(**(more or {"hours": 1}))
        return self.now

    def handler(self, person: str, **known: Any) -> Handler:
        entry = next((one for one in self.register.signers if one.person == person), None)
        tokens = known.pop("tokens", frozenset())
        reviewer = Reviewer(person, **known) if known else self.rules.reviewer(person)
        roles = entry.roles if entry else ()
        return Handler(Candidate(person, roles, reviewer, tokens), KEYS[person])

    def open(self, cell: Cell = CELL, by: Complainant = TILDA, **more: Any) -> str:
        given = {
            "text": "three of these were drills",
            "reason_code": "wrong_record",
            "at": self.later(),
            **more,
        }
        return self.disputes.open(cell, by, **given).event.case_id

    def does(
        self,
        case_id: str,
        event: str,
        reason_code: str,
        person: str = "Rosa Palmer",
        *,
        handler: Handler | None = None,
        **more: Any,
    ) -> Recorded:
        given = {"reason_code": reason_code, "at": self.later(), **more}
        who = handler or self.handler(person)
        return self.disputes.handle(case_id, event, who, self.surroundings, **given)

    def asks(self, case_id: str, event: str, reason_code: str, by: Complainant = TILDA) -> Recorded:
        return self.disputes.of_complainant(case_id, event, by, reason_code=reason_code, at=self.later())

    def bring_to(self, state: str, **more: Any) -> str:
        """Open a dispute and lead it to a state."""
        case_id = self.open(**more)
        path = {
            "opened": [],
            "triaged": ["triaged"],
            "evidence_sent": ["triaged", "evidence_sent"],
            "upheld": ["triaged", "evidence_sent", "upheld"],
            "corrected": ["triaged", "evidence_sent", "corrected"],
            "withdrawn": ["withdrawn"],
        }[state]
        for event in path:
            if event == "withdrawn":
                self.asks(case_id, event, "explained")
            else:
                self.does(case_id, event, REASON[event])
        return case_id


REASON = {
    "triaged": "in_scope",
    "evidence_sent": "trace_attached",
    "upheld": "records_are_right",
    "corrected": "source_corrected",
    "withdrawn": "explained",
    "escalated": "disagreement",
    "purged": "retention",
}


def signed_off(person: str, metric: str = CELL.metric) -> SignOff:
    """A sign-off that a person gave long ago."""
    statement = sign_off_statement(
        metric=metric,
        definition_hash="0" * 64,
        role="people_operations",
        scope="*",
        valid_from=date(2025, 1, 1),
        valid_until=date(2025, 2, 1),
    )
    return sign_off(KEYS[person], statement)
