//! The company's customers: who they are, what they bought. Every table is made from this.

use chrono::NaiveDate;
use rand::Rng;

use super::calendar::{Calendar, days_later};
use super::lexicon::{
    COMPANY_FIRST, COMPANY_SECOND, COMPANY_SUFFIX, COUNTRIES, Country, INDUSTRIES,
};
use super::random::{Seed, pick, skewed, weighted, word};

/// Fewer accounts than this leave "the top 100 customers" without an answer.
const FEWEST_ACCOUNTS: usize = 300;

/// Accounts at scale 1.
const ACCOUNTS_AT_SCALE_1: f64 = 2_000.0;

/// How long ago the first customer signed up, in days.
const OLDEST_CUSTOMER_DAYS: u64 = 1_400;

/// The company's own accounts: they use a lot and pay with their own money.
const INTERNAL_ACCOUNTS: usize = 6;

/// Everything that the tables agree on.
#[derive(Debug)]
pub struct Company {
    pub seed: Seed,
    pub calendar: Calendar,
    pub customers: Vec<Customer>,
    pub accounts: Vec<Account>,
    pub subscriptions: Vec<Subscription>,
}

/// A legal entity.
#[derive(Debug)]
pub struct Customer {
    pub id: i64,
    pub name: String,
    /// Its main domain, under the reserved `.example`.
    pub domain: String,
    pub industry: &'static str,
    pub country: &'static Country,
    pub created_on: NaiveDate,
    pub internal: bool,
}

/// What the sales system knows about how an account pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    Contract,
    Paygo,
    Free,
    /// Nobody entered it.
    Unknown,
}

impl Terms {
    /// The sales system's word.
    pub fn known(self) -> Option<&'static str> {
        match self {
            Terms::Contract => Some("contract"),
            Terms::Paygo => Some("paygo"),
            Terms::Free => Some("free"),
            Terms::Unknown => None,
        }
    }

    /// The mart's word: who is unknown to sales pays as they go.
    pub fn customer_type(self) -> &'static str {
        self.known().unwrap_or("paygo")
    }
}

/// A plan that an account is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    Free,
    Pro,
    Business,
    Enterprise,
}

impl Plan {
    pub fn name(self) -> &'static str {
        match self {
            Plan::Free => "free",
            Plan::Pro => "pro",
            Plan::Business => "business",
            Plan::Enterprise => "enterprise",
        }
    }

    /// The product that its subscription is billed as.
    pub fn product(self) -> &'static str {
        match self {
            Plan::Free => "plan_free",
            Plan::Pro => "plan_pro",
            Plan::Business => "plan_business",
            Plan::Enterprise => "plan_enterprise",
        }
    }
}

/// What a customer uses the network under.
#[derive(Debug)]
pub struct Account {
    pub id: i64,
    /// Index into `customers`.
    pub customer: usize,
    pub name: String,
    pub plan: Plan,
    pub terms: Terms,
    pub created_on: NaiveDate,
    /// How much it uses, 1 being usual.
    pub size: f64,
    pub internal: bool,
    /// The day it was closed, if it was.
    pub closed_on: Option<NaiveDate>,
}

impl Account {
    /// Whether it was open on that day.
    pub fn open_on(&self, day: NaiveDate) -> bool {
        day >= self.created_on && self.closed_on.is_none_or(|closed| day < closed)
    }
}

/// A plan that is paid for, by the month or by the year.
#[derive(Debug)]
pub struct Subscription {
    pub id: i64,
    /// Index into `accounts`.
    pub account: usize,
    pub annual: bool,
    /// In cents, for one month or one year; a year's price divides by twelve.
    pub price_cents: i64,
    pub started_on: NaiveDate,
    pub ended_on: Option<NaiveDate>,
}

impl Company {
    /// The company of a seed, sized by `scale`, as it stands at the end of the calendar.
    pub fn new(seed: Seed, scale: f64, calendar: Calendar) -> Self {
        let count = ((ACCOUNTS_AT_SCALE_1 * scale).round() as usize).max(FEWEST_ACCOUNTS);
        let mut company = Company {
            seed,
            calendar,
            customers: Vec::new(),
            accounts: Vec::new(),
            subscriptions: Vec::new(),
        };
        company.add_internal();
        company.add_customers(count);
        company.add_subscriptions();
        company
    }

    /// The customer of an account.
    pub fn customer_of(&self, account: &Account) -> Option<&Customer> {
        self.customers.get(account.customer)
    }

    fn add_internal(&mut self) {
        let Some(country) = COUNTRIES.first() else {
            return;
        };
        let created_on = self.calendar.days_ago(OLDEST_CUSTOMER_DAYS);
        self.customers.push(Customer {
            id: 50_000,
            name: "Corp Example Networks".into(),
            domain: "corp.example".into(),
            industry: "software",
            country,
            created_on,
            internal: true,
        });
        let names = [
            "www",
            "dashboard",
            "staging",
            "observability",
            "build",
            "labs",
        ];
        for (index, name) in (0_i64..).zip(names).take(INTERNAL_ACCOUNTS) {
            self.accounts.push(Account {
                id: 100_000 + index,
                customer: 0,
                name: format!("Corp Example {name}"),
                plan: Plan::Enterprise,
                terms: Terms::Contract,
                created_on,
                size: 40.0,
                internal: true,
                closed_on: None,
            });
        }
    }

