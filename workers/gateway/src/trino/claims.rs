//! What the address of a page says: whose query it is, and what it stood on when it began.
//!
//! The engine puts the prefix `/t/<claims>.<mac>` into every address that it hands out. Following one takes the caller's
//! own credential besides, so an address that leaks opens nothing. The claims name the query, so that the address of
//! one query cannot serve the pages of another.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use townlake_core::advice::Span;
use townlake_core::names::{TableRef, UserName};
use townlake_core::policy::evaluate::{Asker, access};
use townlake_core::policy::fingerprint::fingerprint;
use townlake_core::policy::ids::PiiSessionId;
use townlake_core::policy::model::Model;
use townlake_core::time::Timestamp;
use townlake_sql::edit::Moved;

/// The longest prefix: engines take headers of 8 KiB in all.
pub const MAX_PREFIX_BYTES: usize = 6 * 1024;

/// How much of a fingerprint is kept. The claims are signed, so it only has to tell change from no change.
const FINGERPRINT_DIGITS: usize = 12;

/// Most statements have one star or two.
const MAX_MOVES: usize = 32;

/// What a query stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Whose query it is.
    #[serde(rename = "u")]
    pub user: UserName,
    /// The engine's id of it.
    #[serde(rename = "q")]
    pub query_id: String,
    /// The PII session that it runs under.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub pii: Option<PiiClaim>,
    /// The tables that it reads or writes, each with the fingerprint of what the user has of it.
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<(TableRef, String)>,
    /// What moved in its text when its stars were written out.
    #[serde(rename = "m", default, skip_serializing_if = "Moves::is_empty")]
    pub moved: Moves,
}

/// [`Moved`] in short: six numbers each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moves(Vec<[u64; 6]>);

impl Moves {
    /// As many as an address has room for; none if there are more, and the engine's places are told as they are.
    pub fn of(moved: &[Moved]) -> Self {
        if moved.len() > MAX_MOVES {
            return Self::default();
        }
        let short = |moved: &Moved| {
            let Moved { from, to, before } = moved;
            [
                from.line,
                from.column,
                to.line,
                to.column,
                before.line,
                before.column,
            ]
        };
        Self(moved.iter().map(short).collect())
    }

    /// What it was made of.
    pub fn to_list(&self) -> Vec<Moved> {
        let place = |line, column| Span { line, column };
        let long = |&[from, from_column, to, to_column, before, before_column]: &[u64; 6]| Moved {
            from: place(from, from_column),
            to: place(to, to_column),
            before: place(before, before_column),
        };
        self.0.iter().map(long).collect()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The PII session that a query runs under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PiiClaim {
    /// Its id.
    #[serde(rename = "i")]
    pub id: PiiSessionId,
    /// The name that the engine knows the user by.
    #[serde(rename = "e")]
    pub effective_user: String,
}

impl Claims {
    /// The prefix of the query's addresses. None if it would be longer than engines take.
    ///
    /// What moved in the text is left out where it does not fit: without it an error's place is off, but the query runs.
    pub fn to_prefix(&self, key: &[u8]) -> Option<String> {
        self.sign(key).or_else(|| {
            let moved = Moves::default();
            Self {
                moved,
                ..self.clone()
            }
            .sign(key)
        })
    }

    fn sign(&self, key: &[u8]) -> Option<String> {
        let json = serde_json::to_vec(self).ok()?;
        let signature = mac(key, &json)?.finalize().into_bytes();
        let prefix = format!(
            "/t/{}.{}",
            URL_SAFE_NO_PAD.encode(json),
            URL_SAFE_NO_PAD.encode(signature)
        );
        (prefix.len() <= MAX_PREFIX_BYTES).then_some(prefix)
    }

    /// The claims of a prefix without its `/t/`. None if it was not signed with the key.
    pub fn verify(text: &str, key: &[u8]) -> Option<Self> {
        let (json, signature) = text.split_once('.')?;
        let json = URL_SAFE_NO_PAD.decode(json).ok()?;
        mac(key, &json)?
            .verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?)
            .ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// The first table whose access is not what it was when the query began.
    pub fn changed(&self, model: &Model, now: Timestamp) -> Option<&TableRef> {
        let asker = Asker {
            user: &self.user,
            session: self.pii.as_ref().map(|pii| &pii.id),
        };
        self.tables
            .iter()
            .find(|(table, was)| &print(model, asker, table, now) != was)
            .map(|(table, _)| table)
    }
}

/// The fingerprint of what an asker has of a table now.
pub fn print(model: &Model, asker: Asker<'_>, table: &TableRef, now: Timestamp) -> String {
    let mut print = fingerprint([&access(model, asker, table, now)], asker.user);
    print.truncate(FINGERPRINT_DIGITS);
    print
}

fn mac(key: &[u8], message: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    // The same key signs nothing else, and if it ever does, not with these first words.
    mac.update(b"townlake page address 1\n");
    mac.update(message);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_is_believed() {
        let claims = Claims {
            user: "ana@corp.example".parse().unwrap(),
            query_id: "20261121_1".to_owned(),
            pii: None,
            tables: vec![("lake.dim.accounts".parse().unwrap(), "abc".to_owned())],
            moved: Moves(vec![[1, 8, 1, 40, 1, 9]]),
        };
        let prefix = claims.to_prefix(&[7; 32]).unwrap();
        let text = prefix.strip_prefix("/t/").unwrap();
        assert_eq!(Claims::verify(text, &[7; 32]), Some(claims));
        assert_eq!(Claims::verify(text, &[8; 32]), None, "another key");
        let (json, signature) = text.split_once('.').unwrap();
        let other = URL_SAFE_NO_PAD.encode(
            String::from_utf8(URL_SAFE_NO_PAD.decode(json).unwrap())
                .unwrap()
                .replace("ana@", "bob@"),
        );
        for forged in [
            format!("{other}.{signature}"),
            format!("{json}."),
            json.to_owned(),
            format!("{json}.{}", &signature[..10]),
            String::new(),
            format!("{json}.{signature}="),
        ] {
            assert_eq!(Claims::verify(&forged, &[7; 32]), None, "{forged}");
        }
    }

    #[test]
    fn places_give_way_to_tables() {
        let table = |number: usize| {
            (
                format!("lake.dim.table_{number}").parse().unwrap(),
                "0123456789ab".to_owned(),
            )
        };
        let claims = |tables: usize| Claims {
            user: "ana@corp.example".parse().unwrap(),
            query_id: "20261121_1".to_owned(),
            pii: None,
            tables: (0..tables).map(table).collect(),
            moved: Moves(vec![[1_000, 1_000, 1_000, 1_000, 1_000, 1_000]; MAX_MOVES]),
        };
        let kept = |tables: usize| {
            let prefix = claims(tables).to_prefix(&[7; 32])?;
            let read = Claims::verify(prefix.strip_prefix("/t/")?, &[7; 32])?;
            assert_eq!(read.tables.len(), tables);
            Some(!read.moved.is_empty())
        };
        assert_eq!(kept(1), Some(true));
        assert_eq!(
            kept(100),
            Some(false),
            "a query is not refused for its places"
        );
        assert_eq!(kept(1_000), None, "what it stands on is not left out");
    }
}
