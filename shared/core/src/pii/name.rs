//! What a column's name says about its values.

use super::PiiClass;

/// A name in its words: `billingEmail_2` is `billing`, `email`, `2`.
pub fn words(identifier: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let characters: Vec<char> = identifier.chars().collect();
    for (at, &c) in characters.iter().enumerate() {
        if !c.is_alphanumeric() {
            push(&mut words, &mut word);
            continue;
        }
        let before = at.checked_sub(1).and_then(|i| characters.get(i)).copied();
        let after = characters.get(at + 1).copied();
        let humps = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase()
                    || b.is_ascii_digit()
                    || b.is_uppercase() && after.is_some_and(char::is_lowercase)
            });
        if humps {
            push(&mut words, &mut word);
        }
        word.extend(c.to_lowercase());
    }
    push(&mut words, &mut word);
    words
}

fn push(words: &mut Vec<String>, word: &mut String) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

/// What the words of a name say about a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// The name says that it is this class.
    For,
    /// The name says nothing.
    Silent,
    /// The name says that it is something else.
    Against,
}

/// What `name` says about `class`, given the words of the table's name.
pub fn hint(class: PiiClass, name: &[String], table: &[String]) -> Hint {
    let any = |list: &str| name.iter().any(|word| lists(list, word));
    let pair = |first: &str, second: &str| {
        name.windows(2)
            .any(|pair| matches!(pair, [a, b] if lists(first, a) && lists(second, b)))
    };
    // Facts about a value are not the value: `email_verified`, `phone_type`, `token_count`.
    let about = name.last().is_some_and(|last| lists(ABOUT, last));
    match class {
        PiiClass::Email if pair("message", "id") || any("messageid") => Hint::Against,
        // `email_id` holds addresses as often as ids: there the values decide.
        PiiClass::Email if any(EMAIL) || pair("e", "mail") => {
            if about {
                Hint::Silent
            } else {
                Hint::For
            }
        }
        PiiClass::Phone if any(PHONE) || pair("contact callback", "number no nr") => sided(!about),
        PiiClass::Phone if any(NUMBERED) || about => Hint::Against,
        PiiClass::Ipv4 | PiiClass::Ipv6 if any(VERSIONED) => Hint::Against,
        PiiClass::Ipv4 | PiiClass::Ipv6 if any(NETWORK) => Hint::Against,
        PiiClass::Ipv4 | PiiClass::Ipv6 if any(IP) || pair(IP_OWNER, "addr address") => {
            sided(!about)
        }
        PiiClass::PaymentCard if any("imei imeisv iccid ean gtin upc isbn tracking") => {
            Hint::Against
        }
        PiiClass::PaymentCard if any(CARD) || pair("card", "number no nr num") => sided(!about),
        PiiClass::Iban if any("iban") => sided(!about),
        PiiClass::SsnUs if any("ssn itin") || pair("social", "security sec") => sided(!about),
        PiiClass::SsnUs if pair("tax", "id number") || any("taxid tin") => Hint::For,
        PiiClass::SsnUs if any(NUMBERED) => Hint::Against,
        PiiClass::PersonName => person(name, table),
        PiiClass::Secret => secret(name, about),
        _ => Hint::Silent,
    }
}

fn sided(for_it: bool) -> Hint {
    if for_it { Hint::For } else { Hint::Against }
}

fn person(name: &[String], table: &[String]) -> Hint {
    let any = |list: &str| name.iter().any(|word| lists(list, word));
    let has = |word: &str| name.iter().any(|other| other == word);
    if any("firstname lastname fullname surname givenname familyname middlename maidenname")
        || any("vorname nachname prenom prénom nombre apellido apellidos cognome sobrenome")
        || (has("name") && any(NAME_PART))
    {
        return Hint::For;
    }
    if name
        .last()
        .is_some_and(|last| last != "name" && lists(ABOUT, last))
        || any(NOT_PERSON)
    {
        return Hint::Against;
    }
    if any(PERSON_ROLE) {
        return Hint::For;
    }
    if has("name") || name.first().is_some_and(|word| word == "display") {
        let of = |list: &str| {
            table
                .iter()
                .any(|word| lists(list, word) || lists(list, word.trim_end_matches('s')))
        };
        return match (of(PERSON_TABLE), of(THING_TABLE)) {
            (true, false) => Hint::For,
            (false, true) => Hint::Against,
            _ => Hint::Silent,
        };
    }
    Hint::Silent
}

fn secret(name: &[String], about: bool) -> Hint {
    let any = |list: &str| name.iter().any(|word| lists(list, word));
    let key = name
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if lists(KEY_OF, a) && lists("key keys", b)));
    if !(any(SECRET) || key) {
        return Hint::Silent;
    }
    sided(!about && !any("input output prompt next page max min used cancellation symbol"))
}

