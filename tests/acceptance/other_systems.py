"""What tests of other accounting systems do and assert, each in a hospital of its own.

Only days and figures are theirs. Where a rule of ours says otherwise, the case says what
the marts tell, and names the rule and what the other system would say.
"""

from __future__ import annotations

from datetime import date

from tests.acceptance.hospital_files import TODAY, Case, Line, case, days, noon

RECEIVABLE = "ERPNext accounts/report/accounts_receivable/test_accounts_receivable.py"
ENTRY = "ERPNext accounts/doctype/payment_entry/test_payment_entry.py"
VALUATION = "ERPNext stock/tests/test_valuation.py"
OUT_INVOICE = "Odoo account/tests/test_account_move_out_invoice.py"
REGISTER = "Odoo account/tests/test_account_payment_register.py"
EARLY = "Odoo account/tests/test_early_payment_discount.py"
TERMS = "Odoo account/tests/test_payment_term.py"
TAXES = "Odoo account/tests/test_invoice_taxes.py"
RECONCILE = "Odoo account/tests/test_account_move_reconcile.py"
PRICES = "Dolibarr test/phpunit/PricesTest.php"
NINJA_REFUND = "Invoice Ninja tests/Feature/RefundTest.php"
NINJA_INVOICE = "Invoice Ninja tests/Unit/InvoiceTest.php"
TRYTON = "Tryton account_invoice/tests/scenario_invoice.rst"
OVERPAID = "Tryton account_invoice/tests/scenario_invoice_overpayment.rst"
WITH_CREDIT = "Tryton account_invoice/tests/scenario_invoice_with_credit.rst"
ALTERNATE = "Tryton account_invoice/tests/scenario_invoice_alternate_currency.rst"
KILL_BILL = "Kill Bill beatrix/integration/TestInvoicePayment.java"
CLAIM = "Frappe Health healthcare/doctype/insurance_claim/test_insurance_claim.py"
DOCUMENTED = "models/staging/hms/README.md"
WALLET = "Lago spec/jobs/invoices/prepaid_credit_job_spec.rb"

TOMORROW = days(1)
HUNDRED = Line("100")
NEW_YEAR = date(2019, 1, 1)
IN_2017 = date(2017, 1, 1)
YEAR_END = date(2019, 12, 31)


def _in_three_parts(one: Case, quantity: str = "1") -> int:
    """Issue an invoice of 30, 50 and 20 percent."""
    times = int(quantity)
    parts = [(days(30), f"{30 * times}"), (days(60), f"{50 * times}"), (days(90), f"{20 * times}")]
    return one.invoice(TODAY, Line("100", quantity), parts=parts)


def _opens_in_parts(one: Case, *amounts: str) -> None:
    for number, amount in enumerate(amounts, 1):
        one.opens(TODAY, amount, instalment_number=number)


# -- ERPNext: receivables ---------------------------------------------------------------------


@case(RECEIVABLE, "test_pos_receivable")
def pos_receivable(one: Case) -> None:
    invoice = one.invoice(days(2), HUNDRED)
    one.payment(days(2), "50", invoice)
    one.owes(TOMORROW, "0")
    one.owes(days(2), "50")
    one.expect("invoice_balances", {"as_of_date": days(2)}, total_amount="100", open_amount="50")


@case(RECEIVABLE, "test_accounts_receivable_with_payment")
def with_payment(one: Case) -> None:
    invoice = _in_three_parts(one)
    one.payment(TODAY, "40", invoice)
    _opens_in_parts(one, "0", "40", "20")


@case(RECEIVABLE, "test_accounts_receivable_with_payment, after the credit note")
def with_payment_and_credit_note(one: Case) -> None:
    """A7: the invoice has 60 open. There the note keeps its 100 and the invoice its 60."""
    invoice = _in_three_parts(one)
    one.payment(TODAY, "40", invoice)
    one.credit_note(TODAY, "100", invoice)
    one.owes(TODAY, "0", credit="40")


@case(RECEIVABLE, "test_accounts_receivable_without_payment")
def without_payment(one: Case) -> None:
    invoice = _in_three_parts(one)
    one.credit_note(TODAY, "100", invoice)
    one.owes(TODAY, "0")
    one.expect("ar_aging_invoices", {"as_of_date": TODAY}, outstanding_amount="0")


@case(RECEIVABLE, "test_accounts_receivable_with_partial_payment", "INR")
def with_partial_payment(one: Case) -> None:
    invoice = _in_three_parts(one, "2")
    one.payment(TODAY, "40", invoice)
    _opens_in_parts(one, "20", "100", "40")


@case(RECEIVABLE, "test_accounts_receivable_with_partial_payment, after the credit note", "INR")
def with_partial_payment_and_credit_note(one: Case) -> None:
    invoice = _in_three_parts(one, "2")
    one.payment(TODAY, "40", invoice)
    one.credit_note(TODAY, "100", invoice)
    _opens_in_parts(one, "0", "20", "40")
    one.opens(days(61), "20", instalment_number=2, days_past_due=1, bucket_code="days_1_30")


@case(RECEIVABLE, "test_allow_multi_currency_invoices_against_single_party_account", "INR")
def several_currencies(one: Case) -> None:
    one.invoice(TODAY, HUNDRED, currency="USD", exchange_rate="80")
    one.expect(
        "ar_aging_invoices",
        {"as_of_date": TODAY, "currency_code": "USD"},
        outstanding_amount="100",
        outstanding_base_amount="8000",
    )


@case(RECEIVABLE, "test_cr_note_flag_to_update_self")
def credit_note_of_its_own(one: Case) -> None:
    invoice = one.invoice(days(-1), HUNDRED)
    one.payment(TODAY, "40", invoice)
    one.credit_note(TODAY, "100")
    one.owes(days(-1), "100")
    one.owes(TODAY, "60", credit="100")


@case(RECEIVABLE, "test_payment_againt_po_in_receivable_report")
def payment_of_an_order(one: Case) -> None:
    one.payment(TODAY, "1000")
    one.owes(TODAY, "0", credit="1000")
    one.expect("credit_balances", {"as_of_date": TODAY}, credit_amount="1000")


@case(RECEIVABLE, "test_payment_against_credit_note")
def credit_note_used_on_another_invoice(one: Case) -> None:
    paid = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "100", paid)
    later = one.invoice(TODAY, HUNDRED)
    note = one.credit_note(TODAY, "100", paid)
    one.use(TODAY, "100", later, note)
    one.owes(TODAY, "0")
    one.balances(TODAY, receivable="0", unapplied_credit="0", credit_notes="100", cash="100")


@case(RECEIVABLE, "test_invoice_partially_paid_via_journal_entry")
def partially_paid(one: Case) -> None:
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "40", invoice, method="transfer")
    one.owes(TODAY, "60")


@case(RECEIVABLE, "test_invoice_fully_paid_via_journal_entry")
def fully_paid(one: Case) -> None:
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "100", invoice, method="transfer")
    one.expect("ar_aging_invoices", {"as_of_date": TODAY}, outstanding_amount="0")


@case(RECEIVABLE, "test_credit_note_via_journal_entry_shows_negative_outstanding")
def free_standing_credit_note(one: Case) -> None:
    one.credit_note(TODAY, "100")
    one.owes(TODAY, "0", credit="100")


@case(RECEIVABLE, "test_group_by_party")
def group_by_party(one: Case) -> None:
    other = one.add("patients", number="2")
    first = one.invoice(days(-1), HUNDRED)
    one.invoice(TODAY, Line("85"))
    one.invoice(TODAY, Line("7"), patient_id=other)
    one.opens(TODAY, "100", invoice_id=first)
    filters = {"as_of_date": TODAY, "patient_id": one.patient}
    one.expect("dues_by_patient", filters, gross_amount="185", net_amount="185")
    one.expect("dues_by_patient", {"as_of_date": TODAY}, gross_amount="192")


