//! The people behind the accounts, with everything that makes them findable.

use rand::Rng;

use super::calendar::{MINUTE_MICROS, micros};
use super::company::{Account, Company, Customer};
use super::lexicon::{Country, Order, ROLES};
use super::random::{pick, weighted, word};

/// A row of `crm.contacts`.
#[derive(Debug)]
pub struct Contact {
    pub id: i64,
    pub account_id: i64,
    pub full_name: String,
    pub email: String,
    pub phone: Option<String>,
    pub role: &'static str,
    /// Where the person signed up from.
    pub signup_ip: String,
    /// Where their scripts call the API from, if they do.
    pub api_ip: Option<String>,
    pub newsletter: bool,
    pub created_at_micros: i64,
    pub last_login_at_micros: Option<i64>,
}

/// The contacts of all accounts: two to four each.
pub fn contacts(company: &Company) -> Vec<Contact> {
    let mut rng = company.seed.stream("contacts");
    let mut contacts = Vec::with_capacity(company.accounts.len() * 3);
    for account in &company.accounts {
        let Some(customer) = company.customer_of(account) else {
            continue;
        };
        let count = weighted(&mut rng, &[(2, 30), (3, 45), (4, 25)]).unwrap_or(3);
        for index in 0..count {
            let id = 900_000 + i64::try_from(contacts.len()).unwrap_or_default();
            contacts.push(contact(&mut rng, company, account, customer, id, index));
        }
    }
    contacts
}

fn contact(
    rng: &mut impl Rng,
    company: &Company,
    account: &Account,
    customer: &Customer,
    id: i64,
    index: usize,
) -> Contact {
    let (full_name, latin) = name(rng, customer.country);
    let end = company.calendar.as_of_micros();
    let start = micros(account.created_on).min(end - MINUTE_MICROS);
    let created = rng.random_range(start..end);
    Contact {
        id,
        account_id: account.id,
        full_name,
        email: email(rng, &latin, customer, id),
        phone: rng.random_bool(0.85).then(|| phone(rng, customer.country)),
        role: ROLES.get(index).copied().unwrap_or("developer"),
        signup_ip: ipv4(rng),
        api_ip: rng.random_bool(0.4).then(|| ipv6(rng)),
        newsletter: rng.random_bool(0.3),
        created_at_micros: created,
        last_login_at_micros: rng
            .random_bool(0.9)
            .then(|| rng.random_range(created..=end)),
    }
}

/// A name as it is written at home, and in the letters of an e-mail address.
pub fn name(rng: &mut impl Rng, country: &Country) -> (String, (String, String)) {
    let language = country.language;
    let (given, given_latin) = pick(rng, language.given).copied().unwrap_or_default();
    let (family, family_latin) = pick(rng, language.family).copied().unwrap_or_default();
    let full = match language.order {
        Order::GivenFirst => format!("{given} {family}"),
        Order::FamilyFirst => format!("{family} {given}"),
        Order::FamilyFirstJoined => format!("{family}{given}"),
    };
    (full, (given_latin.to_owned(), family_latin.to_owned()))
}

/// An address that is unlike every other: at work, or (some) at a mail provider.
fn email(
    rng: &mut impl Rng,
    (given, family): &(String, String),
    customer: &Customer,
    id: i64,
) -> String {
    let initial: String = given.chars().take(1).collect();
    let number = id % 100_000;
    let local = match rng.random_range(0..4) {
        0 => format!("{given}.{family}{number}"),
        1 => format!("{initial}{family}{number}"),
        2 => format!("{given}_{family}+{number}"),
        _ => format!("{family}.{given}.{number}"),
    };
    if rng.random_bool(0.8) {
        return format!("{local}@{}", customer.domain);
    }
    let provider = word(rng, &["mail.example", "inbox.example", "post.example"]);
    format!("{local}@{provider}")
}

/// A number of the ranges that belong to nobody.
pub fn phone(rng: &mut impl Rng, country: &Country) -> String {
    word(rng, country.phones)
        .chars()
        .map(|c| match c {
            '#' => char::from(b'0' + rng.random_range(0..10_u8)),
            other => other,
        })
        .collect()
}

/// An address of the ranges kept for documentation, benchmarks and carrier NAT.
pub fn ipv4(rng: &mut impl Rng) -> String {
    let (a, b, c) = (
        rng.random_range(0..=255_u8),
        rng.random_range(1..=254_u8),
        rng.random_range(64..=127_u8),
    );
    match rng.random_range(0..10) {
        0 => format!("192.0.2.{b}"),
        1 => format!("203.0.113.{b}"),
        2 => format!("198.51.100.{b}"),
        3..=6 => format!("100.{c}.{a}.{b}"),
        _ => format!("198.{}.{a}.{b}", 18 + rng.random_range(0..2)),
    }
}

/// An address of the range kept for documentation.
pub fn ipv6(rng: &mut impl Rng) -> String {
    let mut group = || rng.random_range(1..=0xffff_u16);
    let (a, b, c, d) = (group(), group(), group(), group());
    if rng.random_bool(0.5) {
        format!("2001:db8:{a:x}:{b:x}::{c:x}")
    } else {
        format!("2001:db8:{a:x}:{b:x}:{c:x}:{d:x}:0:1")
    }
}