    fn add_customers(&mut self, accounts: usize) {
        let mut rng = self.seed.stream("customers");
        let countries: Vec<(&'static Country, u32)> =
            COUNTRIES.iter().map(|c| (c, c.weight)).collect();
        while self.accounts.len() < accounts {
            let number = self.customers.len();
            let Some(country) = weighted(&mut rng, &countries) else {
                return;
            };
            let first = word(&mut rng, COMPANY_FIRST);
            let second = word(&mut rng, COMPANY_SECOND);
            let suffix = word(&mut rng, COMPANY_SUFFIX);
            let slug = format!("{first}{second}").to_lowercase();
            // More companies than pairs of words: the number keeps domains apart.
            let domain = if rng.random_bool(0.5) {
                format!("{slug}{number}.example")
            } else {
                format!("{slug}-{number}.example")
            };
            let age = rng.random_range(0..OLDEST_CUSTOMER_DAYS);
            let created_on = self.calendar.days_ago(age);
            let name = format!("{first} {second}{suffix}");
            let ours = weighted(&mut rng, &[(1_usize, 80), (2, 13), (3, 5), (5, 2)]).unwrap_or(1);
            for index in 0..ours {
                let account_name = match index {
                    0 => name.clone(),
                    1 => format!("{name} staging"),
                    _ => format!("{name} {}", word(&mut rng, &["EU", "US", "APAC", "R&D"])),
                };
                let id = i64::try_from(self.accounts.len()).unwrap_or_default() + 100_000;
                let since = (created_on, age);
                let account = new_account(&mut rng, self.calendar, number, since, account_name, id);
                self.accounts.push(account);
            }
            self.customers.push(Customer {
                id: 50_000 + i64::try_from(number).unwrap_or_default(),
                name,
                domain,
                industry: pick(&mut rng, INDUSTRIES).copied().unwrap_or_default(),
                country,
                created_on,
                internal: false,
            });
        }
    }

    fn add_subscriptions(&mut self) {
        let mut rng = self.seed.stream("subscriptions");
        for (index, account) in self.accounts.iter().enumerate() {
            if account.plan == Plan::Free {
                continue;
            }
            let annual = match account.plan {
                Plan::Enterprise => true,
                _ => rng.random_bool(0.3),
            };
            let month_cents: i64 = match account.plan {
                Plan::Free => 0,
                Plan::Pro => 2_000,
                Plan::Business => 20_000,
                // Contracts are negotiated: from 1,000 to 20,000 dollars a month by size.
                Plan::Enterprise => {
                    100_000 * ((1.0 + account.size * 0.4).round() as i64).clamp(1, 20)
                }
            };
            // A year costs ten months.
            let price_cents = if annual {
                month_cents * 10 / 12 * 12
            } else {
                month_cents
            };
            self.subscriptions.push(Subscription {
                id: 300_000 + i64::try_from(self.subscriptions.len()).unwrap_or_default(),
                account: index,
                annual,
                price_cents,
                started_on: account.created_on,
                ended_on: account.closed_on,
            });
        }
    }
}

fn new_account(
    rng: &mut impl Rng,
    calendar: Calendar,
    customer: usize,
    (customer_since, customer_age): (NaiveDate, u64),
    name: String,
    id: i64,
) -> Account {
    let terms = weighted(
        rng,
        &[
            (Terms::Contract, 12),
            (Terms::Paygo, 36),
            (Terms::Free, 46),
            (Terms::Unknown, 6),
        ],
    )
    .unwrap_or(Terms::Free);
    let plan = match terms {
        Terms::Contract => Plan::Enterprise,
        Terms::Free => Plan::Free,
        Terms::Paygo | Terms::Unknown => {
            weighted(rng, &[(Plan::Pro, 7), (Plan::Business, 3)]).unwrap_or(Plan::Pro)
        }
    };
    let growth = match plan {
        Plan::Free => 0.1,
        Plan::Pro => 0.6,
        Plan::Business => 2.0,
        Plan::Enterprise => 6.0,
    };
    let later = rng.random_range(0..=customer_age.min(200));
    let created_on = days_later(customer_since, later).min(calendar.today());
    let closed_on = rng
        .random_bool(0.06)
        .then(|| days_later(created_on, rng.random_range(60..400)))
        .filter(|closed| *closed < calendar.today());
    Account {
        id,
        customer,
        name,
        plan,
        terms,
        created_on,
        size: growth * skewed(rng, 1.1),
        internal: false,
        closed_on,
    }
}