@case(RECEIVABLE, "test_future_payments")
def future_payment_with_a_return(one: Case) -> None:
    """A9. The return is used on the invoice: at once here, with the payment there."""
    invoice = one.invoice(TODAY, HUNDRED)
    one.credit_note(TODAY, "10", invoice)
    one.payment(TOMORROW, "80", invoice)
    one.owes(TODAY, "90")
    one.owes(TOMORROW, "10")


@case(RECEIVABLE, "test_future_payments, in full")
def future_payment_in_full(one: Case) -> None:
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TOMORROW, "100", invoice)
    one.owes(TODAY, "100")
    one.owes(TOMORROW, "0")


@case(RECEIVABLE, "test_future_payments, too much")
def future_payment_of_too_much(one: Case) -> None:
    """A9: the excess is tomorrow's. There it stands beside today's 100."""
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TOMORROW, "110", applied=[(TOMORROW, "100", invoice)])
    one.owes(TODAY, "100")
    one.owes(TOMORROW, "0", credit="10")


@case(RECEIVABLE, "test_future_payments_from_journal_entry")
def future_payment_of_two_invoices(one: Case) -> None:
    invoices = [one.invoice(TODAY, HUNDRED) for _ in range(2)]
    one.payment(TOMORROW, "100", applied=[(TOMORROW, "50", each) for each in invoices])
    for each in invoices:
        one.opens(TODAY, "100", invoice_id=each)
        one.opens(TOMORROW, "50", invoice_id=each)


@case(RECEIVABLE, "test_party_account_filter", "INR")
def party_account_filter(one: Case) -> None:
    one.invoice(TODAY, HUNDRED)
    one.invoice(days(-1), HUNDRED, currency="USD", exchange_rate="80")
    for currency, base in (("INR", "100"), ("USD", "8000")):
        one.expect(
            "ar_aging_invoices",
            {"as_of_date": TODAY, "currency_code": currency},
            outstanding_amount="100",
            outstanding_base_amount=base,
        )


@case(RECEIVABLE, "test_future_payments_on_foreign_currency", "INR")
def future_payment_in_a_foreign_currency(one: Case) -> None:
    invoice = one.invoice(days(-1), HUNDRED, currency="USD", exchange_rate="80")
    one.payment(TOMORROW, "90", invoice, currency="USD", exchange_rate="75")
    for day, amount, base in ((TODAY, "100", "8000"), (TOMORROW, "10", "1250")):
        one.expect(
            "ar_aging_invoices",
            {"as_of_date": day, "currency_code": "USD"},
            outstanding_amount=amount,
            outstanding_base_amount=base,
        )


@case(RECEIVABLE, "test_payment_terms_with_advance_on_foreign_currency", "INR")
def advance_in_a_foreign_currency(one: Case) -> None:
    """A6: the advance settles the first part. There it is spread over both."""
    money = {"currency": "USD", "exchange_rate": "80"}
    parts = [(TODAY, "50"), (days(30), "50")]
    invoice = one.invoice(TODAY, HUNDRED, parts=parts, **money)
    one.payment(days(-1), "50", applied=[(TODAY, "50", invoice)], **money)
    one.owes(days(-1), "0", credit="50", currency_code="USD")
    _opens_in_parts(one, "0", "50")
    one.expect("ar_aging_invoices", {"as_of_date": TODAY}, outstanding_base_amount="4000")


@case(RECEIVABLE, "test_accounts_receivable_output_for_minor_outstanding")
def minor_outstanding(one: Case) -> None:
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "99.99", invoice)
    one.owes(TODAY, "0.01")
    one.balances(TODAY, receivable="0.01", cash="99.99")


@case(RECEIVABLE, "test_cost_center_on_report_output")
def cost_center(one: Case) -> None:
    wing = one.add("departments", name="East wing")
    other = one.add("departments", name="West wing")
    invoice = one.invoice(TODAY, Line("100", department=wing), department_id=other)
    one.payment(TODAY, "40", invoice)
    one.opens(TODAY, "60", invoice_id=invoice)
    filters = {"month_start_date": TODAY.replace(day=1), "department_id": wing}
    one.expect("revenue_by_department", filters, net_revenue_amount="100")


@case(RECEIVABLE, "test_cost_center_on_payment_before_invoice")
def payment_before_invoice(one: Case) -> None:
    invoice = one.invoice(TOMORROW, HUNDRED)
    one.payment(TODAY, "40", invoice)
    one.owes(TODAY, "0", credit="40")
    one.owes(TOMORROW, "60")


@case(RECEIVABLE, "test_payment_terms_template_filters")
def payment_terms(one: Case) -> None:
    one.invoice(TODAY, HUNDRED, parts=[(days(15), "50"), (days(30), "50")])
    one.opens(days(16), "50", instalment_number=1, days_past_due=1)
    one.opens(days(16), "50", instalment_number=2, days_past_due=-14)


@case(RECEIVABLE, "test_receivable_filtered_by_sales_partner")
def return_of_a_half(one: Case) -> None:
    invoice = one.invoice(TODAY, Line("100", "2"))
    one.credit_note(TODAY, "100", invoice)
    one.opens(TODAY, "100", invoice_id=invoice)
    one.expect(
        "ar_roll_forward", {"as_of_date": TODAY}, billed_amount="200", credited_amount="100"
    )


# -- ERPNext: payments ------------------------------------------------------------------------


@case(ENTRY, "test_payment_entry_against_order")
def cancelled_advance(one: Case) -> None:
    one.payment(TODAY, "1000", status="voided", voided_at=noon(days(2)))
    one.owes(TODAY, "0", credit="1000")
    one.balances(TODAY, cash="1000", unapplied_credit="-1000")
    one.owes(days(2), "0")
    one.balances(days(2), cash="0", unapplied_credit="0")


@case(ENTRY, "test_payment_entry_against_si_usd_to_usd", "INR")
def cancelled_payment(one: Case) -> None:
    money = {"currency": "USD", "exchange_rate": "50"}
    invoice = one.invoice(TODAY, HUNDRED, **money)
    voided = noon(days(2))
    one.payment(TODAY, "100", invoice, status="voided", voided_at=voided, **money)
    filters = {"as_of_date": TODAY, "account": "cash"}
    one.expect("trial_balance", filters, closing_amount="100", closing_base_amount="5000")
    one.owes(TODAY, "0")
    one.owes(days(2), "100")


@case(ENTRY, "test_payment_entry_against_payment_terms")
def payment_of_two_terms(one: Case) -> None:
    parts = [(TODAY, "200"), (days(30), "36")]
    invoice = one.invoice(days(-1), Line("200", rate="18"), parts=parts)
    one.opens(days(-1), "200", instalment_number=1)
    one.opens(days(-1), "36", instalment_number=2)
    one.payment(TODAY, "236", invoice)
    one.owes(TODAY, "0")
    one.balances(TODAY, cash="236", revenue="-200", tax_payable="-36")


@case(ENTRY, "test_payment_entry_against_payment_terms_with_discount")
def discount_for_early_payment(one: Case) -> None:
    invoice = one.invoice(TODAY, Line("200", rate="18"), due=days(30))
    one.payment(TODAY, "212.40", invoice)
    one.write_off(TODAY, "23.60", invoice, "other")
    one.owes(TODAY, "0")
    one.balances(TODAY, cash="212.40", write_offs="23.60", tax_payable="-36")


