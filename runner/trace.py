"""What a figure is made of: its postings, the rules that put them there, and their raw rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from psycopg import errors, sql
from psycopg.rows import DictRow

from runner import access, contracts, db, marts, releases
from runner.errors import ConfigError, TraceError
from runner.marts import Mart

RECEIVED = ("payment", "payment_unapplied", "recovery")
USED = ("payment", "payment_unapplied", "wallet_use")
NET_REVENUE = ("revenue", "discounts", "contractual_adjustments", "charity_care", "credit_notes")


@dataclass(frozen=True)
class Term:
    """What postings credit to an account less what they debit, times `sign`; of some events."""

    account: str
    sign: int = 1
    events: tuple[str, ...] = ()


COLLECTED = (Term("cash", -1, RECEIVED), Term("wallet_liability", -1, USED))
REFUNDED = (
    Term("cash", 1, ("refund",)),
    Term("wallet_liability", 1, ("refund", "wallet_refund")),
)
# each measure that is a sum over postings, as the macros of macros/accounting have it
MEASURES: dict[str, tuple[Term, ...]] = {
    "net_revenue_amount": tuple(Term(account) for account in NET_REVENUE),
    "gross_charge_amount": (Term("revenue"),),
    "discount_amount": (Term("discounts", -1),),
    "contractual_adjustment_amount": (Term("contractual_adjustments", -1),),
    "charity_care_amount": (Term("charity_care", -1),),
    "credit_note_amount": (Term("credit_notes", -1),),
    "write_off_amount": (Term("write_offs", -1),),
    "tax_amount": (Term("tax_payable"),),
    "collection_amount": COLLECTED,
    "refund_amount": REFUNDED,
    "net_collection_amount": (
        *COLLECTED, *(Term(term.account, -term.sign, term.events) for term in REFUNDED),
    ),
    "net_cash_amount": (Term("cash", -1),),
    "cash_received_amount": (Term("cash", -1, (*RECEIVED, "wallet_top_up")),),
    "cash_paid_out_amount": (Term("cash", 1, ("refund", "wallet_withdrawal")),),
    "top_up_amount": (Term("wallet_liability", 1, ("wallet_top_up",)),),
    "withdrawal_amount": (Term("wallet_liability", -1, ("wallet_withdrawal",)),),
    "wallet_use_amount": (Term("wallet_liability", -1, USED),),
    "wallet_refund_amount": (Term("wallet_liability", 1, ("refund", "wallet_refund")),),
    "unbilled_wallet_use_amount": (Term("wallet_liability", -1, ("unbilled_wallet_use",)),),
    "outstanding_amount": (Term("receivable", -1),),
    "open_amount": (Term("receivable", -1),),
}  # fmt: skip
# each key of a mart that postings have, as an expression over transaction_detail
KEYS = {
    "business_date": "business_date",
    "currency_code": "currency_code",
    "department_id": "coalesce(department_id, 0)",
    "practitioner_id": "coalesce(practitioner_id, 0)",
    "payer_id": "coalesce(payer_id, 0)",
    "share": "share",
    "revenue_point_code": "revenue_point_code",
    "service_category": "coalesce(service_category, 'unknown')",
    "service_id": "coalesce(service_id, 0)",
    "product_id": "coalesce(product_id, 0)",
    "patient_type": "coalesce(patient_type, 'unknown')",
    "tax_code": "coalesce(tax_code, 'unknown')",
    "tax_rate": "coalesce(tax_rate, 0)",
    "payment_method": (
        "coalesce(payment_method, case when 'cash' in (debit_account, credit_account)"
        " then 'unknown' else 'wallet' end)"
    ),
    "invoice_id": "invoice_id",
}
# and each that names days, as a condition: an index finds a range of days
PERIODS = {
    "month_start_date": "business_date >= {0} and business_date < {0} + interval '1 month'",
    "as_of_date": "business_date <= {0}",
}
# what names every revenue point, of targets
ALL_POINTS = ("revenue_point_code", "all")
# what tells the rows of one receivable apart
PLACES = ("document_type", "document_id", "debtor_id", "instalment_number")
# what marts by account sum of one: what postings credit to it, or debit
BY_ACCOUNT = {"closing_amount": -1, "amount": 1}
# what names a row of a mart, but no posting
LEFT_OUT = ("ledger_account",)
# marts in which a row sums others, so that only one of them is traced
WHOLE = ("revenue_vs_target",)
SHOWN = (
    "business_date", "document_type", "document_id", "line_id", "event_type", "debit_account",
    "credit_account", "amount", "currency_code", "attribution_method", "revenue_point_rule",
    "is_reversal", "carried_to",
)  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """The mart whose rows another one sums: what each measure sums, of which rows.

    `names` are the columns of its grain that have another name there, `only` what all of the
    rows have.
    """

    mart: str
    measures: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)


OUTSTANDING = {"gross_amount": "outstanding_amount"}
PARTS = {
    "ar_aging": Parts("ar_aging_invoices", OUTSTANDING),
    "ar_aging_debtors": Parts("ar_aging_invoices", OUTSTANDING),
    "dues_by_patient": Parts(
        "ar_aging_invoices", OUTSTANDING, {"patient_id": "debtor_id"}, {"share": "patient"}
    ),
}


@dataclass(frozen=True)
class Trace:
    """A figure of a mart and what it is made of.

    `kind` of the `rows` is posting, with `contribution` and `raw` (tables and keys of the rows
    they come from), or the mart whose rows it sums. `count` is that of all rows, shown or not.
    """

    mart: str
    measure: str
    key: dict[str, str]
    release: int
    figure: Decimal
    kind: str
    count: int
    rows: list[dict[str, Any]]


def trace(
    connection: db.Connection,
    name: str,
    key: Mapping[str, str],
    measure: str | None = None,
    limit: int = 50,
) -> Trace:
    """Find what a figure is made of, as its tenant reads it; the rows sum to the figure.

    `key` names the tenant_id and any other columns of the mart's grain; rows that differ in what
    it leaves out are added. Raises `ConfigError` for what cannot be asked, and `TraceError` if
    the figure is no sum of postings by these columns.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        mart = marts.find(connection, name)
        tenant, chosen = _tenant(mart, key), _measure(mart, measure)
        access.require_tenant(connection, tenant)
        release = releases.read_as(connection, tenant, None)
        if release is None:
            raise ConfigError(f"{tenant} is shown nothing", "run `almoner build`")
        figure = _figure(connection, mart, chosen, key)
        if name in PARTS:
            kind, (count, total, rows) = (
                PARTS[name].mart,
                _parts(connection, mart, chosen, key, limit),
            )
        else:
            kind, (count, total, rows) = "posting", _postings(connection, mart, chosen, key, limit)
        if total != figure:
            raise TraceError(
                f"{name}.{chosen} is {figure:f}, but what it is made of sums to {total:f}",
                f"`almoner trace {name} --measure` traces {', '.join(_measures(mart))};"
                " `almoner audit` looks for what does not agree",
            )
        if kind == "posting":
            tables = _landed(connection)
            rows = [{**row, "raw": _raw(connection, tables, tenant, row)} for row in rows]
    return Trace(name, chosen, dict(key), release, figure, kind, count, rows)


