//! Filters that Postgres can answer exactly as Trino would.
//!
//! Left above the scan: floating point (NaN compares differently), char(n) (padding), everything computed. Text is
//! compared with `COLLATE "C"`, which is Trino's order of code points; LIKE gets `ESCAPE ''`, since Trino has no
//! escape character by default. Values go as text parameters and are cast, so that none stands in the statement.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{Between, BinaryExpr, InList, Like};
use datafusion::logical_expr::{Expr, Operator};
use townlake_sql::types::Type;

use super::PostgresColumn;

/// A condition for a WHERE clause and its parameters, `$1` being the first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// Its text.
    pub sql: String,
    /// Its parameters as text.
    pub values: Vec<String>,
}

/// All filters as one condition; nothing if one of them cannot be pushed.
pub fn condition(filters: &[Expr], columns: &[PostgresColumn]) -> Option<Condition> {
    let mut writer = Writer {
        columns,
        values: Vec::new(),
    };
    let parts = filters
        .iter()
        .map(|filter| writer.predicate(filter))
        .collect::<Option<Vec<_>>>()?;
    Some(Condition {
        sql: parts.join(" AND "),
        values: writer.values,
    })
}

struct Writer<'a> {
    columns: &'a [PostgresColumn],
    values: Vec<String>,
}

impl<'a> Writer<'a> {
    fn predicate(&mut self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: op @ (Operator::And | Operator::Or),
                right,
            }) => {
                let (left, right) = (self.predicate(left)?, self.predicate(right)?);
                Some(format!("({left} {op} {right})"))
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => self.comparison(left, *op, right),
            Expr::Not(inner) => Some(format!("(NOT {})", self.predicate(inner)?)),
            Expr::IsNull(inner) => Some(format!("({} IS NULL)", self.any_column(inner)?.sql())),
            Expr::IsNotNull(inner) => {
                Some(format!("({} IS NOT NULL)", self.any_column(inner)?.sql()))
            }
            Expr::Column(_) => {
                let column = self.column(expr)?;
                (column.ty == Type::Boolean).then(|| column.sql())
            }
            Expr::Between(Between {
                expr,
                negated,
                low,
                high,
            }) => {
                let column = self.column(expr)?;
                let (low, high) = (self.value(low, column)?, self.value(high, column)?);
                let not = if *negated { "NOT " } else { "" };
                Some(format!(
                    "({}{} {not}BETWEEN {low} AND {high})",
                    column.sql(),
                    collation(&column.ty)
                ))
            }
            Expr::InList(InList {
                expr,
                list,
                negated,
            }) => {
                let column = self.column(expr)?;
                let values = list
                    .iter()
                    .map(|item| self.value(item, column))
                    .collect::<Option<Vec<_>>>()?;
                let not = if *negated { "NOT " } else { "" };
                Some(format!(
                    "({} {not}IN ({}))",
                    column.sql(),
                    values.join(", ")
                ))
            }
            Expr::Like(Like {
                negated,
                expr,
                pattern,
                escape_char: None,
                case_insensitive: false,
            }) => {
                let column = self
                    .column(expr)
                    .filter(|column| matches!(column.ty, Type::Varchar(_)))?;
                let pattern = self.value(pattern, column)?;
                let not = if *negated { "NOT " } else { "" };
                Some(format!("({} {not}LIKE {pattern} ESCAPE '')", column.sql()))
            }
            _ => None,
        }
    }

    fn comparison(&mut self, left: &Expr, op: Operator, right: &Expr) -> Option<String> {
        let (column, op, value) = match self.column(left) {
            Some(column) => (column, op, right),
            None => (self.column(right)?, op.swap()?, left),
        };
        let symbol = match op {
            Operator::Eq => "=",
            Operator::NotEq => "<>",
            Operator::Lt => "<",
            Operator::LtEq => "<=",
            Operator::Gt => ">",
            Operator::GtEq => ">=",
            _ => return None,
        };
        let collate = if matches!(op, Operator::Eq | Operator::NotEq) {
            ""
        } else {
            collation(&column.ty)
        };
        let value = self.value(value, column)?;
        Some(format!("({}{collate} {symbol} {value})", column.sql()))
    }

    fn any_column(&self, expr: &Expr) -> Option<&'a PostgresColumn> {
        let Expr::Column(column) = expr else {
            return None;
        };
        self.columns
            .iter()
            .find(|candidate| candidate.name == column.name)
    }

    /// A column whose values compare the same on both sides.
    fn column(&self, expr: &Expr) -> Option<&'a PostgresColumn> {
        self.any_column(expr)
            .filter(|column| cast_of(&column.ty).is_some())
    }

    /// A literal as a parameter cast to the column's type. NULL is left to the engine.
    fn value(&mut self, expr: &Expr, column: &PostgresColumn) -> Option<String> {
        let Expr::Literal(scalar, _) = expr else {
            return None;
        };
        let text = text_of(scalar)?;
        self.values.push(text);
        Some(format!(
            "${}::text::{}",
            self.values.len(),
            cast_of(&column.ty)?
        ))
    }
}

