//! Literals.

use datafusion::common::ScalarValue;
use sqlparser::ast::{self, DateTimeField, Value, ValueWithSpan};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::{Type, binary_literal, number_literal, typed_literal};

use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::json::{self, Read};
use crate::temporal;
use crate::types::is_held;

impl Binder<'_> {
    /// `12` is an integer, `12345678901` a bigint, `1.5` a decimal, `1e0` a double.
    pub(super) fn number(&self, text: &str) -> Result<Typed> {
        let unread = || Failure::unsupported(format!("The number {text}"));
        Ok(match number_literal(text)? {
            Type::Double => {
                let value = text.parse().ok().filter(|value: &f64| value.is_finite());
                Typed::literal(
                    ScalarValue::Float64(Some(value.ok_or_else(unread)?)),
                    Type::Double,
                )
            }
            Type::Integer => Typed::literal(
                ScalarValue::Int32(Some(text.parse().map_err(|_| unread())?)),
                Type::Integer,
            ),
            Type::BigInt => Typed::bigint(text.parse().map_err(|_| unread())?),
            _ => decimal(text).ok_or_else(unread)?,
        })
    }

    /// `X'65683F'`
    pub(super) fn hex(&self, text: &str) -> Result<Typed> {
        let ty = binary_literal(text)?;
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let bytes = hex::decode(digits)
            .map_err(|_| Failure::unsupported(format!("The bytes X'{text}'")))?;
        Ok(Typed::literal(ScalarValue::Binary(Some(bytes)), ty))
    }

    /// `DATE '2020-05-10'`, `DECIMAL '1.50'`, `JSON '[1]'`
    pub(super) fn typed_string(&self, typed: &ast::TypedString) -> Result<Typed> {
        let Value::SingleQuotedString(text) = &typed.value.value else {
            return Err(Failure::unsupported("A typed literal that is no string"));
        };
        let invalid = |ty: &Type| {
            Failure::new(
                ErrorCode::InvalidLiteral,
                format!("'{text}' is not a valid {} literal", ty.in_messages()),
            )
        };
        match &typed.data_type {
            ast::DataType::Timestamp(None, _) | ast::DataType::Time(None, _) => {}
            ast::DataType::Timestamp(Some(_), _) | ast::DataType::Time(Some(_), _) => {
                return Err(Failure::new(
                    ErrorCode::SyntaxError,
                    "a literal's precision is that of its digits",
                ));
            }
            ast::DataType::Decimal(ast::ExactNumberInfo::None) => {
                return decimal(text).ok_or_else(|| {
                    Failure::new(
                        ErrorCode::InvalidLiteral,
                        format!("Invalid decimal literal: '{text}'"),
                    )
                });
            }
            _ => {}
        }
        let ty = typed_literal(&typed.data_type.to_string(), text)?;
        if !is_held(&ty) {
            return Ok(self.not_held(&ty));
        }
        let unread = || Failure::unsupported(format!("The literal {typed}"));
        match &typed.data_type {
            ast::DataType::Char(None) | ast::DataType::Character(None) => {
                let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                Ok(Typed::literal(
                    ScalarValue::Utf8(Some(text.trim_end_matches(' ').to_owned())),
                    Type::Char(length),
                ))
            }
            ast::DataType::JSON => match json::read(text) {
                Read::Value(value) => Ok(Typed::literal(
                    ScalarValue::Utf8(Some(value.canonical())),
                    Type::Json,
                )),
                Read::Invalid => Err(invalid(&Type::Json)),
                Read::Doubtful => Err(Failure::unsupported("This JSON")),
            },
            ast::DataType::Timestamp(..) => temporal::timestamp_literal(text).ok_or_else(unread),
            ast::DataType::Time(..) => temporal::time_literal(text).ok_or_else(unread),
            _ => {
                // An engine that folds constants gives the value; the planner must not have to.
                let value = self.fold(self.cast(Typed::varchar(text), &ty, false)?);
                value.map_err(|_| invalid(&ty))
            }
        }
    }

    /// `INTERVAL '3' DAY`, `INTERVAL '1 2:03' DAY TO MINUTE`, `INTERVAL '-1-2' YEAR TO MONTH`
    pub(super) fn interval(&self, interval: &ast::Interval) -> Result<Typed> {
        let ast::Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(text),
            ..
        }) = interval.value.as_ref()
        else {
            return Err(Failure::new(
                ErrorCode::SyntaxError,
                "an interval's value is a string: INTERVAL '1' DAY",
            ));
        };
        if interval.leading_precision.is_some() || interval.fractional_seconds_precision.is_some() {
            return Err(Failure::unsupported("An interval literal with a precision"));
        }
        let Some(leading) = &interval.leading_field else {
            return Err(Failure::new(
                ErrorCode::SyntaxError,
                "an interval needs a unit: INTERVAL '1' DAY",
            ));
        };
        let last = interval.last_field.as_ref().unwrap_or(leading);
        let value =
            temporal::interval_literal(text, &unit(leading)?, &unit(last)?).ok_or_else(|| {
                Failure::new(
                    ErrorCode::InvalidLiteral,
                    format!("'{text}' is not a valid INTERVAL literal"),
                )
            })?;
        Ok(match value {
            temporal::Interval::Months(months) => {
                Typed::literal(ScalarValue::Int32(Some(months)), Type::IntervalYearMonth)
            }
            temporal::Interval::Millis(millis) => {
                Typed::literal(ScalarValue::Int64(Some(millis)), Type::IntervalDayTime)
            }
        })
    }
}

fn unit(field: &DateTimeField) -> Result<String> {
    match field {
        DateTimeField::Year
        | DateTimeField::Month
        | DateTimeField::Day
        | DateTimeField::Hour
        | DateTimeField::Minute
        | DateTimeField::Second => Ok(field.to_string().to_lowercase()),
        other => Err(Failure::unsupported(format!(
            "INTERVAL with the unit {other}"
        ))),
    }
}

/// A decimal of exactly the digits that are written: `01.50` is decimal(3,2).
fn decimal(text: &str) -> Option<Typed> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty())
        || !whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let significant = whole.trim_start_matches('0');
    let scale = fraction.len();
    let precision = (significant.len() + scale).max(1);
    let precision = u8::try_from(precision).ok().filter(|p| *p <= 38)?;
    let scale = u8::try_from(scale).ok()?;
    let all = format!("{significant}{fraction}");
    let value: i128 = if all.is_empty() { 0 } else { all.parse().ok()? };
    Some(Typed::literal(
        ScalarValue::Decimal128(Some(sign * value), precision, i8::try_from(scale).ok()?),
        Type::Decimal(precision, scale),
    ))
}
