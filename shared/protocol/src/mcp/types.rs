//! What the protocol's results are made of.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A tool as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// What it is called by.
    pub name: String,
    /// What people see.
    pub title: String,
    /// What the model reads.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
    /// JSON Schema of its structured result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Value>,
    /// What calling it may do.
    pub annotations: Annotations,
}

/// What calling a tool may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the protocol's own four answers"
)]
pub struct Annotations {
    /// It changes nothing.
    pub read_only_hint: bool,
    /// It may destroy something.
    pub destructive_hint: bool,
    /// Calling it twice is like calling it once.
    pub idempotent_hint: bool,
    /// It reaches beyond the platform.
    pub open_world_hint: bool,
}

/// A tool's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallResult {
    /// For models and people that read text.
    pub content: Vec<Content>,
    /// The same as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structured_content: Option<Value>,
    /// Whether it failed. The model can read why and try again.
    pub is_error: bool,
}

/// One piece of content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// A text.
    Text {
        /// It.
        text: String,
    },
    /// A link to a resource that the client can read.
    ResourceLink {
        /// Its address.
        uri: String,
        /// What it is called.
        name: String,
        /// What it holds.
        description: String,
        /// Its media type.
        #[serde(rename = "mimeType")]
        mime_type: String,
    },
}

impl Content {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }
}

/// A resource, or a template for many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceTemplate {
    /// Its addresses, as a URI template (RFC 6570).
    pub uri_template: String,
    /// What it is called by.
    pub name: String,
    /// What people see.
    pub title: String,
    /// What it holds.
    pub description: String,
    /// Its media type.
    pub mime_type: String,
}

/// What a resource holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceContents {
    /// Its address.
    pub uri: String,
    /// Its media type.
    pub mime_type: String,
    /// It, as text.
    pub text: String,
}

/// A prompt as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// What it is called by.
    pub name: String,
    /// What people see.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// What it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<PromptArgument>,
}

/// One thing that a prompt takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptArgument {
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Whether it must be given.
    pub required: bool,
}