/// Whether a list of words in one text has the word.
fn lists(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}

const EMAIL: &str = "email emails mail emailaddress correo courriel mailto";
const PHONE: &str = "phone phones phonenumber tel telephone telefon telefono telefone téléphone mobile cell cellphone fax msisdn \
    whatsapp handy fone celular sms";
const IP: &str = "ip ips ipv4 ipv6 ipaddress ipaddr clientip remoteaddr xff";
const IP_OWNER: &str = "client remote source src destination dst host server peer user";
const VERSIONED: &str = "version firmware build release kernel oid semver ver";
const NETWORK: &str = "cidr subnet netmask prefix route range";
const CARD: &str = "pan cardnumber creditcard ccnumber ccnum";
/// Numbers of things.
const NUMBERED: &str = "order invoice part lot sku serial batch ticket case tracking shipment product item code epoch timestamp \
    bytes amount price quantity sequence seq version isbn ean upc gtin zip postal postcode latitude longitude \
    checksum hash asn";
/// Last words of names that say something about a value instead of holding it.
const ABOUT: &str = "verified count type status enabled opt optin consent sent at on date time id ids domain template subject \
    bounced valid flag kind format length size expires expiry url policy hint limit budget usage used total \
    version score rank hash provider country region city prefix label code model os plan campaign name asn \
    preference language category reputation";
const NAME_PART: &str = "first last given family middle full maiden nick legal person contact customer employee author manager owner \
    patient holder cardholder recipient sender guest driver student teacher agent rep reviewer applicant \
    beneficiary beneficiario passenger doctor buyer seller payee payer attendee candidate member billing \
    shipping requester sur signatory parent child spouse caller";
const PERSON_ROLE: &str = "author composer cardholder recipient assignee reporter requester patient employee manager contact signatory \
    beneficiary passenger attendee applicant reviewer salesperson";
const PERSON_TABLE: &str = "person people persons user contact employee staff member patient student teacher author passenger attendee \
    lead candidate applicant subscriber guest driver agent profile beneficiary nurse doctor resident voter \
    participant signatory";
const THING_TABLE: &str = "product company companies organization organisation country countries city cities region nation plan part \
    genre artist album track playlist media zone domain asn brand category categories project repository service \
    feature department team group tag campaign store bank airport station school currency currencies language \
    catalog schema event metric region vendor supplier species color sku item material song movie book game app \
    role permission setting classification type status code";
const NOT_PERSON: &str = "product company org organization organisation city country state region nation file filename host hostname \
    domain table column schema event plan service team brand category genre title street address status type \
    code sku label album track song vendor supplier campaign project currency language department dept bank \
    school store shop airport species color colour index database bucket queue topic metric feature zone account \
    group role application app device model package repo repository branch key timezone tz county province town \
    location place station port segment artist band movie book game industry sector market business merchant \
    employer hospital university agency clerk mktsegment container priority comment description notes platform \
    browser os unit currency method tag tags class kind mfgr shipmode asn";
const KEY_OF: &str = "api access secret private encryption signing auth license";
const SECRET: &str = "password passwd pwd passphrase passcode secret secrets apikey token tokens accesstoken credential \
    credentials privatekey contraseña passwort senha otp mfa totp bearer";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_split_into_words() {
        for (name, expected) in [
            ("billing_email", vec!["billing", "email"]),
            ("clientIPAddress", vec!["client", "ip", "address"]),
            ("EMAIL", vec!["email"]),
            ("E-Mail 2", vec!["e", "mail", "2"]),
            ("ipv4", vec!["ipv4"]),
            ("", vec![]),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }

    #[test]
    fn names_speak_for_or_against() {
        for (class, table, name, expected) in [
            (PiiClass::Email, "users", "email", Hint::For),
            (PiiClass::Email, "users", "email_verified", Hint::Silent),
            (PiiClass::Phone, "users", "mobile", Hint::For),
            (PiiClass::Phone, "orders", "order_number", Hint::Against),
            (PiiClass::Ipv4, "logs", "client_ip", Hint::For),
            (PiiClass::Ipv4, "devices", "firmware_version", Hint::Against),
            (PiiClass::PersonName, "users", "first_name", Hint::For),
            (PiiClass::PersonName, "contacts", "name", Hint::For),
            (PiiClass::PersonName, "products", "name", Hint::Against),
            (PiiClass::PersonName, "x", "product_name", Hint::Against),
            (PiiClass::PersonName, "x", "c3", Hint::Silent),
            (PiiClass::Secret, "x", "api_key", Hint::For),
            (PiiClass::Secret, "x", "token_count", Hint::Against),
            (PiiClass::Secret, "x", "foreign_key", Hint::Silent),
        ] {
            assert_eq!(
                hint(class, &words(name), &words(table)),
                expected,
                "{class:?} {table}.{name}"
            );
        }
    }
}
