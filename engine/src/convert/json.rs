//! CAST to and from json.

use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::{convert, decimal_text, text_of, upper};
use crate::error::{Failure, Result};
use crate::json::{self, Json, Read};
use crate::udf::cell::{Cell, Out};
use crate::zone::SessionZone;

/// A value as JSON.
pub(super) fn to_json(cell: &Cell<'_>, from: &Type, zone: &SessionZone) -> Result<Out> {
    Ok(Out::Text(match (cell, from) {
        (Cell::Text(text), Type::Varchar(_)) => json::string_text(text),
        (Cell::Bool(value), _) => value.to_string(),
        (Cell::Float(value), _) if !value.is_finite() => {
            return Err(Failure::unsupported("CAST of infinity or NaN to json"));
        }
        (Cell::Float(value), Type::Real) => json::real_text(*value),
        (Cell::Float(value), _) => json::double_text(*value),
        (Cell::Decimal(value), Type::Decimal(_, scale)) => decimal_text(*value, *scale),
        (Cell::Int(_), Type::Date | Type::Timestamp(_)) => {
            let text =
                text_of(cell, from, zone).ok_or_else(|| Failure::internal("no text of a time"))?;
            json::string_text(&text)
        }
        (Cell::Int(value), _) => value.to_string(),
        _ => return Err(Failure::internal(format!("no json of {from}"))),
    }))
}

/// What a JSON value is as another type.
pub(super) fn from_json(cell: &Cell<'_>, to: &Type, zone: &SessionZone) -> Result<Out> {
    let Cell::Text(text) = cell else {
        return Err(Failure::internal("json is text"));
    };
    let value = match json::read(text) {
        Read::Value(value) => value,
        _ => return Err(Failure::unsupported("CAST of such a JSON value")),
    };
    let cannot = || {
        Failure::new(
            ErrorCode::InvalidCastArgument,
            format!("Cannot cast '{text}' to {}", upper(to).to_lowercase()),
        )
    };
    let is_text = matches!(to, Type::Varchar(_));
    let out = match &value {
        Json::Null => return Ok(Out::Null),
        Json::Boolean(value) => convert(&Cell::Bool(*value), &Type::Boolean, to, zone),
        Json::Integer(value) => convert(&Cell::Int(*value), &Type::BigInt, to, zone),
        Json::Double(value) if matches!(to, Type::Decimal(..)) => {
            let digits = json::double_text(*value);
            convert(&Cell::Text(&digits), &Type::Varchar(None), to, zone)
        }
        Json::Double(_) if is_text => {
            return Err(Failure::unsupported(format!(
                "CAST of a JSON number with a point to {to}"
            )));
        }
        Json::Double(value) => convert(&Cell::Float(*value), &Type::Double, to, zone),
        Json::Text(text) => convert(&Cell::Text(text), &Type::Varchar(None), to, zone),
        Json::Array(_) | Json::Object(_) => return Err(cannot()),
    };
    match (out, to) {
        (Ok(Out::Text(cut)), Type::Varchar(Some(limit))) if matches!(&value, Json::Text(text) if *text != cut) => {
            Err(Failure::unsupported(format!(
                "CAST of a longer JSON text to varchar({limit})"
            )))
        }
        (Ok(out), _) => Ok(out),
        (Err(failure), _) if failure.code == ErrorCode::NotSupported => Err(failure),
        (Err(_), _) => Err(cannot()),
    }
}
