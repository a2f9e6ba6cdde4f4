"""Whom the records of a stream name, read as its connector declares: the SQL that finds them in new pages.

The account keys are those that the generated staging models make (`macros/staging/accounts.sql`); where the
two ever differed, staging would count every account as a loss.
"""

import json
from collections.abc import Iterator
from typing import Final

from connectors.streams import Account
from orchestration.staging_models.paths import Path, joined, parse_path
from orchestration.staging_models.record_shape import RecordShape, Structure, json_path, record_shape
from orchestration.staging_models.staged_stream_plan import StagedAccount, envelope_keys, staged_accounts
from orchestration.steps.staged_streams import StagedStream

NOTHING: Final = "null::varchar"


def declared_accounts_queries(stream: StagedStream) -> Iterator[str]:
    """Queries that give `log_index, account` for every account that new records name.

    One query covers what each record names once; each role that many share has a query of its own.
    """
    if stream.declared is None or not stream.declared.accounts:
        return
    accounts = staged_accounts(stream.declared)
    single = [account.declared for account in accounts if not account.is_list]
    if single:
        shape = record_shape(path for account in single for path in _paths(account))
        found = ", ".join(_account(account, shape) for account in single)
        yield f"select log_index, unnest([{found}]) as account from ({_records(stream, shape)})"
    for account in accounts:
        if account.is_list:
            yield _listed_accounts(stream, account)


def account(*, key: str, kind: str, login: str, display_name: str, email: str, account_type: str) -> str:
    """One account as a structure, from SQL expressions."""
    return (
        f"{{'account_key': {key}, 'kind': '{kind}', 'login': {login}, 'display_name': {display_name}, "
        f"'email': lower(trim({email})), 'account_type': {account_type}}}"
    )


def account_key(namespace: str, identity: str) -> str:
    """The key of an account, from the text that identifies it in its namespace."""
    if namespace == "github":
        return f"'github:' || try_cast({identity} as bigint)"
    if namespace == "git":
        return f"'git:' || nullif(lower(trim({identity})), '')"
    nobody = "('', '{', '[')"
    return f"'{namespace}:' || case when left(trim({identity}), 1) not in {nobody} then trim({identity}) end"


def records_of_new_pages(table: str, structure: Structure, envelope: tuple[str, ...] = ()) -> str:
    """The records of a stream's new pages, as `records_in` of the models reads them."""
    one, many = json.dumps(structure), json.dumps([structure])
    if envelope:
        place = json_path(envelope)
        wrapped = (
            f"coalesce({_unwrapped(many, envelope)}, case json_type(page_text, '{place}') "
            f"when 'NULL' then [] when 'OBJECT' then [{_unwrapped(one, envelope)}] end)"
        )
    else:
        wrapped = f"[from_json(page_text, '{one}')]"
    parsed = (
        "try(case when page_text = '' then [] when not starts_with(ltrim(left(page_text, 64)), '{') "
        f"then from_json(page_text, '{many}') else {wrapped} end)"
    )
    texts = f"select log_index, try(decode(body)) as page_text from raw.{table}__new"
    return f"select log_index, unnest({parsed}) as record from ({texts})"


def _unwrapped(structure: str, envelope: tuple[str, ...]) -> str:
    for key in reversed(envelope):
        structure = f'{{"{key}": {structure}}}'
    below = "".join(f'."{key}"' for key in envelope)
    return f"from_json(page_text, '{structure}'){below}"


def _records(stream: StagedStream, shape: RecordShape) -> str:
    envelope = envelope_keys(stream.declared) if stream.declared else ()
    return records_of_new_pages(stream.table, shape.structure, envelope)


def _fields(declared: Account) -> tuple[str | None, ...]:
    return (declared.id, declared.login, declared.name, declared.email, declared.type)


def _paths(declared: Account) -> list[Path]:
    return [parse_path(joined(declared.path, each)) for each in _fields(declared) if each is not None]


def _account(declared: Account, shape: RecordShape) -> str:
    texts = [
        NOTHING if each is None else shape.text(parse_path(joined(declared.path, each)))
        for each in _fields(declared)
    ]
    return _from_texts(declared, texts)


def _from_texts(declared: Account, texts: list[str]) -> str:
    identity, login, name, email, account_type = texts
    return account(
        key=account_key(declared.namespace, identity),
        kind=declared.namespace,
        login=login,
        display_name=name,
        email=email,
        account_type=account_type,
    )


def _listed_accounts(stream: StagedStream, staged: StagedAccount) -> str:
    """Accounts in a list: the list is taken apart item by item, each item staying JSON."""
    shape = record_shape([staged.object])
    records, listed = _records(stream, shape), shape.json(staged.object)
    items = f"select log_index, unnest({_items(listed)}) as record from ({records})"
    *outer, _ = staged.object.below or ((),)
    for keys in outer:
        listed = f"(record -> '{json_path(keys)}')::varchar"
        items = f"select log_index, unnest({_items(listed)}) as record from ({items})"
    texts = []
    for each in _fields(staged.declared):
        path = None if each is None else parse_path(joined(staged.declared.path, each))
        below = (path.below or ((),))[-1] if path is not None else None
        texts.append(NOTHING if below is None else f"(record ->> '{json_path(below)}')")
    return f"select log_index, {_from_texts(staged.declared, texts)} as account from ({items})"


def _items(listed: str) -> str:
    return f"""from_json({listed}, '["JSON"]')"""