@case(ENTRY, "test_payment_entry_against_payment_terms_with_discount, with the loss of tax")
def discount_with_loss_of_tax(one: Case) -> None:
    invoice = one.invoice(TODAY, Line("200", rate="18"), due=days(30))
    one.payment(TODAY, "212.40", invoice)
    one.credit_note(TODAY, "20", invoice, tax="3.60")
    one.owes(TODAY, "0")
    one.balances(TODAY, cash="212.40", credit_notes="20", tax_payable="-32.40")


@case(ENTRY, "test_payment_entry_against_payment_terms_with_discount_amount")
def discount_amount_with_loss_of_tax(one: Case) -> None:
    invoice = one.invoice(TODAY, Line("200", rate="18"), due=days(30))
    one.payment(TODAY, "186", invoice)
    one.credit_note(TODAY, "42.37", invoice, tax="7.63")
    one.owes(TODAY, "0")
    one.balances(TODAY, cash="186", credit_notes="42.37", tax_payable="-28.37")


@case(
    ENTRY,
    "test_payment_entry_multicurrency_si_with_base_currency_accounting_early_payment_discount",
    "INR",
)
def discount_in_a_foreign_currency(one: Case) -> None:
    money = {"currency": "USD", "exchange_rate": "50"}
    invoice = one.invoice(TODAY, HUNDRED, **money)
    one.payment(TODAY, "90", invoice, **money)
    one.write_off(TODAY, "10", invoice, "other", **money)
    one.owes(TODAY, "0")
    for account, base in (("cash", "4500"), ("write_offs", "500"), ("receivable", "0")):
        filters = {"as_of_date": TODAY, "account": account}
        one.expect("trial_balance", filters, closing_base_amount=base)


@case(ENTRY, "test_payment_entry_against_si_usd_to_inr", "INR")
def part_in_a_foreign_currency(one: Case) -> None:
    invoice = one.invoice(TODAY, HUNDRED, currency="USD", exchange_rate="50")
    one.payment(TODAY, "20", invoice, currency="USD", exchange_rate="45")
    one.owes(TODAY, "80")
    filters = {"as_of_date": TODAY, "account": "cash"}
    one.expect("trial_balance", filters, closing_amount="20", closing_base_amount="900")


@case(ENTRY, "test_payment_entry_exchange_gain_loss", "INR")
def exchange_gain(one: Case) -> None:
    """A10: the document is settled. The gain of 500 there is the rest in rupees here."""
    invoice = one.invoice(TODAY, HUNDRED, currency="USD", exchange_rate="50")
    one.payment(TODAY, "100", invoice, currency="USD", exchange_rate="55")
    one.owes(TODAY, "0")
    for account, base in (("cash", "5500"), ("revenue", "-5000"), ("receivable", "-500")):
        filters = {"as_of_date": TODAY, "account": account}
        one.expect("trial_balance", filters, closing_base_amount=base)


@case(ENTRY, "test_payment_against_negative_sales_invoice")
def refund_of_a_return(one: Case) -> None:
    """A7: what exceeds the invoice is unapplied credit. There the invoice is at -100."""
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "100", invoice)
    note = one.credit_note(TODAY, "100", invoice)
    voided = noon(days(2))
    one.refund(TOMORROW, "100", credit_note_id=note, status="voided", voided_at=voided)
    for day, credit, cash in (
        (TODAY, "100", "100"),
        (TOMORROW, "0", "0"),
        (days(2), "100", "100"),
    ):
        one.owes(day, "0", credit=credit)
        one.balances(day, cash=cash)


@case(ENTRY, "test_payment_entry_write_off_difference")
def write_off_of_a_difference(one: Case) -> None:
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "95", invoice)
    one.write_off(TODAY, "5", invoice, "small_balance")
    one.owes(TODAY, "0")
    one.balances(TODAY, cash="95", write_offs="5", receivable="0")
    one.expect("write_offs", {"category": "small_balance"}, amount="5")


@case(ENTRY, "test_payment_entry_write_off_difference, too much")
def unallocated_amount(one: Case) -> None:
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "110", applied=[(TODAY, "100", invoice)])
    one.owes(TODAY, "0", credit="10")


@case(ENTRY, "test_payment_entry_write_off_difference, too much and not applied")
def overpaid_invoice(one: Case) -> None:
    """A3: a payment that names its invoice is applied as a whole."""
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "110", invoice)
    one.owes(TODAY, "-10")
    filters = {"as_of_date": TODAY, "document_id": invoice}
    one.expect("credit_balances", filters, credit_amount="10")


# -- ERPNext: stock ---------------------------------------------------------------------------


def _stock(one: Case, *moves: tuple[str, str]) -> None:
    store = one.store()
    for quantity, cost in moves:
        kind = "sale" if quantity.startswith("-") else "receipt"
        one.move(TODAY, quantity, cost, store, kind)


def _in_stock(one: Case, quantity: str, value: str) -> None:
    one.expect("current_stock", {"as_of_date": TODAY}, quantity=quantity, value_amount=value)


@case(VALUATION, "test_remove_multiple_bins")
def first_in_first_out(one: Case) -> None:
    received = (("1", "10"), ("2", "20"), ("1", "20"), ("5", "20"))
    _stock(one, *received, ("-1", "10"), ("-3", "20"))
    _in_stock(one, "5", "100")


@case(VALUATION, "test_remove_multiple_bins_with_rate")
def stock_of_a_rate(one: Case) -> None:
    _stock(one, ("1", "10"), ("2", "20"), ("1", "20"), ("5", "20"), ("-3", "20"))
    _in_stock(one, "6", "110")


@case(VALUATION, "test_queue_with_unknown_rate")
def several_rates(one: Case) -> None:
    received = [("1", f"{rate}") for rate in range(1, 5)]
    _stock(one, *received, *((f"-{quantity}", cost) for quantity, cost in received[:3]))
    _in_stock(one, "1", "4")


@case(VALUATION, "test_lifo_consumption")
def last_in_first_out(one: Case) -> None:
    _stock(one, ("10", "10"), ("10", "20"), ("-10", "20"), ("-5", "10"))
    _in_stock(one, "5", "50")


@case(VALUATION, "test_negative_stock")
def negative_stock(one: Case) -> None:
    """S4: shown as it is, and flagged."""
    _stock(one, ("-1", "5"), ("-1", "5"))
    _in_stock(one, "-2", "-10")
    filters = {"as_of_date": TODAY, "is_negative": True}
    one.expect("current_stock", filters, quantity="-2")


@case(VALUATION, "test_simple_removal")
def nothing_in_stock(one: Case) -> None:
    _stock(one, ("1", "10"), ("-1", "10"))
    _in_stock(one, "0", "0")


# -- Odoo -------------------------------------------------------------------------------------


@case(OUT_INVOICE, "test_out_invoice_line_onchange_business_fields_1")
def discounted_line(one: Case) -> None:
    half = Line("500", "4", discount="1000", rate="15", code="15")
    one.invoice(NEW_YEAR, half, Line("200", rate="30", code="15+15"))
    one.owes(NEW_YEAR, "1410")
    one.balances(NEW_YEAR, revenue="-2200", discounts="1000", tax_payable="-210")
    filters = {"business_date": NEW_YEAR, "tax_code": "15"}
    one.expect("tax_summary", filters, taxable_amount="1000", tax_amount="150")


