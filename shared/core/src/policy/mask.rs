//! What a person reads in place of a sensitive value: one SQL expression per class, in functions that Trino and
//! the embedded engine both know.
//!
//! A mask must have the column's type, so it is cast to it. Only text keeps a part of the value; a value of any
//! other type becomes NULL. NULL stays NULL. What does not look like its class shows nothing of itself.

use super::model::KnownColumn;
use crate::pii::PiiClass;
use crate::time::Timestamp;

/// What is read in place of a column's value: nothing special (None), or the SQL.
///
/// - `class`: mask it as this class.
/// - `lifted_until`: show the value itself while the engine's clock says that it is before this moment. The
///   comparison is of numbers, so that no time zone can stretch it, and ends the session in the engine even if
///   no newer policy reaches it. Whole seconds, rounded down.
/// - `only_where`: show anything at all only in rows for which this condition holds, else NULL.
pub fn mask(
    column: &KnownColumn,
    class: Option<PiiClass>,
    lifted_until: Option<Timestamp>,
    only_where: Option<&str>,
) -> Option<String> {
    let name = quoted(&column.name);
    let data_type = castable(&column.data_type);
    let shown = match (class, lifted_until) {
        (None, _) => None,
        (Some(class), None) => Some(masked(class, &name, data_type)),
        (Some(class), Some(until)) => Some(format!(
            "CASE WHEN to_unixtime(current_timestamp) < {} THEN {name} ELSE {} END",
            until.as_seconds(),
            masked(class, &name, data_type),
        )),
    };
    let expression = match (shown, only_where) {
        (None, None) => return None,
        (Some(shown), None) => shown,
        (shown, Some(condition)) => {
            format!(
                "CASE WHEN {condition} THEN {} ELSE NULL END",
                shown.as_deref().unwrap_or(&name)
            )
        }
    };
    Some(match data_type {
        Some(data_type) if expression != format!("CAST(NULL AS {data_type})") => {
            format!("CAST({expression} AS {data_type})")
        }
        _ => expression,
    })
}

/// The mask's own expression.
fn masked(class: PiiClass, name: &str, data_type: Option<&str>) -> String {
    let Some(data_type) = data_type else {
        return "NULL".to_owned();
    };
    if !is_text(data_type) {
        return format!("CAST(NULL AS {data_type})");
    }
    let star =
        |otherwise: &str| format!("CASE WHEN {name} IS NULL THEN NULL{otherwise} ELSE '***' END");
    match class {
        // The domain is what people group by. A name with more than one @ keeps only what follows the last.
        PiiClass::Email => star(&format!(
            " WHEN {name} LIKE '%@%' THEN '***@' || regexp_replace({name}, '^([^@]*@)*', '')"
        )),
        PiiClass::Ipv4 => star(&format!(
            " WHEN regexp_like({name}, '^[0-9]{{1,3}}([.][0-9]{{1,3}}){{3}}$') \
             THEN regexp_replace({name}, '[.][0-9]+[.][0-9]+$', '.x.x')"
        )),
        // The last four digits, as printed on receipts.
        PiiClass::PaymentCard => star(&format!(
            " WHEN regexp_like({name}, '^[0-9][0-9 -]{{10,21}}[0-9]$') \
             THEN '****' || substr({name}, length({name}) - 3)"
        )),
        // The country.
        PiiClass::Iban => star(&format!(
            " WHEN regexp_like({name}, '^[A-Za-z]{{2}}[0-9]{{2}}[A-Za-z0-9 ]+$') \
             THEN substr({name}, 1, 2) || '***'"
        )),
        // Not even whether there is one.
        PiiClass::Secret => format!("CAST(NULL AS {data_type})"),
        PiiClass::Phone
        | PiiClass::Ipv6
        | PiiClass::SsnUs
        | PiiClass::PersonName
        | PiiClass::FreeText => star(""),
    }
}

