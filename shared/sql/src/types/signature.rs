//! A function's or an operator's declaration: the types that it takes and gives, with variables in them.

use std::sync::Arc;

use super::parse::{self, Parameter, Written};
use super::{Type, TypeProblem, parse_type};

/// The number that stands for a `varchar` without a length.
const UNBOUNDED: i128 = 2_147_483_647;

/// A declaration.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) arguments: Vec<Formal>,
    pub(super) result: Formal,
    /// Whether the last argument may come any number of times, also never.
    pub(super) is_variadic: bool,
    /// How it is listed: aggregate, window or neither.
    pub(super) kind: Kind,
    /// Whether the same arguments give the same value.
    pub(super) is_deterministic: bool,
    pub(super) constraints: Vec<(&'static str, Constraint)>,
    /// Parameters that are computed from others.
    pub(super) computed: Vec<(&'static str, &'static str)>,
    /// The arguments as they are listed.
    pub(super) written: &'static str,
}

/// How a function takes rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One row.
    Scalar,
    /// All rows of a group.
    Aggregate,
    /// A row and those around it.
    Window,
}

/// What a type variable's type must be able to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Constraint {
    Comparable,
    Orderable,
    CastableTo(Type),
}

/// A type with variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Formal {
    /// Any type, the same wherever the name stands.
    Variable(String),
    /// A type without variables.
    Plain(Type),
    /// A type whose parameters are numbers, some of them variables.
    Numeric(Base, Vec<Number>),
    Array(Box<Formal>),
    Map(Box<Formal>, Box<Formal>),
    Row(Vec<Formal>),
    QDigest(Box<Formal>),
    Function(Vec<Formal>, Box<Formal>),
}

/// The types that have numbers as parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    Decimal,
    Varchar,
    Char,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
}

/// A type's parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Number {
    Is(i128),
    Variable(String),
}

impl Base {
    /// A type of this base.
    pub(super) fn sample(self) -> Type {
        match self {
            Self::Decimal => Type::Decimal(1, 0),
            Self::Varchar => Type::Varchar(None),
            Self::Char => Type::Char(0),
            Self::Time => Type::Time(0),
            Self::TimeTz => Type::TimeTz(0),
            Self::Timestamp => Type::Timestamp(0),
            Self::TimestampTz => Type::TimestampTz(0),
        }
    }

    /// The type with these parameters.
    pub(super) fn with(self, numbers: &[i128]) -> Result<Type, TypeProblem> {
        let number = |i| {
            let number: i128 = numbers.get(i).copied().unwrap_or_default();
            // What is below zero is as impossible as what is too large, and is told so.
            u64::try_from(number).unwrap_or(u64::MAX)
        };
        match self {
            Self::Decimal => parse::decimal(number(0), number(1)),
            Self::Varchar => parse::varchar(number(0)),
            Self::Char => parse::char(number(0)),
            Self::Time => parse::precision("TIME", number(0)).map(Type::Time),
            Self::TimeTz => parse::precision("TIME WITH TIME ZONE", number(0)).map(Type::TimeTz),
            Self::Timestamp => parse::precision("TIMESTAMP", number(0)).map(Type::Timestamp),
            Self::TimestampTz => {
                parse::precision("TIMESTAMP WITH TIME ZONE", number(0)).map(Type::TimestampTz)
            }
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "decimal" => Self::Decimal,
            "varchar" => Self::Varchar,
            "char" => Self::Char,
            "time" => Self::Time,
            "time with time zone" => Self::TimeTz,
            "timestamp" => Self::Timestamp,
            "timestamp with time zone" => Self::TimestampTz,
            _ => return None,
        })
    }
}

/// The numbers among a type's parameters.
pub(super) fn numbers_of(ty: &Type) -> Vec<i128> {
    match ty {
        Type::Decimal(p, s) => vec![i128::from(*p), i128::from(*s)],
        Type::Varchar(n) => vec![n.map_or(UNBOUNDED, i128::from)],
        Type::Char(n) => vec![i128::from(*n)],
        Type::Time(p) | Type::TimeTz(p) | Type::Timestamp(p) | Type::TimestampTz(p) => {
            vec![i128::from(*p)]
        }
        _ => Vec::new(),
    }
}

/// A line of a table: name, arguments, result and notes, with tabs between them.
pub(super) fn signature(line: &'static str) -> Option<Signature> {
    let mut columns = line.split('\t');
    let name = columns.next()?;
    let written = columns.next()?;
    let result = formal(&parse::read(columns.next()?)?)?;
    let arguments = if written.is_empty() {
        Vec::new()
    } else {
        // Read as one type with parameters, which is what a list of types looks like.
        let list = parse::read(&format!("list({written})"))?;
        list.parameters
            .iter()
            .map(inner)
            .collect::<Option<Vec<_>>>()?
    };
    let mut signature = Signature {
        name,
        arguments,
        result,
        is_variadic: false,
        kind: Kind::Scalar,
        is_deterministic: true,
        constraints: Vec::new(),
        computed: Vec::new(),
        written,
    };
    for note in columns.next().unwrap_or_default().split("; ") {
        match note {
            "" => {}
            "aggregate" => signature.kind = Kind::Aggregate,
            "window" => signature.kind = Kind::Window,
            "random" => signature.is_deterministic = false,
            "variadic" => signature.is_variadic = true,
            _ => {
                let (variable, rest) = note.split_once(' ')?;
                match rest.split_once(' ').unwrap_or((rest, "")) {
                    ("comparable", _) => {
                        signature
                            .constraints
                            .push((variable, Constraint::Comparable));
                    }
                    ("orderable", _) => {
                        signature
                            .constraints
                            .push((variable, Constraint::Orderable));
                    }
                    ("castable", to) => {
                        let to = parse_type(to).ok()?;
                        signature
                            .constraints
                            .push((variable, Constraint::CastableTo(to)));
                    }
                    ("=", formula) => signature.computed.push((variable, formula)),
                    _ => return None,
                }
            }
        }
    }
    Some(signature)
}

