"""Who is who in a dispute: complainants by the vault, handlers by the registers, and what they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from governance.cases.desk import Complainant, DisputeDesk, Handler, Surroundings
from governance.cases.disputes import Dispute
from governance.cases.independence import Candidate
from governance.errors import DisputeError
from governance.identity.people import accounts_named
from governance.names import plain_name
from governance.sign_offs import load_sign_offs
from governance.signers import Signer
from governance.vault import Vault
from orchestration.cases.desks import Casework, load_signer_key, open_published
from orchestration.redacting import PersonKey
from orchestration.workspace import Workspace

_ACCOUNTS = """
select account_token, display_name, login, email, is_bot from accounts
where account_token in (
    select account_token from people
    where person_token in (select person_token from people where account_token = $token)
)
"""
_PERSONS = "select person_token from people where list_contains($tokens, account_token)"
OWNERS = "select distinct owner from marts.dim_metrics where metric = $metric and owner is not null"
_MEMBERSHIPS = """
select distinct unnest(team_path) from intermediate.int_team_memberships_dated
where list_contains($tokens, person_token)
"""
_TEAMS_ABOVE = "select distinct unnest(team_path) from marts.dim_teams where team_id = $scope_id"
_TEAMS_OF_SERVICE = """
select distinct unnest(team_path) from intermediate.int_service_owners_dated where service_id = $scope_id
"""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who comes with a dispute: an account such as `github:ada`, and what proves it later."""

    account: str
    key: Path | None = None
    receipt: str | None = None


def complainant_of(casework: Casework, asker: Asker) -> Complainant:
    """Return the person behind an account; errors say no more than the person has.

    Raises:
        DisputeError: the vault knows nobody, or several, by this account, or the person has a key to use.
    """
    vault = casework.session.vault()
    token = _token_of(vault, asker.account)
    with vault.open() as con:
        rows = con.execute(_ACCOUNTS, {"token": token}).fetchall()
        accounts = sorted({token, *(row[0] for row in rows)})
        people = {person for (person,) in con.execute(_PERSONS, {"tokens": accounts}).fetchall()}
    if any(row[4] for row in rows):
        raise DisputeError(f"{asker.account} is a bot's account; a person opens a dispute")
    tokens = frozenset({*accounts, *people})
    names = {plain_name(text) for row in rows for text in row[1:4] if text}
    signer = _own_signer(casework.disputes, asker, names, tokens, vault)
    return Complainant(asker.account, tokens, _teams(casework, tokens), signer, asker.receipt)


def _own_signer(
    desk: DisputeDesk, asker: Asker, names: set[str], tokens: frozenset[str], vault: Vault
) -> Signer | None:
    """Return the person's own key; whoever stands in the register of signers has to use it."""
    mine = {one.identity for one in desk.register.signers if one.identity in names}
    for known in desk.rules.reviewers:
        if tokens & _tokens_of(vault, known.accounts):
            mine.add(plain_name(known.person))
    if asker.key is None:
        if mine & {one.identity for one in desk.register.signers} and asker.receipt is None:
            raise DisputeError("you have a key in governance/signers.yml: sign with it, by --key FILE")
        return None
    for person in sorted(mine):
        signer = load_signer_key(PersonKey(person, asker.key))
        if any(
            one.public_key == signer.public_key and one.identity == person for one in desk.register.signers
        ):
            return signer
    raise DisputeError(f"{asker.key} is not a key that governance/signers.yml gives to {asker.account}")


def person_token_of(casework: Casework, asker: Asker) -> str:
    """Return the token of the person whose an account is now, as own numbers are scoped by it."""
    vault = casework.session.vault()
    token = _token_of(vault, asker.account)
    with vault.open() as con:
        people = [person for (person,) in con.execute(_PERSONS, {"tokens": [token]}).fetchall()]
    return min(people, default=token)


def handler_of(casework: Casework, key: PersonKey) -> Handler:
    """Return whoever acts for the organisation, with what independence is told by.

    Raises:
        SignerError: the key cannot be read.
        DisputeError: `disputes.yml` gives the person an account that nobody has seen.
    """
    signer, desk = load_signer_key(key), casework.disputes
    entry = next((one for one in desk.register.signers if one.public_key == signer.public_key), None)
    roles = desk.register.roles_of(entry.identity) if entry else ()
    known = desk.rules.reviewer(key.person)
    vault = casework.session.vault()
    for account in known.accounts if known else ():
        _token_of(vault, account)  # a slip of the pen would make anybody independent
    tokens = _tokens_of(vault, known.accounts) if known else frozenset()
    return Handler(Candidate(key.person, roles, known, tokens), signer)


def _tokens_of(vault: Vault, accounts: Sequence[str]) -> frozenset[str]:
    """Return the tokens of the people whom accounts of `disputes.yml` name; unknown ones have none."""
    with vault.open() as con:
        found = accounts_named(con, accounts)
        tokens = sorted({vault.token(key) for keys in found.values() for key in keys})
        people = {person for (person,) in con.execute(_PERSONS, {"tokens": tokens}).fetchall()}
        every = {row[0] for token in tokens for row in con.execute(_ACCOUNTS, {"token": token}).fetchall()}
    return frozenset({*tokens, *people, *every})


def _token_of(vault: Vault, account: str) -> str:
    with vault.open() as con:
        keys = accounts_named(con, [account]).get(account, [])
    if len(keys) != 1:
        raise DisputeError(
            f"{'several accounts are' if keys else 'nobody has seen an account'} called {account}; write "
            "kind:id, kind:login or kind:address, such as github:ada"
        )
    return vault.token(keys[0])


def surroundings_of(casework: Casework, dispute: Dispute) -> Surroundings:
    """Return what the registers say of a disputed metric: owners, signers, and the teams of the cell."""
    workspace, cell = casework.session.workspace, dispute.cell
    sign_offs = load_sign_offs(workspace.governance / "sign-offs")
    if cell is None:
        return Surroundings(frozenset(), sign_offs)
    with open_published(workspace) as con:
        owners = _first_column(con, OWNERS, metric=cell.metric)
        teams = (
            _first_column(con, _TEAMS_ABOVE, scope_id=cell.scope_id) if cell.scope_kind == "team" else set()
        )
    if cell.scope_kind == "service":
        teams = _of_warehouse(workspace, _TEAMS_OF_SERVICE, scope_id=cell.scope_id)
    own = {cell.scope_id} if cell.scope_kind == "team" else set()
    return Surroundings(frozenset(owners), sign_offs, frozenset(teams | own))


def _teams(casework: Casework, tokens: frozenset[str]) -> frozenset[str]:
    found = _of_warehouse(casework.session.workspace, _MEMBERSHIPS, tokens=sorted(tokens))
    return frozenset(found)


def _of_warehouse(workspace: Workspace, query: str, **values: Any) -> set[str]:
    """Return what the warehouse says; nothing where it is not built."""
    if not workspace.warehouse.exists():
        return set()
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        try:
            return _first_column(con, query, **values)
        except duckdb.CatalogException:
            return set()


def _first_column(con: duckdb.DuckDBPyConnection, query: str, **values: Any) -> set[str]:
    return {str(row[0]) for row in con.execute(query, values).fetchall()}