@case(OUT_INVOICE, "test_out_invoice_line_onchange_business_fields_1, given away")
def line_given_away(one: Case) -> None:
    whole = Line("1000", discount="1000", rate="15")
    one.invoice(NEW_YEAR, whole, Line("200", rate="30"))
    one.owes(NEW_YEAR, "260")
    one.balances(NEW_YEAR, revenue="-1200", discounts="1000", tax_payable="-60")


@case(OUT_INVOICE, "test_out_invoice_line_onchange_partner_1")
def two_terms(one: Case) -> None:
    lines = (Line("1000", rate="15"), Line("200", rate="30"))
    due = date(2019, 2, 28)
    one.invoice(NEW_YEAR, *lines, parts=[(NEW_YEAR, "423"), (due, "987")])
    one.opens(NEW_YEAR, "423", instalment_number=1, due_date=NEW_YEAR)
    one.opens(NEW_YEAR, "987", instalment_number=2, due_date=due)
    one.opens(date(2019, 3, 1), "987", bucket_code="days_1_30")
    one.opens(date(2019, 3, 1), "423", bucket_code="days_31_60")


@case(OUT_INVOICE, "test_out_invoice_line_onchange_product_2_with_fiscal_pos_1")
def foreign_invoice(one: Case) -> None:
    money = {"currency": "EUR", "exchange_rate": "0.5"}
    one.invoice(NEW_YEAR, Line("200", rate="15"), **money)
    one.expect(
        "ar_aging_invoices",
        {"as_of_date": NEW_YEAR},
        outstanding_amount="230",
        outstanding_base_amount="115",
    )
    for account, base in (("revenue", "-100"), ("tax_payable", "-15")):
        filters = {"as_of_date": NEW_YEAR, "account": account}
        one.expect("trial_balance", filters, closing_base_amount=base)


@case(OUT_INVOICE, "test_out_invoice_line_onchange_product_2_with_fiscal_pos_1, 3 decimals", "KWD")
def three_decimals(one: Case) -> None:
    one.invoice(IN_2017, Line("163.64254545454546", rate="15"))
    one.balances(IN_2017, receivable="188.189", revenue="-163.643", tax_payable="-24.546")


@case(REGISTER, "test_register_payment_single_batch_grouped_keep_open_lower_amount")
def payment_of_two_invoices(one: Case) -> None:
    money = {"currency": "EUR", "exchange_rate": "0.5"}
    first = one.invoice(IN_2017, Line("1000"), **money)
    second = one.invoice(IN_2017, Line("2000"), **money)
    one.payment(IN_2017, "800", applied=[(IN_2017, "800", first)], **money)
    one.opens(IN_2017, "200", invoice_id=first)
    one.opens(IN_2017, "2000", invoice_id=second)
    filters = {"as_of_date": IN_2017, "account": "cash"}
    one.expect("trial_balance", filters, closing_amount="800", closing_base_amount="400")


@case(REGISTER, "test_register_payment_single_batch_grouped_keep_open_higher_amount")
def overpayment_of_two_invoices(one: Case) -> None:
    money = {"currency": "EUR", "exchange_rate": "0.5"}
    amounts = ("1000", "2000")
    applied = [
        (IN_2017, amount, one.invoice(IN_2017, Line(amount), **money)) for amount in amounts
    ]
    one.payment(IN_2017, "3100", applied=applied, **money)
    one.owes(IN_2017, "0", credit="100")
    filters = {"as_of_date": IN_2017}
    one.expect("unapplied_credits", filters, unapplied_credit_base_amount="50")


@case(REGISTER, "test_register_payment_single_batch_grouped_writeoff_lower_amount_debit")
def write_off_of_two_invoices(one: Case) -> None:
    money = {"currency": "EUR", "exchange_rate": "0.5"}
    first = one.invoice(IN_2017, Line("1000"), **money)
    second = one.invoice(IN_2017, Line("2000"), **money)
    one.payment(IN_2017, "800", first, **money)
    for amount, invoice in (("200", first), ("2000", second)):
        one.write_off(IN_2017, amount, invoice, "uncollectible", **money)
    one.owes(IN_2017, "0")
    filters = {"as_of_date": IN_2017, "account": "write_offs"}
    one.expect("trial_balance", filters, closing_amount="2200", closing_base_amount="1100")
    filters = {"month_start_date": IN_2017, "category": "uncollectible"}
    one.expect("write_off_summary", filters, posted_amount="2200")


@case(EARLY, "test_register_discounted_payment_on_single_out_invoice_with_tax")
def early_discount_with_tax(one: Case) -> None:
    invoice = one.invoice(IN_2017, Line("1500", rate="15"))
    one.credit_note(IN_2017, "150", invoice, tax="22.50")
    one.payment(IN_2017, "1552.50", invoice)
    one.owes(IN_2017, "0")
    one.balances(IN_2017, cash="1552.50", credit_notes="150", tax_payable="-202.50")


@case(EARLY, "test_register_payment_batch_included")
def early_discount_of_two_invoices(one: Case) -> None:
    for price, paid, discount in (("1000", "900", "100"), ("2000", "1800", "200")):
        invoice = one.invoice(NEW_YEAR, Line(price))
        one.payment(NEW_YEAR, paid, invoice)
        one.write_off(NEW_YEAR, discount, invoice, "contractual_adjustment")
    one.owes(NEW_YEAR, "0")
    one.balances(NEW_YEAR, cash="2700", contractual_adjustments="300")
    filters = {"business_date": NEW_YEAR, "period": "month"}
    one.expect("collection_rate", filters, collectable_amount="2700", net_collection_percent="100")


@case(EARLY, "test_fixed_tax_amount_discounted_payment_mixed")
def stated_tax(one: Case) -> None:
    one.invoice(NEW_YEAR, Line("1000", tax="135.05"))
    one.owes(NEW_YEAR, "1135.05")
    one.balances(NEW_YEAR, revenue="-1000", tax_payable="-135.05")


@case(TERMS, "test_payment_term")
def due_dates(one: Case) -> None:
    for issued, due in (
        (date(2019, 1, 15), date(2019, 1, 15)),
        (date(2019, 1, 31), date(2019, 3, 17)),
        (date(2019, 1, 31), date(2019, 3, 15)),
        (date(2019, 1, 31), date(2019, 1, 31)),
        (date(2019, 1, 15), date(2019, 2, 1)),
    ):
        one.invoice(issued, HUNDRED, due=due)
    day = date(2019, 3, 18)
    one.opens(day, "200", bucket_code="days_1_30")
    one.opens(day, "200", bucket_code="days_31_60")
    one.opens(day, "100", bucket_code="days_61_90")
    one.opens(date(2019, 3, 17), "100", bucket_code="not_due")


@case(TAXES, "test_one_tax_per_line")
def tax_per_line(one: Case) -> None:
    one.invoice(
        NEW_YEAR,
        Line("100", rate="21", code="21"),
        Line("100", rate="21", tax="21", code="21 included"),
        Line("100", rate="12", code="12"),
    )
    for code, tax in (("21", "21"), ("21 included", "21"), ("12", "12")):
        filters = {"business_date": NEW_YEAR, "tax_code": code}
        one.expect("tax_summary", filters, taxable_amount="100", tax_amount=tax)
    one.owes(NEW_YEAR, "354")


@case(TAXES, "test_affecting_base_amount")
def tax_on_tax(one: Case) -> None:
    one.invoice(
        NEW_YEAR, Line("100", tax="35.52", code="21+12"), Line("100", rate="12", code="12")
    )
    one.owes(NEW_YEAR, "247.52")
    one.balances(NEW_YEAR, tax_payable="-47.52")


