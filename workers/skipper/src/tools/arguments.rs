//! A call's arguments: one object, or a bare text in the place of the main one.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use townlake_protocol::skipper::{ErrorKind, ExecuteError};

use crate::functions::Function;

/// Reads the arguments of a function.
pub fn read<T: DeserializeOwned>(
    function: &Function,
    arguments: &Bytes,
) -> Result<T, ExecuteError> {
    let invalid = |message: String| {
        ExecuteError::new(
            ErrorKind::Invalid,
            format!("`{}`: {message}", function.name),
        )
        .with_code("invalid_arguments")
        .with_hint(format!("it takes {}", function.takes))
    };
    let value: Value =
        serde_json::from_slice(arguments).map_err(|error| invalid(error.to_string()))?;
    let value = match value {
        Value::String(text) => json!({ function.main_argument: text }),
        Value::Object(_) => value,
        _ => return Err(invalid("the argument must be one object".to_owned())),
    };
    serde_json::from_value(value).map_err(|error| invalid(error.to_string()))
}