impl PostgresColumn {
    /// The column's name as Postgres's SQL.
    pub fn sql(&self) -> String {
        quote(&self.remote_name)
    }
}

/// A name as Postgres's SQL.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn collation(ty: &Type) -> &'static str {
    if matches!(ty, Type::Varchar(_)) {
        " COLLATE \"C\""
    } else {
        ""
    }
}

/// The Postgres type in which a literal is compared with a column; nothing where the two sides differ.
fn cast_of(ty: &Type) -> Option<&'static str> {
    Some(match ty {
        Type::Boolean => "bool",
        Type::SmallInt => "int2",
        Type::Integer => "int4",
        Type::BigInt => "int8",
        Type::Decimal(..) => "numeric",
        Type::Varchar(_) => "text",
        Type::Date => "date",
        Type::Timestamp(_) => "timestamp",
        Type::TimestampTz(_) => "timestamptz",
        Type::Uuid => "uuid",
        _ => return None,
    })
}

fn text_of(scalar: &ScalarValue) -> Option<String> {
    use chrono::{DateTime, Days, NaiveDate};
    let at = |seconds: i64, nanos: u32| {
        DateTime::from_timestamp(seconds, nanos).map(|moment| moment.naive_utc())
    };
    let split = |value: i64, per_second: i64| {
        let nanos = value.rem_euclid(per_second) * (1_000_000_000 / per_second);
        at(value.div_euclid(per_second), u32::try_from(nanos).ok()?)
    };
    let moment = |value: i64, per_second: i64, zone: bool| {
        let text = split(value, per_second)?
            .format("%Y-%m-%d %H:%M:%S%.9f")
            .to_string();
        // Postgres rounds to microseconds; a finer literal is compared by the engine.
        let text = text.strip_suffix("000")?;
        Some(if zone {
            format!("{text}+00")
        } else {
            text.to_owned()
        })
    };
    match scalar {
        ScalarValue::Boolean(Some(value)) => Some(value.to_string()),
        ScalarValue::Int8(Some(value)) => Some(value.to_string()),
        ScalarValue::Int16(Some(value)) => Some(value.to_string()),
        ScalarValue::Int32(Some(value)) => Some(value.to_string()),
        ScalarValue::Int64(Some(value)) => Some(value.to_string()),
        // A NUL byte is in no Postgres text, and cannot be sent to compare with.
        ScalarValue::Utf8(Some(value))
        | ScalarValue::LargeUtf8(Some(value))
        | ScalarValue::Utf8View(Some(value)) => (!value.contains('\0')).then(|| value.clone()),
        ScalarValue::Decimal128(Some(value), _, scale) => {
            let scale = usize::try_from(*scale).ok()?;
            let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
            let (whole, fraction) = digits.split_at_checked(digits.len().checked_sub(scale)?)?;
            let sign = if *value < 0 { "-" } else { "" };
            Some(if fraction.is_empty() {
                format!("{sign}{whole}")
            } else {
                format!("{sign}{whole}.{fraction}")
            })
        }
        ScalarValue::Date32(Some(days)) => {
            let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
            let distance = Days::new(u64::from(days.unsigned_abs()));
            let day = if *days < 0 {
                epoch.checked_sub_days(distance)
            } else {
                epoch.checked_add_days(distance)
            }?;
            // Postgres reads years outside this range another way.
            (1..=9999)
                .contains(&chrono::Datelike::year(&day))
                .then(|| day.to_string())
        }
        ScalarValue::TimestampSecond(Some(value), zone) => moment(*value, 1, zone.is_some()),
        ScalarValue::TimestampMillisecond(Some(value), zone) => {
            moment(*value, 1_000, zone.is_some())
        }
        ScalarValue::TimestampMicrosecond(Some(value), zone) => {
            moment(*value, 1_000_000, zone.is_some())
        }
        ScalarValue::TimestampNanosecond(Some(value), zone) => {
            moment(*value, 1_000_000_000, zone.is_some())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::logical_expr::{col, lit};

    fn columns() -> Vec<PostgresColumn> {
        [
            ("id", "Id", Type::BigInt),
            ("email", "email", Type::Varchar(Some(60))),
            ("score", "score", Type::Double),
            ("code", "code", Type::Char(3)),
            ("day", "day", Type::Date),
            ("active", "active", Type::Boolean),
            ("amount", "amount", Type::Decimal(12, 2)),
        ]
        .map(|(name, remote_name, ty)| PostgresColumn {
            name: name.to_owned(),
            remote_name: remote_name.to_owned(),
            ty,
            nullable: true,
            comment: None,
        })
        .to_vec()
    }

    #[test]
    fn only_filters_with_the_same_meaning_are_pushed() {
        let amount = lit(ScalarValue::Decimal128(Some(-5), 12, 2));
        for (filter, expected) in [
            (
                col("id").eq(lit(5_i64)),
                Some((r#"("Id" = $1::text::int8)"#, vec!["5"])),
            ),
            (
                lit(5_i64).lt(col("id")),
                Some((r#"("Id" > $1::text::int8)"#, vec!["5"])),
            ),
            (
                col("email").eq(lit("a'b")),
                Some((r#"("email" = $1::text::text)"#, vec!["a'b"])),
            ),
            (
                col("email").gt(lit("a")),
                Some((r#"("email" COLLATE "C" > $1::text::text)"#, vec!["a"])),
            ),
            (
                col("email").like(lit("a%")),
                Some((r#"("email" LIKE $1::text::text ESCAPE '')"#, vec!["a%"])),
            ),
            (
                col("amount").lt(amount),
                Some((r#"("amount" < $1::text::numeric)"#, vec!["-0.05"])),
            ),
            (
                col("day")
                    .eq(lit(ScalarValue::Date32(Some(-1))))
                    .or(col("active")),
                Some((
                    r#"(("day" = $1::text::date) OR "active")"#,
                    vec!["1969-12-31"],
                )),
            ),
            (
                col("score").is_null(),
                Some((r#"("score" IS NULL)"#, vec![])),
            ),
            (
                col("id").in_list(vec![lit(1_i64), lit(2_i64)], true),
                Some((
                    r#"("Id" NOT IN ($1::text::int8, $2::text::int8))"#,
                    vec!["1", "2"],
                )),
            ),
            (col("score").gt(lit(1.0)), None),
            (col("code").eq(lit("a")), None),
            (col("id").eq(lit(ScalarValue::Int64(None))), None),
            (col("email").eq(lit("a\0b")), None),
            (col("id").eq(col("amount")), None),
            (col("gone").eq(lit(1_i64)), None),
        ] {
            let got = condition(std::slice::from_ref(&filter), &columns());
            let expected = expected.map(|(sql, values)| Condition {
                sql: sql.to_owned(),
                values: values.into_iter().map(str::to_owned).collect(),
            });
            assert_eq!(got, expected, "{filter}");
        }
    }
}