@case(RECONCILE, "test_full_reconcile_bunch_lines")
def bunch_of_lines(one: Case) -> None:
    first = one.invoice(date(2016, 1, 1), Line("1000"))
    second = one.invoice(date(2016, 1, 1), Line("200"))
    day = date(2016, 1, 1)
    one.payment(day, "300", first)
    one.payment(day, "400", first)
    one.payment(day, "500", applied=[(day, "300", first), (day, "200", second)])
    one.owes(day, "0")


@case(RECONCILE, "test_full_reconcile_bunch_lines, in a foreign currency")
def bunch_of_foreign_lines(one: Case) -> None:
    """What is left in the hospital's currency is the difference of the rates (A10)."""
    issued, paid = date(2016, 1, 1), IN_2017
    then = {"currency": "EUR", "exchange_rate": "0.33333333"}
    now = {"currency": "EUR", "exchange_rate": "0.5"}
    first = one.invoice(issued, Line("3600"), **then)
    second = one.invoice(issued, Line("360"), **then)
    one.payment(paid, "480", first, **now)
    one.payment(paid, "1440", first, **now)
    one.payment(paid, "2040", applied=[(paid, "1680", first), (paid, "360", second)], **now)
    one.owes(date(2016, 12, 31), "3960")
    one.owes(paid, "0")
    filters = {"as_of_date": paid, "account": "cash"}
    one.expect("trial_balance", filters, closing_base_amount="1980")


# -- Dolibarr ---------------------------------------------------------------------------------


@case(PRICES, "testCalculPriceTotal, Test1 FR", "EUR")
def tax_rounded(one: Case) -> None:
    one.invoice(TODAY, Line("1.24", rate="10"))
    one.balances(TODAY, receivable="1.36", revenue="-1.24", tax_payable="-0.12")


@case(PRICES, "testCalculPriceTotal, Test1b FR", "EUR")
def price_in_another_currency(one: Case) -> None:
    rate = "0.91571"  # 1 / 1.09205
    one.invoice(TODAY, Line("9.34795", "2", rate="10"), currency="USD", exchange_rate=rate)
    one.balances(TODAY, receivable="20.57", revenue="-18.70", tax_payable="-1.87")


@case(PRICES, "testCalculPriceTotal, Test1c FR", "EUR")
def price_translated(one: Case) -> None:
    one.invoice(TODAY, Line("20", "2", rate="10"), currency="USD", exchange_rate="0.915709")
    for account, base in (
        ("revenue", "-36.63"),
        ("tax_payable", "-3.66"),
        ("receivable", "40.29"),
    ):
        filters = {"as_of_date": TODAY, "account": account}
        one.expect("trial_balance", filters, closing_base_amount=base)


@case(PRICES, "testCalculPriceTotal, Test3 ES", "EUR")
def local_tax(one: Case) -> None:
    one.invoice(TODAY, Line("10", "10", tax="11.40"))
    one.balances(TODAY, receivable="111.40", revenue="-100", tax_payable="-11.40")


@case(PRICES, "testCalculPriceTotal, Test7 ES", "EUR")
def credit_note_with_tax(one: Case) -> None:
    one.credit_note(TODAY, "100", tax="10")
    one.owes(TODAY, "0", credit="110")
    one.expect("tax_summary", {"business_date": TODAY}, tax_amount="-10", credited_tax_amount="10")


@case(PRICES, "testCalculPriceTotal, Test9 CI", "EUR")
def local_tax_on_tax(one: Case) -> None:
    one.invoice(TODAY, Line("10", "10", tax="26.85"))
    one.balances(TODAY, receivable="126.85", tax_payable="-26.85")


@case(PRICES, "testUpdatePrice", "EUR")
def tax_rounded_per_line(one: Case) -> None:
    one.invoice(TODAY, *(Line("1.24", rate="10") for _ in range(2)))
    one.balances(TODAY, receivable="2.72", revenue="-2.48", tax_payable="-0.24")


# -- Invoice Ninja ----------------------------------------------------------------------------


@case(NINJA_REFUND, "testRefundAndAppliedAmounts")
def refund_and_applied_again(one: Case) -> None:
    payment = one.payment(days(-2), "500")
    invoice = one.invoice(days(-1), Line("300"))
    one.apply(days(-1), "300", invoice, payment)
    one.owes(days(-2), "0", credit="500")
    one.owes(days(-1), "0", credit="200")
    one.refund(TODAY, "300", payment_id=payment, invoice_id=invoice)
    one.owes(TODAY, "300", credit="200")
    one.apply(TOMORROW, "200", invoice, payment)
    one.owes(TOMORROW, "100")
    one.balances(TOMORROW, cash="200", unapplied_credit="0")


@case(NINJA_REFUND, "testBasicRefundValidation")
def refund_of_money_on_account(one: Case) -> None:
    """R4: the payment stays received on its day."""
    payment = one.payment(TODAY, "50", status="refunded")
    one.refund(TOMORROW, "50", payment_id=payment)
    one.owes(TODAY, "0", credit="50")
    one.owes(TOMORROW, "0")
    one.expect("collections_daily", {"business_date": TODAY}, cash_received_amount="50")
    one.expect("refunds_summary", {"business_date": TOMORROW}, refund_amount="50")


@case(NINJA_REFUND, "testRefundValidationWithValidInvoiceProvided")
def refund_of_a_payment_with_a_rest(one: Case) -> None:
    invoice = one.invoice(TODAY, Line("10"), Line("10"))
    payment = one.payment(TODAY, "50", applied=[(TODAY, "20", invoice)])
    one.owes(TODAY, "0", credit="30")
    one.refund(TOMORROW, "50", payment_id=payment, invoice_id=invoice)
    one.owes(TOMORROW, "20")
    one.balances(TOMORROW, cash="0", unapplied_credit="0")


@case(NINJA_REFUND, "testRefundsWhenCreditsArePresent")
def payment_with_a_credit(one: Case) -> None:
    """The refund opens the invoice. There it opens the credit first."""
    invoice = one.invoice(TODAY, Line("1000"))
    one.credit_note(TODAY, "100", invoice)
    payment = one.payment(TODAY, "900", invoice)
    one.owes(TODAY, "0")
    one.refund(TOMORROW, "10", payment_id=payment, invoice_id=invoice)
    one.owes(TOMORROW, "10")


@case(NINJA_INVOICE, "testGrossTaxAmountCalcuations")
def discount_of_the_document(one: Case) -> None:
    one.invoice(
        TODAY,
        Line("8000", discount="6487.31", rate="5"),
        Line("9500", discount="7703.69", rate="5"),
    )
    one.owes(TODAY, "3474.45")
    one.balances(TODAY, revenue="-17500", discounts="14191", tax_payable="-165.45")
    filters = {"business_date": TODAY}
    one.expect("discounts_summary", filters, gross_charge_amount="17500", discount_amount="14191")


@case(NINJA_INVOICE, "testTaskRoundingPrecisionThree")
def lines_rounded_half_up(one: Case) -> None:
    prices = ("0.333", "0.333", "1.333", "0.267", "0.05")
    one.invoice(TODAY, *(Line(price, "25") for price in prices))
    one.owes(TODAY, "57.92")


@case(NINJA_INVOICE, "testRoundingWithLargeUnitCostPrecision")
def tax_of_an_unrounded_price(one: Case) -> None:
    """V13: the rate is of what the line charges, 17.35; a tax of more digits is stated."""
    one.invoice(TODAY, Line("82.6446", rate="21", tax="17.36"))
    one.owes(TODAY, "100")


