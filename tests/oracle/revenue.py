"""What the marts of revenue, collections and tax should say, cell by cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import permutations
from math import floor
from typing import Any

from tests.oracle.journal import Books
from tests.oracle.postings import ZERO, Posting
from tests.oracle.records import rounded
from tests.oracle.reports import (
    REVENUE,
    Cells,
    Key,
    moved_days,
    movements,
    patients_by_department,
    tenant,
)

MONEY = ("cash", "wallet_liability")
MOVING = (*REVENUE, "recoveries", *MONEY)
REVENUE_COLUMNS = (
    "gross_charge_amount", "discount_amount", "contractual_adjustment_amount",
    "charity_care_amount", "credit_note_amount", "net_revenue_amount", "write_off_amount",
    "tax_amount", "line_count", "invoice_count",
)  # fmt: skip
MONEY_COLUMNS = (
    "cash_received_amount", "cash_paid_out_amount", "other_cash_amount", "collection_amount",
    "refund_amount", "top_up_amount", "withdrawal_amount", "wallet_use_amount",
    "wallet_refund_amount", "unbilled_wallet_use_amount", "receipt_count", "refund_count",
)  # fmt: skip
EARNED = (*REVENUE_COLUMNS, "average_transaction_amount")
COLLECTED = ("collection_amount", "refund_amount", "receipt_count")
DEPOSITS = ("top_up", "withdrawal")
RESULT = ("revenue", "discounts", "credit_notes", "contractual_adjustments", "charity_care",
          "write_offs", "recoveries")  # fmt: skip


def revenue_point_breakdown(books: Books) -> Cells:
    """Sum revenue and collections by day and revenue point, with shares of the day."""
    return _shared(_summed(books, _day, MOVING, _point, (*EARNED, *COLLECTED)))


def revenue_point_monthly(books: Books) -> Cells:
    """Sum revenue and collections by month and revenue point, with shares and growth."""
    return _compared(books, MOVING, _point, (*EARNED, *COLLECTED))


def revenue_by_department(books: Books) -> Cells:
    """Sum revenue by month and department, with shares and growth."""
    return _compared(books, REVENUE, lambda each: (each.origin.department or 0,), EARNED)


def period_comparison(books: Books) -> Cells:
    """Set any two weeks, months, quarters and years beside each other, by revenue point (K)."""
    columns = ("net_revenue_amount", "collection_amount", "refund_amount", "invoice_count",
               "receipt_count")  # fmt: skip
    sums: dict[Key, dict[Key, dict[str, Any]]] = defaultdict(dict)
    for (name, day, point, currency), cells in _summed(
        books, _day, MOVING, _point, columns
    ).items():
        for kind in ("week", "month", "quarter", "year"):
            members = sums[name, kind, _period(kind, day)[0]]
            mine = members.setdefault((point, currency), dict.fromkeys(columns, ZERO))
            for column in columns:
                mine[column] += cells[column]
    found: Cells = {}
    began, last = first_days(books), last_days(books)
    for name, day in began.items():
        for kind in ("week", "month", "quarter", "year"):
            periods = [_period(kind, day)]
            while (after := periods[-1][1] + timedelta(days=1)) <= last[name]:
                periods.append(_period(kind, after))
            for this, other in permutations(periods, 2):
                mine, theirs = sums[name, kind, this[0]], sums[name, kind, other[0]]
                for point, currency in mine.keys() | theirs.keys():
                    none = dict.fromkeys(columns, ZERO)
                    now = mine.get((point, currency), none)
                    then = theirs.get((point, currency), none)
                    cells = now | {f"compared_{column}": then[column] for column in columns}
                    for measure in ("net_revenue", "collection"):
                        change = now[f"{measure}_amount"] - then[f"{measure}_amount"]
                        cells[f"{measure}_change_amount"] = change
                        cells[f"{measure}_change_percent"] = rate(
                            change, then[f"{measure}_amount"]
                        )
                    cells["is_complete"] = all(
                        day <= start and end <= last[name] for start, end in (this, other)
                    )
                    cells |= {"period_end_date": this[1], "compared_end_date": other[1]}
                    found[name, kind, this[0], other[0], point, currency] = cells
    return found


def _period(kind: str, day: date) -> tuple[date, date]:
    """Give the first and the last day of the period of a day."""
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    months = {"month": 1, "quarter": 3, "year": 12}[kind]
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    after = first.month - 1 + months
    return first, date(first.year + after // 12, after % 12 + 1, 1) - timedelta(days=1)


def volume_vs_revenue(books: Books) -> Cells:
    """Explain how the revenue of departments changed by their visits, and by revenue a visit."""
    visits = patients_by_department(books)
    months = {(name, month) for name, month, _ in visits}
    revenue = revenue_by_department(books)

    def count(name: str, month: date, department: int) -> int | None:
        none = 0 if (name, month) in months else None
        return visits.get((name, month, department), {}).get("visit_count", none)

    found: Cells = {}
    for (name, month, department, currency), cells in revenue.items():
        before = cells["previous_month_start_date"]
        now = count(name, month, department)
        then = (
            count(name, before, department)
            if (name, before, department, currency) in revenue
            else None
        )
        net, earlier = cells["net_revenue_amount"], cells["previous_amount"]
        change = None if earlier is None else net - earlier
        volume = (
            _cents(Fraction(now - then) * Fraction(earlier) / then)
            if now is not None and then and earlier is not None
            else None
        )
        found[name, month, department, currency] = {
            "visit_count": now,
            "previous_visit_count": then,
            "invoice_count": cells["invoice_count"],
            "net_revenue_amount": net,
            "previous_net_revenue_amount": earlier,
            "revenue_per_visit_amount": _cents(Fraction(net) / now) if now else None,
            "change_amount": change,
            "volume_effect_amount": volume,
            "rate_effect_amount": None if change is None or volume is None else change - volume,
            "is_complete": cells["is_complete"],
        }
    return found


def peak_periods(books: Books) -> Cells:
    """Count invoices and payments by weekday and hour, by the tenant's clock."""
    days: dict[Key, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in books.tables["invoices"]:
        if books.issued(row["id"], row):
            hospital = books.hospitals[row["hospital_id"]]
            day = books.day(row, "issued_at")
            hour = row["issued_at"].astimezone(hospital.zone).hour
            currency = row["currency_code"]
            charged = rounded(row["total_amount"], currency) - rounded(row["tax_amount"], currency)
            place = (tenant(hospital), day.replace(day=1), day.isoweekday(), hour, currency)
            days[place].append((day, charged))
    taken: dict[Key, list[Posting]] = defaultdict(list)
    for each in _moving(books, MONEY):
        if each.origin.kind == "payment" and not each.is_void:
            name, month = _month(each)
            hour = each.origin.hour
            taken[name, month, each.day.isoweekday(), hour, each.origin.currency].append(each)
    found: Cells = {}
    for place in days.keys() | taken.keys():
        charges, payments = days.get(place, []), taken.get(place, [])
        active = len({day for day, _ in charges})
        found[place] = {
            "invoice_count": len(charges),
            "active_days": active,
            "average_invoice_count": _cents(Fraction(len(charges), active)) if active else None,
            "charged_amount": sum((amount for _, amount in charges), ZERO),
            "receipt_count": len({each.origin.key for each in payments if each.counts > 0}),
            "receipt_amount": _on(payments, "cash") + _on(payments, "wallet_liability"),
        }
    for _, keys in _grouped(found, lambda key: (key[0], key[1], key[-1])).items():
        for column, count, amount in (
            ("peak_rank", "invoice_count", "charged_amount"),
            ("receipt_rank", "receipt_count", "receipt_amount"),
        ):
            ranked = sorted(
                keys, key=lambda key: (-found[key][count], -found[key][amount], key)
            )  # fmt: skip
            for rank, key in enumerate(ranked, 1):
                found[key][column] = rank
    return _shared(found, "charged_amount")


def profitability(books: Books) -> Cells:
    """Set the revenue of products beside the cost of what was issued of them (S5)."""
    found: Cells = {}

    def place(name: str, day: date, product: int) -> dict[str, Any]:
        return found.setdefault(
            (name, day.replace(day=1), product),
            {"net_revenue_amount": ZERO, "issued_quantity": ZERO, "uncosted_quantity": ZERO,
             "cost_amount": ZERO, "is_cost_known": None},
        )  # fmt: skip

    for each in _moving(books, REVENUE):
        _, _, product = _billed(each)
        if product:
            cells = place(tenant(each.origin.hospital), each.day, product)
            cells["net_revenue_amount"] += each.base_amount * (
                (each.credit in REVENUE[:5]) - (each.debit in REVENUE[:5])
            )
    for (name, product, *_), day, row in movements(books):
        if row["movement_type"] in ("sale", "dispense", "sale_return"):
            cells = place(name, day, product)
            cells["issued_quantity"] -= row["quantity"]
            if row["unit_cost"] is None:
                cells["uncosted_quantity"] -= row["quantity"]
            else:
                cells["cost_amount"] -= row["quantity"] * row["unit_cost"]
            cells["is_cost_known"] = cells["is_cost_known"] is not False and (
                row["unit_cost"] is not None
            )
    for cells in found.values():
        cells["is_cost_known"] = bool(cells["is_cost_known"])
        cells["cost_amount"] = _cents(Fraction(cells["cost_amount"]))
        margin = cells["net_revenue_amount"] - cells["cost_amount"]
        known = cells["is_cost_known"]
        cells["margin_amount"] = margin if known else None
        cells["margin_percent"] = rate(margin, cells["net_revenue_amount"]) if known else None
    return found


def _cents(amount: Fraction) -> Decimal:
    """Give an amount with four decimals, rounded half up."""
    sign = -1 if amount < 0 else 1
    return Decimal(sign * floor(abs(amount) * 10000 + Fraction(1, 2))) / 10000


def revenue_by_doctor(books: Books) -> Cells:
    """Sum revenue by day and practitioner."""
    return _by(books, _practitioner)


def revenue_by_doctor_monthly(books: Books) -> Cells:
    """Sum revenue by month and practitioner, with shares and growth."""
    return _compared(books, REVENUE, _practitioner, EARNED)


def revenue_by_payer(books: Books) -> Cells:
    """Sum revenue by day, payer and share, with shares of the day (V10)."""
    return _shared(_by(books, _payer))


def revenue_by_payer_monthly(books: Books) -> Cells:
    """Sum revenue by month, payer and share, with shares and growth."""
    return _compared(books, REVENUE, _payer, EARNED)


def revenue_by_service(books: Books) -> Cells:
    """Sum revenue by day, category and what was billed, with shares of the day."""
    return _shared(_by(books, _billed))


def revenue_by_service_monthly(books: Books) -> Cells:
    """Sum revenue by month, category and what was billed, with places, shares and growth."""
    found = _compared(books, REVENUE, _billed, EARNED)
    for _, keys in _grouped(found, lambda key: (key[0], key[1], key[-1])).items():
        ranked = sorted(keys, key=lambda key: (-found[key]["net_revenue_amount"], key))
        for rank, key in enumerate(ranked, 1):
            found[key]["revenue_rank"] = rank
    return found


def revenue_by_service_category(books: Books) -> Cells:
    """Sum revenue by day and category, with shares of the day."""
    return _shared(_by(books, _category))


def revenue_by_service_category_monthly(books: Books) -> Cells:
    """Sum revenue by month and category, with shares and growth."""
    return _compared(books, REVENUE, _category, EARNED)


def revenue_by_patient_type(books: Books) -> Cells:
    """Sum revenue by day and kind of visit, with shares of the day."""
    return _shared(_by(books, _patient_type))


def revenue_by_patient_type_monthly(books: Books) -> Cells:
    """Sum revenue by month and kind of visit, with shares and growth."""
    return _compared(books, REVENUE, _patient_type, EARNED)


def collections_daily(books: Books) -> Cells:
    """Sum what cash and wallets did by day."""
    return _with_net(_summed(books, _day, MONEY, lambda each: (), MONEY_COLUMNS))


def collections_monthly(books: Books) -> Cells:
    """Sum what cash and wallets did by month, with growth."""
    found = _with_net(_summed(books, _month, MONEY, lambda each: (), MONEY_COLUMNS))
    return _grown(books, found, MONEY, "net_collection_amount")


def collection_rate(books: Books) -> Cells:
    """Set collections over charges by day, week and month (K)."""
    columns = ("gross_charge_amount", "contractual_adjustment_amount", "collection_amount",
               "refund_amount")  # fmt: skip
    sums: Cells = defaultdict(lambda: dict.fromkeys(columns, ZERO))
    for (name, day, currency), cells in by_day(books).items():
        monday = day - timedelta(days=day.weekday())
        for period, first in (("day", day), ("week", monday), ("month", day.replace(day=1))):
            for column in columns:
                sums[name, period, first, currency][column] += cells[column]
    found: Cells = {}
    for place, cells in sums.items():
        charged, adjusted, collected, refunded = cells.values()
        if any(cells.values()):
            found[place] = cells | {
                "collectable_amount": charged - adjusted,
                "net_collection_amount": collected - refunded,
                "net_collection_percent": rate(collected - refunded, charged - adjusted),
                "gross_collection_percent": rate(collected, charged),
            }
    return found


def by_day(books: Books) -> Cells:
    """Sum revenue and collections by day."""
    return _summed(books, _day, MOVING, lambda each: (), (*REVENUE_COLUMNS, *MONEY_COLUMNS))


def collections_by_method(books: Books) -> Cells:
    """Sum what cash and wallets did by day and method."""
    return _summed(books, _day, MONEY, _method, MONEY_COLUMNS)


def collections_by_method_monthly(books: Books) -> Cells:
    """Sum what cash and wallets did by month and method, with shares and growth."""
    found = _with_net(_summed(books, _month, MONEY, _method, MONEY_COLUMNS))
    return _grown(books, _shared(found, "net_collection_amount"), MONEY, "net_collection_amount")


def accrual_to_cash_bridge(books: Books) -> Cells:
    """Walk from the net revenue of each day to its cash, and on to its collections (V1)."""
    found: Cells = {}
    for key, postings in _grouped(
        books.postings, lambda each: (*_day(each), each.origin.currency)
    ).items():
        money = moved(postings)
        took = {account: -_on(postings, account) for account in (*RESULT, "tax_payable")}
        cash, wallet = _on(postings, "cash"), -_on(postings, "wallet_liability")
        found[key] = {
            "net_revenue_amount": sum((took[account] for account in RESULT[:5]), ZERO),
            "tax_amount": took["tax_payable"],
            "write_off_amount": took["write_offs"] + took["recoveries"],
            "receivable_amount": -_on(postings, "receivable"),
            "unapplied_credit_amount": -_on(postings, "unapplied_credit"),
            "wallet_amount": wallet,
            "other_account_amount": -_on(postings, "unbilled_wallet_use"),
            "net_cash_amount": cash,
            "deposit_amount": money["withdrawal_amount"] - money["top_up_amount"],
            "net_wallet_use_amount": money["wallet_use_amount"] - money["wallet_refund_amount"],
            "other_cash_amount": ZERO,
            "net_collection_amount": money["collection_amount"] - money["refund_amount"],
            "cash_residual_amount": ZERO,
            "collection_residual_amount": ZERO,
        }
    return found


def tax_summary(books: Books) -> Cells:
    """Sum what was taxed, and the tax, by day, code and rate (V13)."""
    taxed = ("revenue", "discounts", "credit_notes", "tax_payable")

    def place(each: Posting) -> Key:
        item = each.origin.item
        code, rate = (item.tax_code, item.tax_rate) if item else (None, None)
        cents = (rate or ZERO).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        return (*_day(each), code or "unknown", cents, each.origin.currency)

    found: Cells = {}
    for key, postings in _grouped(_moving(books, taxed), place).items():
        credited = [each for each in postings if each.origin.kind == "credit_note"]
        found[key] = {
            "taxable_amount": -sum((_on(postings, account) for account in taxed[:3]), ZERO),
            "charged_tax_amount": _on(credited, "tax_payable") - _on(postings, "tax_payable"),
            "credited_tax_amount": _on(credited, "tax_payable"),
            "tax_amount": -_on(postings, "tax_payable"),
        }
    return found


def income_statement(books: Books) -> Cells:
    """Sum income accounts by month, and run down to the result."""
    found: Cells = {}
    for key, postings in _grouped(
        _moving(books, RESULT), lambda each: (*_month(each), each.origin.currency)
    ).items():
        name, month, currency = key
        running = base = ZERO
        for account in RESULT:
            mine = [each for each in postings if account in (each.debit, each.credit)]
            if mine:
                running -= _on(mine, account)
                base -= sum(
                    (
                        each.base_amount if each.debit == account else -each.base_amount
                        for each in mine
                    ),
                    ZERO,
                )
                found[name, month, account, currency] = {
                    "amount": -_on(mine, account),
                    "running_amount": running,
                    "running_base_amount": base,
                }
    return found


def transaction_detail(books: Books) -> Cells:
    """Sum postings by document, accounts and day, with the rule of their revenue point."""
    found: Cells = {}
    for each in books.postings:
        point, rule = each.point
        origin = each.origin
        key = (
            tenant(origin.hospital), each.day, origin.kind, origin.key, each.share, each.debit,
            each.credit, each.is_reversal, point, rule, origin.currency,
        )  # fmt: skip
        cells = found.setdefault(key, {"amount": ZERO, "posting_count": 0})
        cells["amount"] += each.amount
        cells["posting_count"] += 1
    return found


def write_offs(books: Books) -> Cells:
    """List write-offs that break no rule, and say which of them moved money (V3)."""
    found: Cells = {}
    for row in books.tables["write_offs"]:
        is_approved = row["status"] == "approved"
        if (
            not books.is_good(row)
            or books.find("invoices", row["invoice_id"], row) is None
            or (is_approved and row["approved_by"] in (None, row["requested_by"]))
        ):
            continue
        invoice = books.issued(row["invoice_id"], row)
        day = books.day(row, "decided_at" if row["decided_at"] else "requested_at")
        if is_approved and invoice is not None:
            day = max(day, books.day(invoice, "issued_at"))
        is_reversed = is_approved and row["reversed_at"] is not None
        same = invoice is not None and invoice["currency_code"] == row["currency_code"]
        found[tenant(books.hospitals[row["hospital_id"]]), row["id"]] = {
            "category": row["category"],
            "share": row["share"],
            "status": row["status"],
            "currency_code": row["currency_code"],
            "amount": rounded(row["amount"], row["currency_code"]),
            "is_posted": is_approved and same,
            "is_reversed": is_reversed,
            "business_date": day,
            "reversal_date": books.day(row, "reversed_at") if is_reversed else None,
        }
    return found


def write_off_summary(books: Books) -> Cells:
    """Sum write-offs by month, category, status and share."""
    found: Cells = {}
    for (name, _), each in write_offs(books).items():
        month = each["business_date"].replace(day=1)
        key = (
            name, month, each["category"], each["status"], each["share"], each["currency_code"],
        )  # fmt: skip
        columns = ("amount", "posted_amount", "reversed_amount", "write_off_count")
        cells = found.setdefault(key, dict.fromkeys(columns, ZERO))
        cells["amount"] += each["amount"]
        cells["posted_amount"] += each["amount"] if each["is_posted"] else ZERO
        is_taken_back = each["is_posted"] and each["is_reversed"]
        cells["reversed_amount"] += each["amount"] if is_taken_back else ZERO
        cells["write_off_count"] += 1
    return found


def discounts_summary(books: Books) -> Cells:
    """Sum charges and discounts by day and department."""
    found: Cells = {}
    for key, postings in _grouped(
        _moving(books, ("revenue", "discounts")),
        lambda each: (*_day(each), each.origin.department or 0, each.origin.currency),
    ).items():
        lines = {
            (each.origin.key, each.origin.item and each.origin.item.line)
            for each in postings
            if "discounts" in (each.debit, each.credit)
            and not each.is_reversal
            and each.counts > 0
        }
        gross, discount = -_on(postings, "revenue"), _on(postings, "discounts")
        found[key] = {
            "gross_charge_amount": gross,
            "discount_amount": discount,
            "discount_percent": rate(discount, gross),
            "discounted_line_count": len(lines),
            "discounted_invoice_count": len({invoice for invoice, _ in lines}),
        }
    return found


def refunds_summary(books: Books) -> Cells:
    """Sum refunds by day, method and share (R4)."""
    found: Cells = {}
    counted = set()
    for each in _moving(books, MONEY):
        origin = each.origin
        if origin.kind != "refund" and origin.wallet_type != "refund":
            continue
        method = "wallet" if origin.wallet_type == "refund" else origin.method or "unknown"
        key = (*_day(each), method, each.share, origin.currency)
        columns = ("executed_amount", "voided_amount", "refund_amount", "refund_count")
        cells = found.setdefault(key, dict.fromkeys(columns, ZERO))
        amount = each.amount * each.counts
        cells["voided_amount" if each.is_void else "executed_amount"] += amount
        cells["refund_amount"] += -amount if each.is_void else amount
        document = (key, origin.kind, origin.key)
        if not each.is_reversal and each.counts > 0 and document not in counted:
            cells["refund_count"] += 1
            counted.add(document)
    return found


# measures ----------------------------------------------------------------------------------


def earned(postings: list[Posting]) -> dict[str, Any]:
    taken = [_on(postings, account) for account in REVENUE]
    lines = {(each.origin.key, each.charged_line) for each in postings if each.charged_line}
    amounts = (
        -taken[0], taken[1], taken[2], taken[3], taken[4], -sum(taken[:5], ZERO), taken[5],
        -taken[6], len(lines), len({invoice for invoice, _ in lines}),
    )  # fmt: skip
    return dict(zip(REVENUE_COLUMNS, amounts, strict=True))


def moved(postings: list[Posting]) -> dict[str, Any]:
    """Follow money by what kind of document moved it (V4, V5, V6)."""
    cells: dict[str, Any] = defaultdict(lambda: ZERO)
    receipts, refunds = set(), set()
    for each in postings:
        origin = each.origin
        cash, wallet = each.on("cash"), -each.on("wallet_liability")
        document = (origin.kind, origin.key)
        if not (cash or wallet):
            continue
        if origin.wallet_type in DEPOSITS:
            cells[f"{origin.wallet_type}_amount"] += (
                abs(cash) if not each.is_reversal else -abs(cash)
            )
            cells[
                "cash_received_amount"
                if origin.wallet_type == "top_up"
                else "cash_paid_out_amount"
            ] += cash if origin.wallet_type == "top_up" else -cash
        elif origin.kind == "wallet_transaction" and origin.wallet_type is None:
            cells["top_up_amount"] += wallet  # beside its payment, whose collection it lessens
            cells["collection_amount"] -= wallet
        elif "unbilled_wallet_use" in (each.debit, each.credit):
            cells["unbilled_wallet_use_amount"] -= wallet
        elif origin.kind == "refund" or origin.wallet_type == "refund":
            cells["cash_paid_out_amount"] -= cash
            cells["wallet_refund_amount"] += wallet
            cells["refund_amount"] += wallet - cash
            if not each.is_reversal and each.counts > 0:
                refunds.add(document)
        else:
            cells["cash_received_amount"] += cash
            cells["wallet_use_amount"] -= wallet
            cells["collection_amount"] += cash - wallet
            if not each.is_reversal and each.counts > 0:
                receipts.add(document)
    counts = {"receipt_count": len(receipts), "refund_count": len(refunds)}
    return {name: counts.get(name, cells[name]) for name in MONEY_COLUMNS}


def _average(cells: dict[str, Any]) -> dict[str, Any]:
    count = cells["invoice_count"]
    value = (
        (cells["net_revenue_amount"] / count).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        if count
        else None
    )
    return {"average_transaction_amount": value}


def rate(part: Decimal, whole: Decimal) -> Decimal | None:
    """Give a part of a whole in percent; nothing where the whole is 0 (K)."""
    return percent(Fraction(part) / Fraction(whole)) if whole else None


def percent(part: Fraction) -> Decimal:
    """Give a part in percent, rounded half up to two decimals."""
    sign = -1 if part < 0 else 1
    return Decimal(sign * floor(abs(part) * 10000 + Fraction(1, 2))) / 100


# dimensions --------------------------------------------------------------------------------


def _practitioner(each: Posting) -> Key:
    return (each.origin.practitioner or 0,)


def _payer(each: Posting) -> Key:
    return (each.origin.payer or 0, each.share)


def _billed(each: Posting) -> Key:
    item = each.origin.item
    if item is None:
        return ("unknown", 0, 0)
    is_product = item.category == "product"
    key = item.key or 0
    return (item.category, 0 if is_product else key, key if is_product else 0)


def _category(each: Posting) -> Key:
    return _billed(each)[:1]


def _patient_type(each: Posting) -> Key:
    return ((each.origin.item and each.origin.item.patient_type) or "unknown",)


def _method(each: Posting) -> Key:
    is_cash = "cash" in (each.debit, each.credit)
    return (each.origin.method or ("unknown" if is_cash else "wallet"),)


def _by(books: Books, member: Callable[[Posting], Key]) -> Cells:
    return _summed(books, _day, REVENUE, member, EARNED)


def _summed(
    books: Books,
    period: Callable[[Posting], Key],
    moving: Iterable[str],
    member: Callable[[Posting], Key],
    columns: Iterable[str],
) -> Cells:
    groups = _grouped(
        _moving(books, moving), lambda each: (*period(each), *member(each), each.origin.currency)
    )
    found: Cells = {}
    for key, postings in groups.items():
        cells = earned(postings) | moved(postings)
        cells |= _average(cells)
        found[key] = {name: cells[name] for name in columns}
    return found


def _with_net(found: Cells) -> Cells:
    """Add what is left of cash and of collections."""
    for cells in found.values():
        cells["net_cash_amount"] = (
            cells["cash_received_amount"]
            - cells["cash_paid_out_amount"]
            + cells["other_cash_amount"]
        )
        cells["net_collection_amount"] = cells["collection_amount"] - cells["refund_amount"]
    return found


def _compared(
    books: Books,
    moving: tuple[str, ...],
    member: Callable[[Posting], Key],
    columns: tuple[str, ...],
) -> Cells:
    """Sum revenue by month, with shares and growth."""
    found = _summed(books, _month, moving, member, columns)
    return _grown(books, _shared(found), moving, "net_revenue_amount")


def _grown(books: Books, found: Cells, moving: tuple[str, ...], column: str) -> Cells:
    """Compare months that are wholly on record."""
    first: dict[Any, date] = {}
    for each in _moving(books, moving):
        name = tenant(each.origin.hospital)
        first[name] = min(each.day, first.get(name, each.day))
    last = last_days(books)
    for (name, month, *rest), cells in found.items():
        end = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        cells["is_complete"] = first[name] <= month and end <= last[name]
        before = (month - timedelta(days=1)).replace(day=1)
        for prefix, other in (
            ("previous", before),
            ("last_year", month.replace(year=month.year - 1)),
        ):
            known = other >= first[name]
            then = found.get((name, other, *rest), {}).get(column, ZERO)
            cells[f"{prefix}_month_start_date"] = other
            cells[f"{prefix}_amount"] = then if known else None
            cells[f"{prefix}_growth_percent"] = (
                percent(Fraction(cells[column] - then) / Fraction(then))
                if known and cells["is_complete"] and then
                else None
            )
    return found


def first_days(books: Books) -> dict[str, date]:
    """Give the first day on which anything of a tenant was posted or moved."""
    return {name: min(days) for name, days in _days_on_record(books).items()}


def last_days(books: Books) -> dict[str, date]:
    """Give the last day on which anything of a tenant was posted or moved."""
    return {name: max(days) for name, days in _days_on_record(books).items()}


@lru_cache(maxsize=8)
def _days_on_record(books: Books) -> dict[str, set[date]]:
    found: dict[str, set[date]] = defaultdict(set)
    posted = [(tenant(each.origin.hospital), each.day) for each in books.postings]
    for name, day in (*posted, *moved_days(books)):
        found[name].add(day)
    return found


def _shared(found: Cells, column: str = "net_revenue_amount") -> Cells:
    """Give each its part of the total of its period and currency, by largest remainder (V11)."""
    for _, keys in _grouped(found, lambda key: (key[0], key[1], key[-1])).items():
        total = sum((Fraction(found[key][column]) for key in keys), Fraction(0))
        if not total:
            for key in keys:
                found[key]["share_percent"] = None
            continue
        exact = {key: Fraction(found[key][column]) * 10000 / total for key in keys}
        missing = 10000 - sum(floor(part) for part in exact.values())
        ranked = sorted(keys, key=lambda key: (floor(exact[key]) - exact[key], key[2:-1]))
        for rank, key in enumerate(ranked):
            found[key]["share_percent"] = Decimal(floor(exact[key]) + (rank < missing)) / 100
    return found


def _point(each: Posting) -> Key:
    return each.point[:1]


def _day(each: Posting) -> Key:
    return (tenant(each.origin.hospital), each.day)


def _month(each: Posting) -> Key:
    return (tenant(each.origin.hospital), each.day.replace(day=1))


def _moving(books: Books, accounts: Iterable[str]) -> list[Posting]:
    wanted = set(accounts)
    return [each for each in books.postings if {each.debit, each.credit} & wanted]


def _on(postings: Iterable[Posting], account: str) -> Decimal:
    return sum((each.on(account) for each in postings), ZERO)


def _grouped(items: Iterable[Any], key: Callable[[Any], Key]) -> dict[Key, list[Any]]:
    found: dict[Key, list[Any]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found
