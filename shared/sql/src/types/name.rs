//! The ways in which Trino spells a type: to clients, in its messages, and in a function's signature.

use std::fmt;

use super::Type;

/// The types without parameters, with their names.
pub(super) const PLAIN: [(Type, &str); 35] = [
    (Type::Unknown, "unknown"),
    (Type::Boolean, "boolean"),
    (Type::TinyInt, "tinyint"),
    (Type::SmallInt, "smallint"),
    (Type::Integer, "integer"),
    (Type::BigInt, "bigint"),
    (Type::Real, "real"),
    (Type::Double, "double"),
    (Type::Varchar(None), "varchar"),
    (Type::Varbinary, "varbinary"),
    (Type::Date, "date"),
    (Type::Time(3), "time"),
    (Type::TimeTz(3), "time with time zone"),
    (Type::Timestamp(3), "timestamp"),
    (Type::TimestampTz(3), "timestamp with time zone"),
    (Type::IntervalDayTime, "interval day to second"),
    (Type::IntervalYearMonth, "interval year to month"),
    (Type::Json, "json"),
    (Type::Uuid, "uuid"),
    (Type::IpAddress, "ipaddress"),
    (Type::HyperLogLog, "HyperLogLog"),
    (Type::P4HyperLogLog, "P4HyperLogLog"),
    (Type::SetDigest, "SetDigest"),
    (Type::TDigest, "tdigest"),
    (Type::Geometry, "Geometry"),
    (Type::SphericalGeography, "SphericalGeography"),
    (Type::BingTile, "BingTile"),
    (Type::KdbTree, "KdbTree"),
    (Type::JoniRegexp, "JoniRegExp"),
    (Type::LikePattern, "LikePattern"),
    (Type::JsonPath, "JsonPath"),
    (Type::Json2016, "json2016"),
    (Type::CodePoints, "CodePoints"),
    (Type::Color, "color"),
    (Type::ObjectId, "ObjectId"),
];

/// As clients are told: `decimal(5, 2)`, `INTERVAL DAY TO SECOND`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spell(self, Spelling::Client, f)
    }
}

/// A type as Trino spells it in messages, from [`Type::in_messages`].
#[derive(Debug, Clone, Copy)]
pub struct InMessages<'a>(&'a Type);

impl fmt::Display for InMessages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spell(self.0, Spelling::Message, f)
    }
}

/// A type as Trino spells it in signatures, from [`Type::in_signatures`].
#[derive(Debug, Clone, Copy)]
pub struct InSignatures<'a>(&'a Type);

impl fmt::Display for InSignatures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spell(self.0, Spelling::Signature, f)
    }
}

/// A type as Trino spells it to older clients, from [`Type::for_older_clients`].
#[derive(Debug, Clone, Copy)]
pub struct ForOlderClients<'a>(&'a Type);

impl fmt::Display for ForOlderClients<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spell(self.0, Spelling::OlderClient, f)
    }
}

impl Type {
    /// As clients are told that do not know of fractional digits (`PARAMETRIC_DATETIME`): `timestamp`,
    /// whatever its digits.
    pub fn for_older_clients(&self) -> ForOlderClients<'_> {
        ForOlderClients(self)
    }

    /// As Trino's messages have it: `decimal(5,2)`, `interval day to second`.
    pub fn in_messages(&self) -> InMessages<'_> {
        InMessages(self)
    }

    /// As a function's signature has it: `row(integer,varchar(1))`.
    pub fn in_signatures(&self) -> InSignatures<'_> {
        InSignatures(self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Client,
    OlderClient,
    Message,
    Signature,
}

struct Spelled<'a>(&'a Type, Spelling);

impl fmt::Display for Spelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spell(self.0, self.1, f)
    }
}

fn spell(ty: &Type, how: Spelling, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let between = if how == Spelling::Signature {
        ","
    } else {
        ", "
    };
    let inner = |ty| Spelled(ty, how);
    let is_for_clients = matches!(how, Spelling::Client | Spelling::OlderClient);
    match ty {
        Type::Time(_) if how == Spelling::OlderClient => f.write_str("time"),
        Type::TimeTz(_) if how == Spelling::OlderClient => f.write_str("time with time zone"),
        Type::Timestamp(_) if how == Spelling::OlderClient => f.write_str("timestamp"),
        Type::TimestampTz(_) if how == Spelling::OlderClient => {
            f.write_str("timestamp with time zone")
        }
        Type::Decimal(p, s) if is_for_clients => write!(f, "decimal({p}, {s})"),
        Type::Decimal(p, s) => write!(f, "decimal({p},{s})"),
        Type::Varchar(Some(n)) => write!(f, "varchar({n})"),
        Type::Char(n) => write!(f, "char({n})"),
        Type::Time(p) => write!(f, "time({p})"),
        Type::TimeTz(p) => write!(f, "time({p}) with time zone"),
        Type::Timestamp(p) => write!(f, "timestamp({p})"),
        Type::TimestampTz(p) => write!(f, "timestamp({p}) with time zone"),
        Type::IntervalDayTime if is_for_clients => f.write_str("INTERVAL DAY TO SECOND"),
        Type::IntervalYearMonth if is_for_clients => f.write_str("INTERVAL YEAR TO MONTH"),
        Type::Array(item) => write!(f, "array({})", inner(item)),
        Type::Map(key, value) => write!(f, "map({}{between}{})", inner(key), inner(value)),
        Type::QDigest(of) => write!(f, "qdigest({})", inner(of)),
        Type::Row(fields) => {
            f.write_str("row(")?;
            for (i, (name, ty)) in fields.iter().enumerate() {
                if i > 0 {
                    f.write_str(between)?;
                }
                if let Some(name) = name {
                    spell_name(name, how, f)?;
                }
                spell(ty, how, f)?;
            }
            f.write_str(")")
        }
        Type::Function(arguments, result) => {
            f.write_str("function(")?;
            for argument in arguments.iter() {
                write!(f, "{}{between}", inner(argument))?;
            }
            write!(f, "{})", inner(result))
        }
        plain => PLAIN
            .iter()
            .find(|(ty, _)| ty == plain)
            .map_or(Ok(()), |(_, name)| f.write_str(name)),
    }
}

fn spell_name(name: &str, how: Spelling, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let quoted = match how {
        Spelling::Client | Spelling::OlderClient => !is_plain_name(name),
        Spelling::Message => false,
        Spelling::Signature => true,
    };
    if quoted {
        write!(f, "\"{}\" ", name.replace('"', "\"\""))
    } else {
        write!(f, "{name} ")
    }
}

/// Whether a name needs no quotes.
fn is_plain_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '@'))
}

#[cfg(test)]
mod tests {
    use super::super::parse_type;

    #[test]
    fn a_type_is_spelled_for_whom_it_is_told() {
        let text = "row(a decimal(3,1), \"b c\" array(timestamp(6) with time zone), d time(0))";
        let ty = parse_type(text).unwrap();
        assert_eq!(
            ty.to_string(),
            "row(a decimal(3, 1), \"b c\" array(timestamp(6) with time zone), d time(0))"
        );
        assert_eq!(
            ty.for_older_clients().to_string(),
            "row(a decimal(3, 1), \"b c\" array(timestamp with time zone), d time)"
        );
        assert_eq!(
            ty.in_messages().to_string(),
            "row(a decimal(3,1), b c array(timestamp(6) with time zone), d time(0))"
        );
    }
}