/// A column as SQL, always in quotes: `order` and `user` are columns too.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn is_text(data_type: &str) -> bool {
    data_type == "varchar" || data_type.starts_with("varchar(")
}

/// The type if it can be written into a CAST that every engine reads: a scalar one. For others a bare NULL does.
fn castable(data_type: &str) -> Option<&str> {
    const SCALARS: [&str; 18] = [
        "boolean",
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "real",
        "double",
        "decimal",
        "varchar",
        "char",
        "varbinary",
        "date",
        "time",
        "timestamp",
        "uuid",
        "json",
        "ipaddress",
        "number",
    ];
    let name = data_type.split(['(', ' ']).next().unwrap_or_default();
    let rest = data_type.get(name.len()..).unwrap_or_default();
    let parameters = match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((numbers, rest))
            if numbers
                .chars()
                .all(|c| c.is_ascii_digit() || c == ',' || c == ' ') =>
        {
            rest
        }
        Some(_) => return None,
        None => rest,
    };
    (SCALARS.contains(&name) && matches!(parameters, "" | " with time zone")).then_some(data_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, data_type: &str) -> KnownColumn {
        KnownColumn {
            name: name.to_owned(),
            data_type: data_type.to_owned(),
            dropped: false,
            comment: None,
        }
    }

    #[test]
    fn masks_have_the_type_of_their_column() {
        let until = Timestamp::from_millis(1_767_261_600_999);
        for (data_type, class, lifted, condition, wanted) in [
            ("varchar", None, None, None, None),
            (
                "bigint",
                Some(PiiClass::Phone),
                None,
                None,
                Some("CAST(NULL AS bigint)"),
            ),
            (
                "array(varchar)",
                Some(PiiClass::Email),
                None,
                None,
                Some("NULL"),
            ),
            (
                "row(\"x)\" bigint)",
                Some(PiiClass::Email),
                None,
                None,
                Some("NULL"),
            ),
            (
                "timestamp(6) with time zone",
                Some(PiiClass::Phone),
                None,
                None,
                Some("CAST(NULL AS timestamp(6) with time zone)"),
            ),
            (
                "varchar(9)",
                Some(PiiClass::Secret),
                None,
                None,
                Some("CAST(NULL AS varchar(9))"),
            ),
            (
                "varchar(9)",
                Some(PiiClass::Phone),
                None,
                None,
                Some("CAST(CASE WHEN \"c\" IS NULL THEN NULL ELSE '***' END AS varchar(9))"),
            ),
            (
                "date",
                Some(PiiClass::Phone),
                Some(until),
                None,
                Some(
                    "CAST(CASE WHEN to_unixtime(current_timestamp) < 1767261600 THEN \"c\" \
                     ELSE CAST(NULL AS date) END AS date)",
                ),
            ),
            (
                "date",
                None,
                None,
                Some("(a = 1)"),
                Some("CAST(CASE WHEN (a = 1) THEN \"c\" ELSE NULL END AS date)"),
            ),
            (
                "array(varchar)",
                Some(PiiClass::Phone),
                Some(until),
                Some("(a = 1)"),
                Some(
                    "CASE WHEN (a = 1) THEN CASE WHEN to_unixtime(current_timestamp) < 1767261600 \
                     THEN \"c\" ELSE NULL END ELSE NULL END",
                ),
            ),
        ] {
            assert_eq!(
                mask(&column("c", data_type), class, lifted, condition).as_deref(),
                wanted,
                "{data_type}"
            );
        }
    }

    #[test]
    fn an_email_keeps_its_domain() {
        assert_eq!(
            mask(
                &column("order", "varchar"),
                Some(PiiClass::Email),
                None,
                None
            )
            .as_deref(),
            Some(
                "CAST(CASE WHEN \"order\" IS NULL THEN NULL WHEN \"order\" LIKE '%@%' THEN '***@' || \
                 regexp_replace(\"order\", '^([^@]*@)*', '') ELSE '***' END AS varchar)"
            )
        );
    }
}
