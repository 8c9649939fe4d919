//! Invoices from subscriptions and usage, and their allocation to months.

use chrono::NaiveDate;

use super::calendar::{days_later, first_of_month, micros, months_later};
use super::company::{Company, Plan};
use super::usage::{PRODUCTS, all_series, billed_micros, used_micros};

/// Whole months of invoices before this one.
///
/// The first month of the last quarter may lie five months back, and a year that was billed eleven
/// months before it still counts in it.
pub const INVOICE_MONTHS: u32 = 18;

/// One line of an invoice: one product for one period.
#[derive(Debug, Clone)]
pub struct InvoiceLine {
    pub invoice_id: i64,
    pub line_number: i32,
    /// Index into the company's accounts.
    pub account: usize,
    pub product: &'static str,
    pub annual: bool,
    /// First day.
    pub from: NaiveDate,
    /// The day after the last.
    pub to: NaiveDate,
    pub issued_at_micros: i64,
    pub amount_cents: i64,
    pub status: &'static str,
}

/// A part of a line that belongs to one month.
#[derive(Debug, Clone)]
pub struct Allocation<'a> {
    pub line: &'a InvoiceLine,
    /// First day of the month.
    pub month: NaiveDate,
    pub cents: i64,
}

/// Lines before they are put on invoices: by the month in which they are issued.
struct Draft {
    account: usize,
    product: &'static str,
    annual: bool,
    from: NaiveDate,
    to: NaiveDate,
    issued_on: NaiveDate,
    amount_cents: i64,
}

/// All invoice lines, by time of issue and account. One invoice per account and month of issue.
pub fn invoice_lines(company: &Company) -> Vec<InvoiceLine> {
    let mut drafts = subscription_drafts(company);
    drafts.extend(usage_drafts(company));
    drafts.sort_by_key(|draft| (draft.issued_on, draft.account, draft.product));
    let mut lines: Vec<InvoiceLine> = Vec::with_capacity(drafts.len());
    let mut invoice_id = 700_000;
    for draft in drafts {
        let same_invoice = lines.last().filter(|last| {
            last.account == draft.account
                && last.issued_at_micros == issue_moment(company, draft.issued_on)
        });
        let line_number = match same_invoice {
            Some(last) => last.line_number + 1,
            None => {
                invoice_id += 1;
                1
            }
        };
        lines.push(InvoiceLine {
            invoice_id,
            line_number,
            account: draft.account,
            product: draft.product,
            annual: draft.annual,
            from: draft.from,
            to: draft.to,
            issued_at_micros: issue_moment(company, draft.issued_on),
            amount_cents: draft.amount_cents,
            status: status(company, invoice_id, draft.issued_on),
        });
    }
    lines
}

/// The lines by month: a month's line as it is, a year's line in twelve equal parts.
pub fn allocations(lines: &[InvoiceLine]) -> Vec<Allocation<'_>> {
    let mut allocations: Vec<Allocation<'_>> = lines
        .iter()
        .flat_map(|line| {
            let parts: u32 = if line.annual { 12 } else { 1 };
            (0..parts).map(move |index| Allocation {
                line,
                month: months_later(first_of_month(line.from), index),
                cents: line.amount_cents / i64::from(parts),
            })
        })
        .collect();
    allocations.sort_by_key(|part| (part.month, part.line.invoice_id, part.line.line_number));
    allocations
}

/// Plans are paid in advance: on the first of the month, or of the month a year began in.
fn subscription_drafts(company: &Company) -> Vec<Draft> {
    let calendar = company.calendar;
    let mut drafts = Vec::new();
    for subscription in &company.subscriptions {
        let Some(account) = company.accounts.get(subscription.account) else {
            continue;
        };
        let step = if subscription.annual { 12 } else { 1 };
        let start = first_of_month(subscription.started_on);
        let mut period = 0;
        loop {
            let from = months_later(start, period * step);
            if from > calendar.this_month() {
                break;
            }
            period += 1;
            let over = subscription.ended_on.is_some_and(|ended| from >= ended);
            if over || from < calendar.months_ago(INVOICE_MONTHS) {
                continue;
            }
            drafts.push(Draft {
                account: subscription.account,
                product: account.plan.product(),
                annual: subscription.annual,
                from,
                to: months_later(from, step),
                // Nobody is billed before signing up.
                issued_on: from.max(subscription.started_on),
                amount_cents: subscription.price_cents,
            });
        }
    }
    drafts
}

/// Usage is billed on the first of the next month, to the cent.
fn usage_drafts(company: &Company) -> Vec<Draft> {
    let calendar = company.calendar;
    let mut drafts = Vec::new();
    for series in all_series(company) {
        let (Some(account), Some(product)) = (
            company.accounts.get(series.account),
            PRODUCTS.get(series.product),
        ) else {
            continue;
        };
        if account.plan == Plan::Free {
            continue;
        }
        for back in (1..=INVOICE_MONTHS).rev() {
            let from = calendar.months_ago(back);
            let to = months_later(from, 1);
            if account.created_on >= to || account.closed_on.is_some_and(|closed| closed <= from) {
                continue;
            }
            let mut total = 0;
            let mut day = from;
            while day < to {
                total += billed_micros(account, used_micros(company, series, day));
                day = days_later(day, 1);
            }
            let amount_cents = i64::try_from((total + 5_000) / 10_000).unwrap_or(0);
            if amount_cents > 0 {
                drafts.push(Draft {
                    account: series.account,
                    product: product.key,
                    annual: false,
                    from,
                    to,
                    issued_on: to,
                    amount_cents,
                });
            }
        }
    }
    drafts
}

/// Invoices go out at six in the morning, and none is of the future.
fn issue_moment(company: &Company, day: NaiveDate) -> i64 {
    (micros(day) + 6 * 3_600_000_000).min(company.calendar.as_of_micros())
}

fn status(company: &Company, invoice_id: i64, issued_on: NaiveDate) -> &'static str {
    let drawn = company.seed.cell(&[5, invoice_id.unsigned_abs()]) % 100;
    if issued_on > company.calendar.days_ago(30) {
        if drawn < 60 { "paid" } else { "open" }
    } else if drawn < 97 {
        "paid"
    } else {
        "overdue"
    }
}
