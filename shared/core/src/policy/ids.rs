//! Ids of the things that policy is made of. Opaque: only equality and order mean anything.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Makes a newtype over an opaque id.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// One grant. An id of another kind does not fit in its place:
    ///
    /// ```compile_fail
    /// use townlake_core::policy::ids::{GrantId, UnmaskGrantId};
    /// let grant: GrantId = UnmaskGrantId::from("unm_1");
    /// ```
    GrantId
);
id!(
    /// One permission to lift masks.
    UnmaskGrantId
);
id!(
    /// One PII session: a name, not a secret.
    PiiSessionId
);