@case(NINJA_INVOICE, "testInclusiveRounding")
def tax_included(one: Case) -> None:
    one.invoice(TODAY, *(Line("42.02", rate="19", tax="7.98") for _ in range(2)))
    one.owes(TODAY, "100")
    one.balances(TODAY, tax_payable="-15.96")


@case(NINJA_INVOICE, "testInvoiceTotalsWithDiscountWithSurchargeWithExclusiveTax")
def discount_and_surcharge(one: Case) -> None:
    lines = (Line("10", discount="2.50", rate="10") for _ in range(2))
    one.invoice(TODAY, *lines, Line("5"))
    one.owes(TODAY, "21.50")


@case(NINJA_INVOICE, "testMarkPaidWithPartial")
def deposit(one: Case) -> None:
    invoice = one.invoice(TODAY, Line("50"), parts=[(TOMORROW, "5"), (days(10), "45")])
    _opens_in_parts(one, "5", "45")
    one.payment(TOMORROW, "50", invoice)
    one.owes(TOMORROW, "0")


# -- Tryton -----------------------------------------------------------------------------------

FORTY = (Line("40", "5", rate="10", code="10"), Line("20"))


@case(TRYTON, "Post invoice")
def posted_invoice(one: Case) -> None:
    one.invoice(TODAY, *FORTY, parts=[(days(20), "120"), (days(40), "120")])
    one.balances(TODAY, receivable="240", revenue="-220", tax_payable="-20")
    filters = {"business_date": TODAY, "tax_code": "10"}
    one.expect("tax_summary", filters, taxable_amount="200", tax_amount="20")
    one.opens(days(21), "120", bucket_code="days_1_30")


@case(TRYTON, "Credit invoice with refund")
def credited_invoice(one: Case) -> None:
    invoice = one.invoice(TODAY, *FORTY)
    lines = [row["id"] for row in one.rows["invoice_items"]]
    note = one.credit_note(TODAY, "200", invoice, tax="20", of_line=lines[0])
    one.add("credit_note_items", credit_note_id=note, net_amount="20", invoice_item_id=lines[1])
    filters = {"as_of_date": TODAY, "account": "receivable"}
    one.expect("trial_balance", filters, debit_amount="240", credit_amount="240")
    one.balances(TODAY, receivable="0", revenue="-220", credit_notes="220", tax_payable="0")
    filters = {"business_date": TODAY, "tax_code": "10"}
    one.expect("tax_summary", filters, charged_tax_amount="20", credited_tax_amount="20")


@case(TRYTON, "Pay invoice")
def paid_invoice(one: Case) -> None:
    invoice = one.invoice(TODAY, *FORTY)
    for amount in ("120", "20", "99"):
        one.payment(TODAY, amount, invoice)
    one.write_off(TODAY, "1", invoice, "small_balance")
    one.owes(TODAY, "0")
    one.expect(
        "ar_roll_forward",
        {"as_of_date": TODAY},
        billed_amount="240",
        applied_amount="239",
        written_off_amount="1",
        closing_amount="0",
    )


@case(TRYTON, "Create some complex invoice and test its taxes base rounding")
def invoice_of_nothing(one: Case) -> None:
    one.invoice(TODAY, *(Line("0.0035", rate="10") for _ in range(2)))
    one.payment(TODAY, "1")
    one.owes(TODAY, "0", credit="1")
    one.expect("income_statement", {"account": "revenue"}, amount="0")


@case(OVERPAID, "Overpay the invoice with write-off")
def overpaid_with_write_off(one: Case) -> None:
    """What is given to the hospital is no document here: it stays unapplied credit."""
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "110", applied=[(TODAY, "100", invoice)])
    one.balances(TODAY, receivable="0", unapplied_credit="-10")


@case(OVERPAID, "Overpay the invoice without write-off")
def overpaid_without_write_off(one: Case) -> None:
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "110", invoice)
    one.balances(TODAY, receivable="-10")


@case(WITH_CREDIT, "Create invoice")
def line_of_a_negative_quantity(one: Case) -> None:
    """The line that takes back is a credit note of the same day, as its taxes are there."""
    day = date(2026, 1, 1)
    invoice = one.invoice(day, Line("10", "5", rate="10"))
    one.credit_note(day, "10", invoice, tax="1")
    one.balances(day, receivable="44", revenue="-50", credit_notes="10", tax_payable="-4")
    filters = {"as_of_date": day, "account": "tax_payable"}
    one.expect("trial_balance", filters, debit_amount="1", credit_amount="5")
    filters = {"month_start_date": day, "department_id": 0}
    one.expect("revenue_by_department", filters, net_revenue_amount="40")


@case(ALTERNATE, "Create invoice with alternate currency")
def alternate_currency(one: Case) -> None:
    money = {"currency": "EUR", "exchange_rate": "0.5"}
    one.invoice(TODAY, Line("80", "5", rate="10"), Line("20"), **money)
    one.balances(TODAY, receivable="460", revenue="-420", tax_payable="-40")


@case(ALTERNATE, "Create invoice with alternate currency and negative taxes")
def negative_tax(one: Case) -> None:
    """A tax that is withheld is no tax of the hospital's: what it takes is written off."""
    invoice = one.invoice(TODAY, Line("80", "5"), currency="EUR", exchange_rate="0.5")
    one.write_off(TODAY, "40", invoice, "other", currency="EUR", exchange_rate="0.5")
    one.owes(TODAY, "360")


# -- Kill Bill --------------------------------------------------------------------------------

MONTHLY = Line("249.95")
IN_MAY, IN_JUNE = date(2012, 5, 31), date(2012, 6, 30)


@case(KILL_BILL, "testPartialPayments")
def partial_payments(one: Case) -> None:
    second = one.invoice(IN_MAY, MONTHLY)
    one.payment(IN_MAY, "10", second, method="card")
    third = one.invoice(IN_JUNE, MONTHLY)
    one.payment(IN_JUNE, "249.95", third, method="card")
    one.owes(IN_MAY, "239.95")
    one.opens(IN_JUNE, "239.95", invoice_id=second)
    one.owes(IN_JUNE, "239.95")
    one.payment(date(2012, 7, 1), "239.95", second, method="card")
    one.owes(date(2012, 7, 1), "0")


@case(KILL_BILL, "testPartialRefunds")
def partial_refunds(one: Case) -> None:
    """R5: an adjustment is a credit note beside the refund."""
    invoice = one.invoice(IN_MAY, MONTHLY)
    payment = one.payment(IN_MAY, "249.95", invoice, status="partially_refunded")
    for day, amount, is_adjusted in ((1, "10", False), (2, "1", True), (3, "10", True)):
        refunded = date(2012, 6, day)
        one.refund(refunded, amount, payment_id=payment, invoice_id=invoice)
        if is_adjusted:
            one.credit_note(refunded, amount, invoice)
        one.owes(refunded, "10")
    one.balances(IN_JUNE, cash="228.95", credit_notes="11", unapplied_credit="0")


@case(KILL_BILL, "testPartialPaymentByPaymentPluginThenChargebackThenChargebackReversal")
def chargeback(one: Case) -> None:
    invoice = one.invoice(IN_MAY, MONTHLY)
    voided = noon(date(2012, 6, 1))
    one.payment(IN_MAY, "10", invoice, method="card", status="voided", voided_at=voided)
    one.payment(date(2012, 6, 2), "10", invoice, method="card")
    for day, amount in ((IN_MAY, "239.95"), (date(2012, 6, 1), "249.95"), (IN_JUNE, "239.95")):
        one.owes(day, amount)


