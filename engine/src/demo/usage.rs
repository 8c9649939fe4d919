//! What accounts use, to the millionth of a dollar a day; usage rows and invoices share it.

use chrono::{Datelike, NaiveDate, Weekday};

use super::calendar::{Calendar, DAY_MINUTES, epoch_days};
use super::company::{Account, Company, Plan};

/// Days of usage rows, today included: two windows of 30 days and a month to spare.
pub const USAGE_DAYS: u64 = 91;

/// A thing that is metered.
#[derive(Debug)]
pub struct Product {
    /// The key, as in `lake.seed.product_classification`.
    pub key: &'static str,
    pub name: &'static str,
    pub family: &'static str,
    /// What the quantity counts; empty for plans.
    pub unit: &'static str,
    /// List price of one unit in dollars; for plans that of a month.
    pub price: f64,
    /// What an account of size 1 uses, in dollars a day; 0 for plans.
    dollars_a_day: f64,
    /// How many accounts use it, of a thousand.
    share: u64,
    /// Whether people stop using it at weekends.
    weekly: bool,
}

const fn metered(
    key: &'static str,
    name: &'static str,
    family: &'static str,
    (unit, price): (&'static str, f64),
    (dollars_a_day, share, weekly): (f64, u64, bool),
) -> Product {
    Product {
        key,
        name,
        family,
        unit,
        price,
        dollars_a_day,
        share,
        weekly,
    }
}

const fn plan(key: &'static str, name: &'static str, price: f64) -> Product {
    metered(key, name, "Plans", ("", price), (0.0, 0, false))
}

/// All products; the metered ones stand first.
pub const PRODUCTS: &[Product] = &[
    metered(
        "r2_storage",
        "R2 storage",
        "Storage",
        ("GB-month", 0.015),
        (1.6, 550, false),
    ),
    metered(
        "r2_class_a",
        "R2 class A operations",
        "Storage",
        ("million operations", 4.5),
        (0.5, 500, true),
    ),
    metered(
        "r2_class_b",
        "R2 class B operations",
        "Storage",
        ("million operations", 0.36),
        (0.3, 520, true),
    ),
    metered(
        "workers_requests",
        "Workers requests",
        "Compute",
        ("million requests", 0.30),
        (0.9, 600, true),
    ),
    metered(
        "workers_cpu",
        "Workers CPU time",
        "Compute",
        ("million CPU-ms", 0.02),
        (0.6, 580, true),
    ),
    metered(
        "cdn_requests",
        "CDN requests",
        "Delivery",
        ("million requests", 0.10),
        (0.7, 800, true),
    ),
    metered(
        "cdn_bandwidth",
        "CDN bandwidth",
        "Delivery",
        ("GB", 0.01),
        (1.2, 800, true),
    ),
    plan("plan_free", "Free plan", 0.0),
    plan("plan_pro", "Pro plan", 20.0),
    plan("plan_business", "Business plan", 200.0),
    plan("plan_enterprise", "Enterprise contract", 1000.0),
];

impl Product {
    /// Whether it is billed by use.
    pub fn is_metered(&self) -> bool {
        self.share > 0
    }
}

/// One account's use of one product.
#[derive(Debug, Clone, Copy)]
pub struct Series {
    /// Index into the company's accounts.
    pub account: usize,
    /// Index into `PRODUCTS`.
    pub product: usize,
}

/// Every series of the company, by account and product.
pub fn all_series(company: &Company) -> Vec<Series> {
    let mut series = Vec::new();
    for (account, owner) in company.accounts.iter().enumerate() {
        for (product, metered) in PRODUCTS.iter().enumerate() {
            let drawn = company
                .seed
                .cell(&[1, account as u64, product as u64])
                .checked_rem(1000)
                .unwrap_or(0);
            let share = match owner.plan {
                Plan::Free => metered.share / 3,
                _ => metered.share,
            };
            if drawn < share {
                series.push(Series { account, product });
            }
        }
    }
    series
}

/// What the series comes to on a whole day, in millionths of a dollar: what was used at list price.
pub fn used_micros(company: &Company, series: Series, day: NaiveDate) -> u64 {
    let (Some(account), Some(product)) = (
        company.accounts.get(series.account),
        PRODUCTS.get(series.product),
    ) else {
        return 0;
    };
    if !account.open_on(day) {
        return 0;
    }
    let (a, p) = (series.account as u64, series.product as u64);
    // From one series to the next, 30 days bring a loss of 15 % up to a gain of 35 %.
    let growth = 0.85 + 0.5 * company.seed.fraction(&[2, a, p]);
    let days_back = f64::from(epoch_days(company.calendar.today()) - epoch_days(day));
    let trend = growth.powf(-days_back / 30.0).clamp(0.02, 20.0);
    let weekend = product.weekly && matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    let day_number = u64::try_from(epoch_days(day)).unwrap_or(0);
    let noise = company.seed.fraction(&[3, a, p, day_number]);
    let swing = if product.weekly { 0.3 } else { 0.04 };
    let dollars = product.dollars_a_day
        * account.size
        * trend
        * if weekend { 0.75 } else { 1.0 }
        * (1.0 - swing / 2.0 + swing * noise);
    (dollars * 1e6) as u64
}

/// What of it is billed: nothing on the free plan.
pub fn billed_micros(account: &Account, used: u64) -> u64 {
    match account.plan {
        Plan::Free => 0,
        _ => used,
    }
}

/// One row of `lake.billing.usage`.
#[derive(Debug, Clone, Copy)]
pub struct UsageRow {
    /// Minutes since midnight.
    pub minute: i64,
    pub account_id: i64,
    /// Index into `PRODUCTS`.
    pub product: usize,
    pub quantity: f64,
    pub cost_micros: i64,
}

/// The usage rows of a day, by minute, account and product. They add up to `billed_micros` of the
/// day exactly; for today, to the share of the day that is over.
pub fn usage_of(company: &Company, series: &[Series], day: NaiveDate) -> Vec<UsageRow> {
    let calendar = company.calendar;
    let minutes = minutes_of(calendar, day);
    let mut rows = Vec::new();
    for one in series {
        let (Some(account), Some(product)) =
            (company.accounts.get(one.account), PRODUCTS.get(one.product))
        else {
            continue;
        };
        let whole_day = used_micros(company, *one, day);
        if whole_day == 0 {
            continue;
        }
        let used = whole_day * minutes.unsigned_abs() / DAY_MINUTES.unsigned_abs();
        let billed = billed_micros(account, used);
        let count = reports_a_day(account, calendar, day).min(minutes);
        let shift = company
            .seed
            .cell(&[4, account.id.unsigned_abs(), one.product as u64]);
        for index in 0..count {
            // The i-th of n slots of the day, somewhere inside it: minutes are never the same.
            let (from, to) = (index * minutes / count, (index + 1) * minutes / count);
            let width = (to - from).max(1).unsigned_abs();
            let within = shift.rotate_left(u32::try_from(index % 64).unwrap_or(0)) % width;
            let used_here = share(used, index, count);
            rows.push(UsageRow {
                minute: from + i64::try_from(within).unwrap_or(0),
                account_id: account.id,
                product: one.product,
                quantity: used_here as f64 / 1e6 / product.price,
                cost_micros: i64::try_from(share(billed, index, count)).unwrap_or(0),
            });
        }
    }
    rows.sort_by_key(|row| (row.minute, row.account_id, row.product));
    rows
}

/// The i-th of n parts of a whole; the parts add up to it.
fn share(whole: u64, index: i64, count: i64) -> u64 {
    let (index, count) = (index.unsigned_abs(), count.unsigned_abs().max(1));
    whole * (index + 1) / count - whole * index / count
}

/// Minutes of the day that the data covers.
fn minutes_of(calendar: Calendar, day: NaiveDate) -> i64 {
    if day == calendar.today() {
        calendar.minutes_today()
    } else {
        DAY_MINUTES
    }
}

/// How many minutes of a day have a row. A meter reports when there is something to report, so
/// large accounts report more often, and the last two days are not thinned out yet.
fn reports_a_day(account: &Account, calendar: Calendar, day: NaiveDate) -> i64 {
    let usual = (1.0 + 1.2 * (1.0 + account.size).log2())
        .round()
        .clamp(1.0, 10.0) as i64;
    if day >= calendar.days_ago(1) {
        usual * 4
    } else {
        usual
    }
}
