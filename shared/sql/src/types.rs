//! Trino's types, and what may be done with values of them: which turn into which, which casts, operators
//! and functions there are and what they give. Nothing here knows of names, scopes or syntax trees.
//!
//! Every answer is Trino's: its types in its spelling, or its error with its name and words.

mod cast;
mod coerce;
mod declarations;
mod form;
mod formula;
mod function;
mod json;
mod literal;
mod name;
mod operator;
mod parse;
mod problem;
mod resolve;
mod signature;
mod solve;
mod temporal;
mod window;

use std::sync::Arc;

pub use cast::{can_cast, check_cast};
pub use coerce::{can_coerce, common_super_type};
pub use form::{Answer, case, clock, compare_with_query, extract, json_form, special_form};
pub use function::{Resolved, function_kind, function_names, is_deterministic, resolve_function};
pub use literal::{
    binary_literal, interval_literal, number_literal, string_literal, typed_literal,
};
pub use name::{ForOlderClients, InMessages, InSignatures};
pub use operator::{Operation, common_type, must_be, operation, operator, subscript};
pub use parse::parse_type;
pub use problem::{ErrorName, TypeProblem};
pub use signature::Kind;
pub use solve::{Argument, Lambda};
pub use window::{FrameEdge, FrameUnit, WindowClauses, check_frame_offset, check_window};

/// A type of Trino's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// The type of `NULL`.
    Unknown,
    /// `boolean`
    Boolean,
    /// 8 bits.
    TinyInt,
    /// 16 bits.
    SmallInt,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInt,
    /// 32-bit floating point.
    Real,
    /// 64-bit floating point.
    Double,
    /// Precision 1 to 38, scale 0 to precision.
    Decimal(u8, u8),
    /// Text, at most so many characters.
    Varchar(Option<u32>),
    /// Text of so many characters, padded with spaces.
    Char(u32),
    /// Bytes.
    Varbinary,
    /// A day.
    Date,
    /// Time of day with so many fractional digits, 0 to 12.
    Time(u8),
    /// Time of day with its distance from UTC.
    TimeTz(u8),
    /// A wall clock's reading with so many fractional digits, 0 to 12.
    Timestamp(u8),
    /// An instant with a zone to show it in.
    TimestampTz(u8),
    /// Days to milliseconds.
    IntervalDayTime,
    /// Years and months.
    IntervalYearMonth,
    /// JSON text.
    Json,
    /// A UUID.
    Uuid,
    /// An IPv4 or IPv6 address.
    IpAddress,
    /// A list.
    Array(Arc<Type>),
    /// A map.
    Map(Arc<Type>, Arc<Type>),
    /// A record; its fields may lack names.
    Row(Arc<[(Option<String>, Type)]>),
    /// A lambda: its arguments, and what it gives.
    Function(Arc<[Type]>, Arc<Type>),
    /// A sketch of distinct values.
    HyperLogLog,
    /// A sketch of distinct values that is always dense.
    P4HyperLogLog,
    /// A sketch of a set.
    SetDigest,
    /// A sketch of quantiles of values of a type.
    QDigest(Arc<Type>),
    /// A sketch of quantiles.
    TDigest,
    /// A shape on a plane.
    Geometry,
    /// A shape on the globe.
    SphericalGeography,
    /// A tile of a map.
    BingTile,
    /// A partitioning of space.
    KdbTree,
    /// A regular expression, compiled.
    JoniRegexp,
    /// A pattern of LIKE, compiled.
    LikePattern,
    /// A JSON path, compiled.
    JsonPath,
    /// JSON as the standard's functions pass it between them.
    Json2016,
    /// Characters to trim.
    CodePoints,
    /// A colour of the terminal.
    Color,
    /// MongoDB's id.
    ObjectId,
}

impl Type {
    /// A record without names.
    pub fn row_of(fields: impl IntoIterator<Item = Self>) -> Self {
        Self::Row(fields.into_iter().map(|ty| (None, ty)).collect())
    }

    /// A list of values of a type.
    pub fn array_of(item: Self) -> Self {
        Self::Array(Arc::new(item))
    }

    /// `tinyint` to `bigint`.
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            Self::TinyInt | Self::SmallInt | Self::Integer | Self::BigInt
        )
    }

    /// Any number.
    pub fn is_numeric(&self) -> bool {
        self.is_integer() || matches!(self, Self::Real | Self::Double | Self::Decimal(..))
    }

    /// `varchar` and `char`.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Varchar(_) | Self::Char(_))
    }

    /// Days, times, instants and intervals.
    pub fn is_temporal(&self) -> bool {
        matches!(
            self,
            Self::Date
                | Self::Time(_)
                | Self::TimeTz(_)
                | Self::Timestamp(_)
                | Self::TimestampTz(_)
                | Self::IntervalDayTime
                | Self::IntervalYearMonth
        )
    }

    /// Whether two values of it can be put in order.
    pub fn is_orderable(&self) -> bool {
        match self {
            Self::Json | Self::Map(..) | Self::BingTile => false,
            Self::Array(item) => item.is_orderable(),
            Self::Row(fields) => fields.iter().all(|(_, ty)| ty.is_orderable()),
            other => other.is_comparable(),
        }
    }

    /// Whether two values of it can be compared for equality.
    pub fn is_comparable(&self) -> bool {
        match self {
            Self::Map(key, value) => key.is_comparable() && value.is_comparable(),
            Self::Array(item) => item.is_comparable(),
            Self::Row(fields) => fields.iter().all(|(_, ty)| ty.is_comparable()),
            Self::Function(..)
            | Self::HyperLogLog
            | Self::P4HyperLogLog
            | Self::SetDigest
            | Self::QDigest(_)
            | Self::TDigest
            | Self::Geometry
            | Self::SphericalGeography
            | Self::KdbTree
            | Self::JoniRegexp
            | Self::LikePattern
            | Self::JsonPath
            | Self::Json2016
            | Self::CodePoints => false,
            _ => true,
        }
    }
}