@case(KILL_BILL, "testPartialRefundsOnPartialPayments")
def refunds_of_two_payments(one: Case) -> None:
    day = date(2012, 4, 1)
    invoice = one.invoice(day, Line("10"))
    for amount in ("4", "6"):
        payment = one.payment(day, amount, invoice, status="refunded")
        one.refund(date(2012, 4, 2), amount, payment_id=payment, invoice_id=invoice)
        one.credit_note(date(2012, 4, 2), amount, invoice)
    one.owes(day, "0")
    one.owes(date(2012, 4, 2), "0")
    one.balances(date(2012, 4, 2), cash="0", revenue="-10", credit_notes="10")


# -- Frappe Health, Lago ----------------------------------------------------------------------


@case(CLAIM, "test_insurance_claim", "INR")
def insurance_claim(one: Case) -> None:
    payer = one.add("insurance_payers", name="Payer", payer_type="insurance", terms_days=30)
    invoice = one.invoice(TODAY, Line("400", payer_amount="320"), payer_id=payer)
    one.add(
        "insurance_claims",
        invoice_id=invoice,
        payer_id=payer,
        currency_code="INR",
        claimed_amount="320",
        approved_amount="320",
        paid_amount="320",
        status="paid",
        submitted_at=noon(TODAY),
        decided_at=noon(TOMORROW),
    )
    one.payment(days(2), "320", invoice, payer_id=payer, method="insurance")
    one.owes(TODAY, "80", share="patient")
    one.owes(TODAY, "320", share="payer")
    one.owes(days(2), "80", share="patient")
    one.owes(days(2), "0", share="payer")
    one.expect("denials", {}, denied_amount="0")


@case(WALLET, "updates wallet balance", "EUR")
def wallet_balance(one: Case) -> None:
    """V4: what is paid into a wallet is owed, and no revenue."""
    wallet = one.add("wallets", patient_id=one.patient, currency_code="EUR")
    for day, amount, status in (
        (days(-1), "10", "completed"),
        (TODAY, "15", "completed"),
        (TODAY, "7", "pending"),
    ):
        one.add(
            "wallet_transactions",
            wallet_id=wallet,
            patient_id=one.patient,
            type="top_up",
            method="card",
            currency_code="EUR",
            amount=amount,
            status=status,
            transacted_at=noon(day),
        )
    one.expect("wallet_liability", {"as_of_date": TODAY}, closing_amount="25")
    one.balances(TODAY, cash="25", wallet_liability="-25", revenue="0")


@case(WALLET, "updates wallet balance, in a currency without decimals, and uses it", "JPY")
def wallet_used(one: Case) -> None:
    wallet = one.add("wallets", patient_id=one.patient, currency_code="JPY")
    invoice = one.invoice(TODAY, Line("18.40", rate="10"))
    for kind, amount, to in (("top_up", "25", None), ("payment", "15", invoice)):
        one.add(
            "wallet_transactions",
            wallet_id=wallet,
            patient_id=one.patient,
            type=kind,
            method="cash",
            invoice_id=to,
            currency_code="JPY",
            amount=amount,
            status="completed",
            transacted_at=noon(TODAY),
        )
    one.owes(TODAY, "5")  # 18 and 2 of tax
    one.expect("wallet_liability", {"as_of_date": TODAY}, closing_amount="10", use_amount="15")


# -- what the README of the files says beyond them ---------------------------------------------


@case(DOCUMENTED, "its status")
def statuses(one: Case) -> None:
    for status in ("draft", "issued", "partially_paid", "paid"):
        one.invoice(TODAY, HUNDRED, status=status)
    one.invoice(TODAY, HUNDRED, status="void", voided_at=noon(TOMORROW))
    one.owes(TODAY, "400")
    one.owes(TOMORROW, "300")


@case(DOCUMENTED, "patient and payer")
def customer_who_is_a_payer(one: Case) -> None:
    payer = one.add("insurance_payers", name="Customer", payer_type="corporate", terms_days=14)
    whole = Line("100", rate="20", payer_amount="120")
    invoice = one.invoice(TODAY, whole, patient_id=None, payer_id=payer)
    one.payment(TOMORROW, "50", invoice, patient_id=None, payer_id=payer, method="transfer")
    one.owes(TOMORROW, "70", share="payer")
    one.owes(TOMORROW, "0", share="patient")
    one.opens(days(15), "70", debtor_id=payer, days_past_due=1, due_date_rule="terms")


@case(DOCUMENTED, "write-off that is recovered")
def recovered(one: Case) -> None:
    first, second = one.invoice(TODAY, HUNDRED), one.invoice(TODAY, HUNDRED)
    one.write_off(TODAY, "100", first, "bad_debt")
    one.write_off(TOMORROW, "30", first, "recovery")
    one.write_off(TODAY, "100", second, "bad_debt", reversed_at=noon(TOMORROW))
    one.owes(TODAY, "0")
    one.owes(TOMORROW, "100")
    one.balances(TOMORROW, write_offs="100", recoveries="-30", cash="30")


@case(DOCUMENTED, "wallet")
def wallet(one: Case) -> None:
    """R6: the use that a payment names counts once."""
    invoice = one.invoice(TODAY, HUNDRED)
    used = [
        one.add(
            "wallet_transactions",
            patient_id=one.patient,
            type=kind,
            method="card",
            invoice_id=to,
            currency_code="USD",
            amount=amount,
            status="completed",
            transacted_at=noon(TODAY),
        )
        for kind, amount, to in (
            ("top_up", "200", None),
            ("payment", "60", invoice),
            ("payment", "40", invoice),
            ("refund", "15", invoice),
            ("withdrawal", "70", None),
        )
    ]
    one.payment(TODAY, "60", invoice, method="wallet", wallet_transaction_id=used[1])
    one.owes(TODAY, "15")
    one.balances(TODAY, cash="130", wallet_liability="-45", receivable="15")


@case(DOCUMENTED, "receipt of which a part goes into the wallet")
def receipt_partly_into_the_wallet(one: Case) -> None:
    """R6: its money counts once, whichever of the two rows names the other."""
    invoice = one.invoice(TODAY, HUNDRED)
    first = one.payment(TODAY, "130", applied=[(TODAY, "100", invoice)])
    topped_up = [
        one.add(
            "wallet_transactions",
            patient_id=one.patient,
            type="top_up",
            payment_id=payment,
            currency_code="USD",
            amount=amount,
            status="completed",
            transacted_at=noon(TODAY),
        )
        for payment, amount in ((first, "30"), (None, "50"), (None, "7"))
    ]
    one.payment(TODAY, "50", wallet_transaction_id=topped_up[1])
    one.owes(TODAY, "0")
    one.balances(TODAY, cash="187", wallet_liability="-87", receivable="0", unapplied_credit="0")
    one.expect("collections_daily", {"business_date": TODAY}, collection_amount="100")


@case(DOCUMENTED, "foreign currency")
def payment_in_another_currency(one: Case) -> None:
    """A10."""
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "90", invoice, currency="EUR", exchange_rate="1.1")
    one.owes(TODAY, "100", currency_code="USD")
    one.owes(TODAY, "0", credit="90", currency_code="EUR")


@case(DOCUMENTED, "stock")
def transfer(one: Case) -> None:
    store = one.store()
    ward = one.add("locations", name="Ward", location_type="storage")
    one.move(TODAY, "10", "2", store, "receipt")
    one.move(TOMORROW, "-4", "2", store, "transfer_out")
    one.move(TOMORROW, "4", "2", (store[0], ward), "transfer_in")
    for place, quantity in ((store[1], "6"), (ward, "4")):
        filters = {"as_of_date": TOMORROW, "location_id": place}
        one.expect("current_stock", filters, quantity=quantity)
    one.expect("current_stock", {"as_of_date": TOMORROW}, quantity="10", value_amount="20")


