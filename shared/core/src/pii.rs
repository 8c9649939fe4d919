//! Personal data: the classes, and how to tell that a column holds one.
//!
//! [`detect`] looks at a column's name, type and a bounded sample, and says what it found and why. Checksums and
//! shapes count as pass-rates over the distinct values, never by a single value: one in ten random numbers passes
//! Luhn, nine in ten random nine-digit numbers look like a social security number. What the evidence shows of a
//! value is its mask ([`mask::shape`]), so that it may be stored, sent and read by a reviewer.

mod column;
mod detect;
mod email;
mod ip;
mod lexicon;
pub mod mask;
mod name;
mod number;
mod person;
mod phone;
mod profile;
mod secret;
mod text;

use serde::{Deserialize, Serialize};

pub use column::{ColumnSample, TypeKind, leaves};
pub use detect::{PROPOSE_AT, detect};
pub use profile::percent;

/// Goes up with every change that could change a verdict: columns seen by an older one are looked at again.
pub const DETECTOR_VERSION: u32 = 1;

/// What kind of sensitive value a column holds. The same word in SQL, JSON and the UI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PiiClass {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A payment card's number.
    PaymentCard,
    /// An international bank account number.
    Iban,
    /// A social security number of the United States.
    SsnUs,
    /// A person's name, or a part of it.
    PersonName,
    /// A key, token or password.
    Secret,
    /// Free text with some of the above in it.
    FreeText,
}

impl PiiClass {
    /// All classes, in the order of their declaration.
    pub const ALL: [Self; 10] = [
        Self::Email,
        Self::Phone,
        Self::Ipv4,
        Self::Ipv6,
        Self::PaymentCard,
        Self::Iban,
        Self::SsnUs,
        Self::PersonName,
        Self::Secret,
        Self::FreeText,
    ];

    /// The class as the word that SQL, JSON and the UI use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::PaymentCard => "payment_card",
            Self::Iban => "iban",
            Self::SsnUs => "ssn_us",
            Self::PersonName => "person_name",
            Self::Secret => "secret",
            Self::FreeText => "free_text",
        }
    }

    /// The class in words for a sentence about several values.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Email => "e-mail addresses",
            Self::Phone => "phone numbers",
            Self::Ipv4 => "IPv4 addresses",
            Self::Ipv6 => "IPv6 addresses",
            Self::PaymentCard => "payment card numbers",
            Self::Iban => "IBANs",
            Self::SsnUs => "US social security numbers",
            Self::PersonName => "names of people",
            Self::Secret => "secrets",
            Self::FreeText => "texts with personal data",
        }
    }
}

/// One reason for a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which rule spoke, e.g. `email.format`.
    pub rule: String,
    /// What it saw, with pass-rates and masked samples: never a raw value.
    pub text: String,
}

impl Evidence {
    /// A reason.
    pub fn new(rule: &str, text: impl Into<String>) -> Self {
        Self {
            rule: rule.to_owned(),
            text: text.into(),
        }
    }
}

/// A class that a column seems to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The class.
    pub class: PiiClass,
    /// How sure, from 0 to 1.
    pub confidence: f64,
    /// Why, the strongest reason first.
    pub evidence: Vec<Evidence>,
}

/// What the detectors say of a column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detection {
    /// What it seems to hold, the most likely first. Those under [`PROPOSE_AT`] are hunches.
    pub findings: Vec<Finding>,
    /// What else was seen: the sample's size, and what speaks against a class.
    pub notes: Vec<Evidence>,
}

impl Detection {
    /// The finding to propose to a reviewer, if one is likely enough.
    pub fn proposal(&self) -> Option<&Finding> {
        self.findings
            .first()
            .filter(|finding| finding.confidence >= PROPOSE_AT)
    }
}
