//! The document's fixed words. Trino reads them in any case; they are written as Trino documents them.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Makes an enum of words that is read in any case.
macro_rules! keywords {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$word_doc])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            fn from_word(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str().eq_ignore_ascii_case(text))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

/// Lets an enum be read from a word only.
macro_rules! read_from_word {
    ($($name:ident)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::from_word(&text).ok_or_else(|| D::Error::unknown_variant(&text, &[]))
            }
        }
    )*};
}

keywords! {
    /// What may be done with a table.
    TablePrivilege {
        /// Read.
        Select = "SELECT",
        /// Add rows.
        Insert = "INSERT",
        /// Remove rows.
        Delete = "DELETE",
        /// Change rows.
        Update = "UPDATE",
        /// Create, change and drop it.
        Ownership = "OWNERSHIP",
        /// Read, and show to others through a view.
        GrantSelect = "GRANT_SELECT",
    }
}
keywords! {
    /// What may be done with a catalog. `owner` holds `all`, which holds `read-only`.
    CatalogAccess {
        /// Create and drop the catalog too.
        Owner = "owner",
        /// Read and write.
        All = "all",
        /// Read.
        ReadOnly = "read-only",
        /// Nothing.
        None = "none",
    }
}
keywords! {
    /// What may be done with queries.
    QueryAccess {
        /// Run.
        Execute = "execute",
        /// See.
        View = "view",
        /// End.
        Kill = "kill",
    }
}
keywords! {
    /// What may be done with the engine's own state.
    SystemInformationAccess {
        /// Read.
        Read = "read",
        /// Change.
        Write = "write",
    }
}
keywords! {
    /// What may be done with a function.
    FunctionPrivilege {
        /// Call.
        Execute = "EXECUTE",
        /// Call, and use in a view for others.
        GrantExecute = "GRANT_EXECUTE",
        /// Create and drop.
        Ownership = "OWNERSHIP",
    }
}
keywords! {
    /// What may be done with a procedure.
    ProcedurePrivilege {
        /// Call.
        Execute = "EXECUTE",
        /// Call.
        GrantExecute = "GRANT_EXECUTE",
    }
}

read_from_word! { TablePrivilege QueryAccess SystemInformationAccess FunctionPrivilege ProcedurePrivilege }

impl<'de> Deserialize<'de> for CatalogAccess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrFlag;

        impl Visitor<'_> for WordOrFlag {
            type Value = CatalogAccess;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`owner`, `all`, `read-only`, `none`, true or false")
            }

            // The form of old documents.
            fn visit_bool<E: Error>(self, all: bool) -> Result<CatalogAccess, E> {
                Ok(if all {
                    CatalogAccess::All
                } else {
                    CatalogAccess::None
                })
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<CatalogAccess, E> {
                CatalogAccess::from_word(text).ok_or_else(|| E::unknown_variant(text, &[]))
            }
        }

        deserializer.deserialize_any(WordOrFlag)
    }
}

impl CatalogAccess {
    /// Whether this access holds the other.
    pub fn implies(self, wanted: Self) -> bool {
        match self {
            Self::Owner => matches!(wanted, Self::Owner | Self::All | Self::ReadOnly),
            Self::All => matches!(wanted, Self::All | Self::ReadOnly),
            Self::ReadOnly => wanted == Self::ReadOnly,
            Self::None => wanted == Self::None,
        }
    }
}