@case(DOCUMENTED, "refund of a credit note")
def refund_of_a_credit_note(one: Case) -> None:
    """A7: what the credit note had settled is owed again, its rest is not."""
    invoice = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "70", invoice)
    note = one.credit_note(TODAY, "50", invoice)
    one.owes(TODAY, "0", credit="20")
    one.refund(TOMORROW, "20", credit_note_id=note)
    one.owes(TOMORROW, "0")
    one.balances(TOMORROW, cash="50", credit_notes="50")


@case(DOCUMENTED, "refund of a payment")
def refunds_in_turn(one: Case) -> None:
    """Each refund counts those before it, until they are voided."""
    invoice = one.invoice(TODAY, Line("60"))
    payment = one.payment(TODAY, "100", applied=[(TODAY, "60", invoice)])
    voided = noon(days(4))
    one.refund(TOMORROW, "30", payment_id=payment, status="voided", voided_at=voided)
    one.refund(days(2), "25", payment_id=payment, invoice_id=invoice)
    one.refund(days(3), "20", payment_id=payment)
    one.refund(days(4), "40", payment_id=payment)
    for day, owed, credit in (
        (TODAY, "0", "40"),
        (TOMORROW, "0", "10"),
        (days(2), "25", "10"),
        (days(3), "35", "0"),
        (days(4), "45", "0"),
    ):
        one.owes(day, owed, credit=credit)


@case(DOCUMENTED, "refund of a payment of the payer")
def refund_of_the_payers_receipt(one: Case) -> None:
    """A8, R4: what is given back of the payer's money opens the payer's part, whoever gets it."""
    payer = one.add("insurance_payers", name="Payer", payer_type="insurance", terms_days=0)
    stranger = one.add("patients", full_name="Somebody else")
    invoice = one.invoice(TODAY, Line("100", payer_amount="60"), payer_id=payer)
    paid = one.payment(TODAY, "60", invoice, payer_id=payer, method="insurance")
    on_account = one.payment(TODAY, "30")
    one.refund(TOMORROW, "25", payment_id=paid, invoice_id=invoice)
    one.refund(days(2), "30", payment_id=on_account, patient_id=stranger)
    for day, of_payer, credit in (
        (TODAY, "0", "30"),
        (TOMORROW, "25", "30"),
        (days(2), "25", "0"),
    ):
        one.owes(day, "40", credit=credit, share="patient")
        one.owes(day, of_payer, share="payer")
    filters = {"as_of_date": days(2), "debtor_id": one.patient}
    one.expect("unapplied_credits", filters, unapplied_credit_amount="0")


@case(DOCUMENTED, "refund of a credit note that had reduced the other share")
def refund_of_what_reduced_the_other_share(one: Case) -> None:
    """A7, A8: the patient's credit had reduced the payer's part, which is owed again."""
    payer = one.add("insurance_payers", name="Payer", payer_type="insurance", terms_days=0)
    invoice = one.invoice(TODAY, Line("100", payer_amount="60"), payer_id=payer)
    one.payment(TODAY, "40", invoice)
    note = one.credit_note(TODAY, "10", invoice)
    one.refund(TOMORROW, "6", credit_note_id=note)
    one.refund(days(2), "9", credit_note_id=note)
    for day, of_payer, credit in (
        (TODAY, "50", "0"),
        (TOMORROW, "56", "0"),
        (days(2), "60", "-5"),
    ):
        one.owes(day, "0", credit=credit, share="patient")
        one.owes(day, of_payer, share="payer")
    one.balances(days(2), credit_transfer="0", unapplied_credit="5", receivable="60", cash="25")


@case(DOCUMENTED, "payment in advance for what another owes")
def money_of_another(one: Case) -> None:
    """A1: until it is applied the money is credit of who paid; a refund of it is, too."""
    parent = one.add("patients", number="2")
    invoice = one.invoice(TODAY, HUNDRED)
    paid = one.payment(TODAY, "80", patient_id=parent, applied=[(days(2), "50", invoice)])
    one.refund(days(3), "45", payment_id=paid, invoice_id=invoice)
    for day, owed, credit in (
        (TOMORROW, "100", "80"),
        (days(2), "50", "30"),
        (days(3), "95", "30"),
    ):
        one.owes(day, owed, credit=credit)
        one.owed_by(one.patient, day, owed, "0")
        one.owed_by(parent, day, "0", credit)


@case(DOCUMENTED, "credit used on what another owes")
def credit_note_of_another(one: Case) -> None:
    """A1, A7: until it is allocated the credit is of whose the credit note is."""
    parent = one.add("patients", number="2")
    invoice = one.invoice(TODAY, HUNDRED)
    note = one.credit_note(TODAY, "30", patient_id=parent)
    one.use(TOMORROW, "20", invoice, note)
    for day, owed, credit in ((TODAY, "100", "30"), (TOMORROW, "80", "10")):
        one.owed_by(one.patient, day, owed, "0")
        one.owed_by(parent, day, "0", credit)


@case(DOCUMENTED, "wallet used for what another owes")
def wallet_of_another(one: Case) -> None:
    """V4: the wallet is whose it is, and so is what is put back into it."""
    parent = one.add("patients", number="2")
    invoice = one.invoice(TODAY, HUNDRED)
    paid = one.payment(TODAY, "30", invoice)
    for kind, amount, columns in (
        ("top_up", "100", {"method": "cash"}),
        ("payment", "70", {"invoice_id": invoice}),
        ("refund", "20", {"payment_id": paid}),
    ):
        one.add(
            "wallet_transactions",
            patient_id=parent,
            type=kind,
            currency_code="USD",
            amount=amount,
            status="completed",
            transacted_at=noon(TODAY),
            **columns,
        )
    one.owes(TODAY, "20")
    for patient, left in ((parent, "50"), (one.patient, "0")):
        filters = {"as_of_date": TODAY, "patient_id": patient}
        one.expect("wallet_liability", filters, closing_amount=left)
    one.balances(TODAY, credit_transfer="0", wallet_liability="-50", cash="130")
    used = one.add(
        "wallet_transactions",
        patient_id=parent,
        type="payment",
        currency_code="USD",
        amount="15",
        status="completed",
        transacted_at=noon(TOMORROW),
    )
    one.payment(TOMORROW, "15", invoice, method="wallet", wallet_transaction_id=used)
    one.owes(TOMORROW, "5")
    filters = {"as_of_date": TOMORROW, "patient_id": parent}
    one.expect("wallet_liability", filters, closing_amount="35")


@case(DOCUMENTED, "credit used on another invoice")
def allocated_credit_note(one: Case) -> None:
    """A7: first what exceeds the own invoice, which is then open again; a void takes all back."""
    own = one.invoice(TODAY, HUNDRED)
    one.payment(TODAY, "70", own)
    voided = noon(days(3))
    note = one.credit_note(TODAY, "50", own, status="void", voided_at=voided)
    other = one.invoice(TODAY, HUNDRED)
    one.use(TOMORROW, "15", other, note)
    one.use(days(2), "20", other, note)
    for day, of_own, of_other, credit in (
        (TODAY, "0", "100", "20"),
        (TOMORROW, "0", "85", "5"),
        (days(2), "15", "65", "0"),
        (days(3), "30", "100", "0"),
    ):
        one.opens(day, of_own, invoice_id=own)
        one.owes(day, str(int(of_own) + int(of_other)), credit=credit)
    filters = {"as_of_date": days(2)}
    one.expect("ar_roll_forward", filters, credited_amount="50", applied_amount="70")