fn inner(parameter: &Parameter) -> Option<Formal> {
    match parameter {
        Parameter::Type(None, written) => formal(written),
        _ => None,
    }
}

fn formal(written: &Written) -> Option<Formal> {
    let name = written.name.as_str();
    if name.starts_with(|c: char| c.is_ascii_uppercase()) && written.parameters.is_empty() {
        return Some(Formal::Variable(name.to_owned()));
    }
    if let Some(base) = Base::named(name)
        && !written.parameters.is_empty()
    {
        let numbers = written.parameters.iter().map(|parameter| match parameter {
            Parameter::Number(n) => Some(Number::Is(i128::from(*n))),
            Parameter::Type(None, variable) => Some(Number::Variable(variable.name.clone())),
            Parameter::Type(Some(_), _) => None,
        });
        return Some(Formal::Numeric(base, numbers.collect::<Option<Vec<_>>>()?));
    }
    let parameters = written
        .parameters
        .iter()
        .map(inner)
        .collect::<Option<Vec<_>>>()?;
    match (name, parameters.as_slice()) {
        (_, []) => parse_type(name).ok().map(Formal::Plain),
        ("array", [item]) => Some(Formal::Array(Box::new(item.clone()))),
        ("map", [key, value]) => Some(Formal::Map(Box::new(key.clone()), Box::new(value.clone()))),
        ("row", fields) => Some(Formal::Row(fields.to_vec())),
        ("qdigest", [of]) => Some(Formal::QDigest(Box::new(of.clone()))),
        ("function", [arguments @ .., result]) => Some(Formal::Function(
            arguments.to_vec(),
            Box::new(result.clone()),
        )),
        _ => None,
    }
}

impl Formal {
    /// The formal types that stand inside this one.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Array(item) | Self::QDigest(item) => vec![item],
            Self::Map(key, value) => vec![key, value],
            Self::Row(fields) => fields.iter().collect(),
            Self::Function(arguments, result) => {
                arguments.iter().chain([result.as_ref()]).collect()
            }
            Self::Variable(_) | Self::Plain(_) | Self::Numeric(..) => Vec::new(),
        }
    }

    /// Every type variable in it.
    pub(super) fn variables(&self) -> Vec<&str> {
        match self {
            Self::Variable(name) => vec![name],
            other => other
                .parts()
                .into_iter()
                .flat_map(Self::variables)
                .collect(),
        }
    }

    /// The types inside an actual type where this one has formal types inside, if they are of one kind.
    pub(super) fn parts_of(&self, actual: &Type) -> Option<Vec<Type>> {
        if *actual == Type::Unknown {
            return Some(vec![Type::Unknown; self.parts().len()]);
        }
        match (self, actual) {
            (Self::Array(_), Type::Array(item)) | (Self::QDigest(_), Type::QDigest(item)) => {
                Some(vec![item.as_ref().clone()])
            }
            (Self::Map(..), Type::Map(key, value)) => {
                Some(vec![key.as_ref().clone(), value.as_ref().clone()])
            }
            (Self::Row(formal), Type::Row(fields)) if formal.len() == fields.len() => {
                Some(fields.iter().map(|(_, ty)| ty.clone()).collect())
            }
            _ => None,
        }
    }

    /// The type with the variables filled in; nothing if one has no value yet.
    pub(super) fn apply(
        &self,
        type_of: &dyn Fn(&str) -> Option<Type>,
        number_of: &dyn Fn(&str) -> Option<i128>,
    ) -> Result<Option<Type>, TypeProblem> {
        let apply = |formal: &Self| formal.apply(type_of, number_of);
        let all = |formals: &[Self]| {
            formals
                .iter()
                .map(apply)
                .collect::<Result<Option<Vec<_>>, _>>()
        };
        Ok(match self {
            Self::Variable(name) => type_of(name),
            Self::Plain(ty) => Some(ty.clone()),
            Self::Numeric(base, numbers) => {
                let numbers: Option<Vec<_>> = numbers
                    .iter()
                    .map(|number| match number {
                        Number::Is(n) => Some(*n),
                        Number::Variable(name) => number_of(name),
                    })
                    .collect();
                match numbers {
                    Some(numbers) => Some(base.with(&numbers)?),
                    None => None,
                }
            }
            Self::Array(item) => apply(item)?.map(Type::array_of),
            Self::QDigest(of) => apply(of)?.map(|of| Type::QDigest(Arc::new(of))),
            Self::Map(key, value) => apply(key)?
                .zip(apply(value)?)
                .map(|(key, value)| Type::Map(Arc::new(key), Arc::new(value))),
            Self::Row(fields) => all(fields)?.map(Type::row_of),
            Self::Function(arguments, result) => all(arguments)?
                .zip(apply(result)?)
                .map(|(arguments, result)| Type::Function(arguments.into(), Arc::new(result))),
        })
    }
}
