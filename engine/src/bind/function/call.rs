//! A call of a function that is settled: its arguments are of the types that the function takes.

use std::fmt;

use townlake_sql::types::Type;

use super::misuse;
use crate::bind::Typed;
use crate::error::Result;
use crate::udf::cell::{Cell, Out};
use crate::udf::{self};

/// A call.
pub(super) struct Call<'c> {
    /// The function's name in lower case.
    pub(super) name: &'c str,
    /// The arguments.
    pub(super) args: Vec<Typed>,
    /// The type that it gives.
    pub(super) ty: Type,
}

impl Call<'_> {
    /// The function over one row's values; null where any argument is.
    pub(super) fn strict(
        &self,
        run: impl Fn(&[Cell<'_>]) -> Result<Out> + Send + Sync + 'static,
    ) -> Typed {
        udf::strict(self.kernel(), self.args.clone(), self.ty.clone(), run)
    }

    /// As [`Call::strict`], but asked for rows with nulls too.
    pub(super) fn nullable(
        &self,
        run: impl Fn(&[Cell<'_>]) -> Result<Out> + Send + Sync + 'static,
    ) -> Typed {
        udf::nullable(self.kernel(), self.args.clone(), self.ty.clone(), run)
    }

    /// A function of one text.
    pub(super) fn of_text(&self, run: fn(&str) -> Result<Out>) -> Typed {
        self.strict(move |row| match row {
            [Cell::Text(text)] => run(text),
            _ => Err(misuse()),
        })
    }

    /// A function of two texts.
    pub(super) fn of_texts(&self, run: fn(&str, &str) -> Result<Out>) -> Typed {
        self.strict(move |row| match row {
            [Cell::Text(a), Cell::Text(b)] => run(a, b),
            _ => Err(misuse()),
        })
    }

    /// A function of bytes.
    pub(super) fn of_bytes(&self, run: fn(&[u8]) -> Result<Out>) -> Typed {
        self.strict(move |row| match row {
            [Cell::Bytes(bytes)] => run(bytes),
            _ => Err(misuse()),
        })
    }

    /// A function of one whole number.
    pub(super) fn of_integer(&self, run: fn(i64) -> Result<Out>) -> Typed {
        self.strict(move |row| match row {
            [Cell::Int(number)] => run(*number),
            _ => Err(misuse()),
        })
    }

    /// A function of two whole numbers.
    pub(super) fn of_integers(&self, run: fn(i64, i64) -> Result<Out>) -> Typed {
        self.strict(move |row| match row {
            [Cell::Int(a), Cell::Int(b)] => run(*a, *b),
            _ => Err(misuse()),
        })
    }

    /// The name says all that the function depends on: the types, and the zone.
    fn kernel(&self) -> String {
        let zone = self.args.iter().find_map(|arg| arg.zone);
        match zone {
            Some(zone) => format!("{self} {}", zone.name()),
            None => self.to_string(),
        }
    }
}

/// `name(type, type)`
impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (i, arg) in self.args.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{}", arg.ty.in_messages())?;
        }
        f.write_str(")")
    }
}
