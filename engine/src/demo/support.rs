//! Support tickets: what customers write, with what they should not have written.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::calendar::{DAY_MINUTES, MINUTE_MICROS, micros};
use super::company::{Account, Company, Plan};
use super::people::{Contact, ipv4};
use super::random::{weighted, word};

/// Days of tickets.
const TICKET_DAYS: u64 = 180;

/// A row of `files.support.tickets`.
#[derive(Debug)]
pub struct Ticket {
    pub id: i64,
    pub account_id: i64,
    pub created_at_micros: i64,
    pub closed_at_micros: Option<i64>,
    pub category: &'static str,
    pub priority: &'static str,
    pub status: &'static str,
    pub subject: String,
    pub body: String,
}

/// Texts by category: (subject, body). `{...}` is filled in; of the bodies, about every third asks
/// for something that identifies a person.
const TEXTS: &[(&str, &[(&str, &str)])] = &[
    (
        "billing",
        &[
            (
                "Charged twice this month",
                "We see two charges of ${amount} on invoice {invoice}. Please refund one of them.",
            ),
            (
                "Question about an invoice",
                "Hello, could you explain the R2 line on invoice {invoice}? It is higher than last month.",
            ),
            (
                "Change the billing contact",
                "Please send invoices to {email} from now on, {name} has left the company.",
            ),
            (
                "Card declined",
                "My card {card} was declined but the bank says all is well. Call me at {phone}.",
            ),
            (
                "Need a VAT invoice",
                "Our accountants need invoice {invoice} with the VAT number on it.",
            ),
            (
                "Refund to bank account",
                "Please refund to IBAN {iban}, account holder {name}.",
            ),
            (
                "Annual plan pricing",
                "What would we save on the annual plan? We pay ${amount} a month today.",
            ),
            (
                "Downgrade at the end of the term",
                "We would like to move {domain} to a smaller plan when the term ends.",
            ),
        ],
    ),
    (
        "technical",
        &[
            (
                "Worker returns 1101",
                "Since this morning our Worker on {domain} answers with error 1101 for one in ten requests.",
            ),
            (
                "Cache is not purged",
                "Purging by tag has no effect on {domain}. The HIT ratio stays at 98 %.",
            ),
            (
                "Blocked by mistake",
                "Our office address {ip} is blocked by a managed rule. Please look into it.",
            ),
            (
                "R2 uploads are slow",
                "Multipart uploads to R2 take 40 s for 100 MB, from two regions.",
            ),
            (
                "Login does not work",
                "{name} ({email}) cannot sign in since we moved to single sign-on.",
            ),
            (
                "DNS propagation",
                "How long until the new records of {domain} are visible everywhere?",
            ),
        ],
    ),
    (
        "abuse",
        &[
            (
                "Phishing page",
                "A page on {domain} imitates our login. Screenshots are attached.",
            ),
            (
                "Scraping from one network",
                "We see thousands of logins an hour, mostly from {ip} and its neighbours.",
            ),
            (
                "Threatening messages",
                "Someone keeps writing to {email} through the contact form and knows my number {phone}.",
            ),
        ],
    ),
    (
        "account",
        &[
            (
                "Remove a member",
                "Please remove {email} from our account, the offboarding is done.",
            ),
            (
                "Lost second factor",
                "I lost my phone. My name is {name}, you can reach me at {phone}.",
            ),
            (
                "Transfer a zone",
                "We want to move {domain} to our other account.",
            ),
            (
                "Close the account",
                "We no longer need the account and would like to close it.",
            ),
        ],
    ),
];

/// Card numbers that payment companies publish for tests.
const TEST_CARDS: &[&str] = &[
    "4242 4242 4242 4242",
    "5555 5555 5555 4444",
    "4111-1111-1111-1111",
];

/// Account numbers that banks publish as examples.
const EXAMPLE_IBANS: &[&str] = &["DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19"];

/// `count` tickets, by time. Billing tickets come from those who pay.
pub fn tickets(company: &Company, contacts: &[Contact], count: usize) -> Vec<Ticket> {
    let mut rng = company.seed.stream("tickets");
    let calendar = company.calendar;
    let mut paying: Vec<&Account> = Vec::new();
    let mut all: Vec<&Account> = Vec::new();
    for account in company.accounts.iter().filter(|account| !account.internal) {
        all.push(account);
        if account.plan != Plan::Free {
            paying.push(account);
        }
    }
    let end = calendar.as_of_micros();
    let mut tickets = Vec::with_capacity(count);
    while tickets.len() < count {
        let category = weighted(
            &mut rng,
            &[
                ("billing", 30),
                ("technical", 45),
                ("abuse", 10),
                ("account", 15),
            ],
        )
        .unwrap_or("technical");
        let from = if category == "billing" { &paying } else { &all };
        let Some(account) = from.choose(&mut rng) else {
            break;
        };
        let start = micros(account.created_on.max(calendar.days_ago(TICKET_DAYS)));
        let created = rng.random_range(start.min(end - MINUTE_MICROS)..end);
        let texts = TEXTS
            .iter()
            .find(|(name, _)| *name == category)
            .map_or(&[][..], |(_, texts)| texts);
        let Some((subject, body)) = texts.choose(&mut rng) else {
            break;
        };
        let body = fill(&mut rng, body, company, account, contacts);
        let closed = created + rng.random_range(20..10 * DAY_MINUTES) * MINUTE_MICROS;
        tickets.push(Ticket {
            id: 0,
            account_id: account.id,
            created_at_micros: created,
            closed_at_micros: (closed < end).then_some(closed),
            category,
            priority: weighted(&mut rng, &[("low", 4), ("normal", 5), ("high", 1)])
                .unwrap_or("normal"),
            status: if closed < end { "closed" } else { "open" },
            subject: (*subject).to_owned(),
            body,
        });
    }
    tickets.sort_by_key(|ticket| (ticket.created_at_micros, ticket.account_id));
    for (id, ticket) in (800_000..).zip(&mut tickets) {
        ticket.id = id;
    }
    tickets
}

fn fill(
    rng: &mut impl Rng,
    text: &str,
    company: &Company,
    account: &Account,
    contacts: &[Contact],
) -> String {
    // Contacts are in the order of the accounts.
    let first = contacts.partition_point(|contact| contact.account_id < account.id);
    let last = contacts.partition_point(|contact| contact.account_id <= account.id);
    let contact = contacts.get(first..last).and_then(|own| own.choose(rng));
    let customer = company.customer_of(account);
    let mut filled = text.to_owned();
    let mut put = |hole: &str, value: &str| {
        if filled.contains(hole) {
            filled = filled.replace(hole, value);
        }
    };
    put(
        "{amount}",
        &format!(
            "{}.{:02}",
            rng.random_range(12..900),
            rng.random_range(0..100)
        ),
    );
    put(
        "{invoice}",
        &format!("INV-{}", rng.random_range(700_001..760_000)),
    );
    put("{card}", word(rng, TEST_CARDS));
    put("{iban}", word(rng, EXAMPLE_IBANS));
    put("{ip}", &ipv4(rng));
    if let Some(customer) = customer {
        put("{domain}", &customer.domain);
    }
    if let Some(contact) = contact {
        put("{name}", &contact.full_name);
        put("{email}", &contact.email);
        put(
            "{phone}",
            contact.phone.as_deref().unwrap_or("+1 202-555-0100"),
        );
    }
    filled
}