def _tenant(mart: Mart, key: Mapping[str, str]) -> str:
    asked = [column for column in mart.grain if column not in LEFT_OUT]
    unknown = [column for column in key if column not in asked]
    needed = {"tenant_id", *({"as_of_date", "account"} & set(asked))}
    if mart.name in WHOLE:
        needed = set(asked)
    if unknown or not needed <= set(key):
        told = f"{unknown[0]} is no key of {mart.name}" if unknown else "the key is not complete"
        raise ConfigError(
            told, f"`almoner trace {mart.name} {' '.join(f'{each}=…' for each in asked)}`"
        )
    return key["tenant_id"]


def _measures(mart: Mart) -> list[str]:
    """List what can be traced of a mart."""
    if mart.name in PARTS:
        return list(PARTS[mart.name].measures)
    names = {column.name for column in mart.columns}
    if "account" in mart.grain:
        return [measure for measure in BY_ACCOUNT if measure in names]
    is_known = set(mart.grain) <= {"tenant_id", *PERIODS, *KEYS, *PLACES}
    is_dated = "as_of_date" in mart.grain
    balances = ("outstanding_amount", "open_amount")
    return [
        measure
        for measure in MEASURES
        if is_known and measure in names and (measure in balances) == is_dated
    ]


def _measure(mart: Mart, measure: str | None) -> str:
    known = _measures(mart)
    if not known:
        raise ConfigError(
            f"{mart.name} sums no postings by columns that postings have",
            "`almoner trace revenue_by_department …`; `almoner marts` lists the marts",
        )
    if measure is not None and measure not in known:
        raise ConfigError(
            f"{mart.name} has no measure {measure} to trace",
            f"`almoner trace {mart.name} … --measure` takes {', '.join(known)}",
        )
    return measure or known[0]


