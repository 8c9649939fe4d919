//! One JSON object a line: a message that reads alone, and the same values as fields.
//!
//! Never pass a secret, a token, a row or a statement's text.

use serde_json::{Map, Value, json};

/// Something happened as it should.
pub fn info(message: &str, fields: &[(&str, Value)]) {
    emit("info", message, fields);
}

/// Something is odd but handled.
pub fn warn(message: &str, fields: &[(&str, Value)]) {
    emit("warn", message, fields);
}

/// Something failed and somebody should look.
pub fn error(message: &str, fields: &[(&str, Value)]) {
    emit("error", message, fields);
}

fn emit(level: &str, message: &str, fields: &[(&str, Value)]) {
    let mut line = Map::new();
    line.insert("level".to_owned(), json!(level));
    line.insert("message".to_owned(), json!(message));
    for (name, value) in fields {
        line.insert((*name).to_owned(), value.clone());
    }
    let line = Value::Object(line).to_string();
    #[cfg(target_arch = "wasm32")]
    match level {
        "error" => worker::console_error!("{line}"),
        "warn" => worker::console_warn!("{line}"),
        _ => worker::console_log!("{line}"),
    }
    #[cfg(not(target_arch = "wasm32"))]
    eprintln!("{line}");
}
