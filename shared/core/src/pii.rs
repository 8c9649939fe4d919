//! Personal data: the classes, and how to tell that a column holds one.

use serde::{Deserialize, Serialize};

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