def _figure(
    connection: db.Connection, mart: Mart, measure: str, key: Mapping[str, str]
) -> Decimal:
    query = sql.SQL("select sum({}) as figure, count(*) as size from {} where {}").format(
        sql.Identifier(measure), sql.Identifier("marts", mart.name), _same(mart, key)
    )
    try:
        row = connection.execute(query).fetchone()
    except errors.DataError as error:
        raise ConfigError(
            db.first_line(error), f"`almoner trace {mart.name} {' '.join(mart.grain)}`"
        ) from error
    if row is None or not row["size"]:
        raise ConfigError(
            f"{mart.name} has no such row",
            f"`almoner export {mart.name} --tenant {key['tenant_id']} --out -` shows its rows",
        )
    return Decimal(row["figure"] or 0)


def _same(mart: Mart, key: Mapping[str, str]) -> sql.Composable:
    types = {column.name: column.data_type for column in mart.columns}
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}::{}").format(
            sql.Identifier(column),
            sql.Literal(value),
            sql.SQL(types[column]),
        )
        for column, value in key.items()
    )


def _postings(
    connection: db.Connection, mart: Mart, measure: str, key: Mapping[str, str], limit: int
) -> tuple[int, Decimal, list[DictRow]]:
    """Give how many postings make a figure, their sum, and the first of them."""
    summed = MEASURES.get(measure) or (Term(key["account"], BY_ACCOUNT[measure]),)
    terms = sql.SQL(" + ").join(_term(term) for term in summed)
    query = sql.SQL(
        "select *, count(*) over () as size, sum(contribution) over () as total"
        " from (select {}, {} as contribution from marts.transaction_detail where {}) as pos"
        " where contribution <> 0"
        " order by business_date, document_type, document_id, line_id, event_type, share limit {}"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, (*SHOWN, "share"))), terms, _chosen(mart, key),
        sql.Literal(limit),
    )  # fmt: skip
    return _totalled(connection, query, (*SHOWN, "contribution"))


def _term(term: Term) -> sql.Composable:
    moved = sql.SQL(
        "{} * case {} when credit_account then amount when debit_account then -amount else 0 end"
    ).format(sql.Literal(term.sign), sql.Literal(term.account))
    moved = sql.SQL("case when debit_account = credit_account then 0 else {} end").format(moved)
    if not term.events:
        return moved
    events = sql.SQL(", ").join(map(sql.Literal, term.events))
    return sql.SQL("case when event_type in ({}) then {} else 0 end").format(events, moved)


def _chosen(mart: Mart, key: Mapping[str, str]) -> sql.Composable:
    """Give the condition on postings that stands for a key of a mart."""
    types = {column.name: column.data_type for column in mart.columns}
    conditions: list[sql.Composable] = []
    for column, value in key.items():
        typed = sql.SQL("{}::{}").format(sql.Literal(value), sql.SQL(types[column]))
        if column in PERIODS:
            conditions.append(sql.SQL(PERIODS[column]).format(typed))
        elif column in KEYS:
            equal = sql.SQL("{} = {}").format(sql.SQL(KEYS[column]), typed)
            conditions.append(sql.SQL("true") if (column, value) == ALL_POINTS else equal)
    conditions += _place(key)
    return sql.SQL(" and ").join([sql.SQL("true"), *conditions])


