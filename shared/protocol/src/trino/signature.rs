//! Types as clients read them: a display name, and the same thing as a tree.

use serde::{Deserialize, Serialize};

/// A type as a tree, beside its display name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeSignature {
    /// The name without its parameters, e.g. `decimal`.
    pub raw_type: String,
    /// The parameters in order.
    #[serde(default)]
    pub arguments: Vec<TypeArgument>,
}

/// One parameter of a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TypeArgument {
    /// A number, e.g. a precision.
    Long(i64),
    /// A type, e.g. of an array's elements.
    Type(TypeSignature),
    /// A field of a row.
    NamedType(NamedTypeSignature),
}

/// A field of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedTypeSignature {
    /// Absent for a field without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_name: Option<RowFieldName>,
    /// The field's type.
    pub type_signature: TypeSignature,
}

/// The name of a row's field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFieldName {
    /// The name itself.
    pub name: String,
}

impl TypeSignature {
    /// A type with these parameters.
    pub fn new(raw_type: &str, arguments: Vec<TypeArgument>) -> Self {
        Self {
            raw_type: raw_type.to_owned(),
            arguments,
        }
    }
}