def _place(key: Mapping[str, str]) -> list[sql.Composable]:
    """Give the condition of one receivable: an invoice, or the document that has none."""
    if "document_id" not in key:
        return []
    number = sql.SQL("{}::bigint").format(sql.Literal(key["document_id"]))
    if key.get("document_type", "invoice") == "invoice":
        return [sql.SQL("invoice_id = {}").format(number)]
    return [
        sql.SQL("invoice_id is null and document_id = {} and document_type = {}").format(
            number, sql.Literal(key["document_type"])
        )
    ]


def _parts(
    connection: db.Connection, mart: Mart, measure: str, key: Mapping[str, str], limit: int
) -> tuple[int, Decimal, list[DictRow]]:
    """Give how many rows of another mart a figure sums, their sum, and the largest of them."""
    parts = PARTS[mart.name]
    part, column = marts.find(connection, parts.mart), parts.measures[measure]
    renamed = {parts.names.get(name, name): value for name, value in key.items()}
    chosen = _same(part, {**renamed, **parts.only})
    names = [*part.grain, column, "due_date", "due_date_rule", "days_past_due"]
    query = sql.SQL(
        "select {0}, count(*) over () as size, sum({1}) over () as total from {2} where {3}"
        " order by abs({1}) desc, document_type, document_id limit {4}"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(column),
        sql.Identifier("marts", part.name), chosen, sql.Literal(limit),
    )  # fmt: skip
    return _totalled(connection, query, names)


def _totalled(
    connection: db.Connection, query: sql.Composed, names: Iterable[str]
) -> tuple[int, Decimal, list[DictRow]]:
    """Take the count and the sum, which stand in each row, from the rows."""
    rows = connection.execute(query).fetchall()
    size, total = (rows[0]["size"], rows[0]["total"]) if rows else (0, Decimal(0))
    return size, total, [{name: row[name] for name in names} for row in rows]


def _raw(
    connection: db.Connection, tables: list[contracts.Table], tenant: str, row: Mapping[str, Any]
) -> str:
    """Name the raw rows that a posting comes from, by the contracts' `documents`."""
    found: list[str] = []
    for table in tables:
        column = table.documents.get(row["document_type"])
        if column is None:
            continue
        query = sql.SQL("select from {} where tenant_id = {} and {} = {}").format(
            sql.Identifier(table.raw_schema, table.raw_name), sql.Literal(tenant),
            sql.Identifier(table.key[0]), sql.Literal(row[column]),
        )  # fmt: skip
        if connection.execute(query).rowcount:
            found.append(f"{table.raw_schema}.{table.raw_name} {row[column]}")
    if row["document_type"] == "adjustment" and row["document_id"] < 0:
        kept = ("write_offs", "write_off_reversals")[
            : 1 + (row["is_reversal"] != (row["carried_to"] < 0))
        ]
        found += [f"almoner.{table} {-row['document_id']}" for table in kept]
    return ", ".join(found)


def _landed(connection: db.Connection) -> list[contracts.Table]:
    """List the raw tables that hold documents."""
    there = {
        (row["schemaname"], row["tablename"])
        for row in db.rows(
            connection, "select schemaname, tablename from pg_tables where schemaname ~ '^raw_'"
        )
    }
    return [
        table
        for contract in contracts.load_all()
        for table in contract.tables
        if table.documents and (table.raw_schema, table.raw_name) in there
    ]


def parsed(pairs: tuple[str, ...]) -> dict[str, str]:
    """Read `column=value` pairs; raise `ConfigError` for anything else."""
    found: dict[str, str] = {}
    for pair in pairs:
        column, sign, value = pair.partition("=")
        if not sign or not column:
            raise ConfigError(
                f"{pair!r} is no key",
                "`almoner trace MART tenant_id=demo_1 business_date=2026-10-01`",
            )
        found[column] = value
    return found
