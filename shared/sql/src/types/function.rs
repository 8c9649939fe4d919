//! Functions: which there are, and which one a call means.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::declarations::Declarations;
use super::resolve::{choose, result_of_any};
use super::signature::{Constraint, Kind, Signature};
use super::solve::{Argument, Misfit, expand};
use super::{ErrorName, Type, TypeProblem};

const TABLE: &str = include_str!("functions.txt");

static FUNCTIONS: LazyLock<Declarations> = LazyLock::new(|| Declarations::of(TABLE));

/// As in Trino.
const MAX_ARGUMENTS: usize = 127;

/// What a call means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The types that the arguments turn into; nothing where it depends on what is not known.
    pub arguments: Vec<Option<Type>>,
    /// The type that it gives; nothing where that depends on what is not known.
    pub result: Option<Type>,
    /// How it takes rows.
    pub kind: Kind,
    /// Whether the same arguments give the same value.
    pub is_deterministic: bool,
}

/// How a function takes rows; nothing if there is no such function.
pub fn function_kind(name: &str) -> Option<Kind> {
    FUNCTIONS
        .named(&name.to_ascii_lowercase())
        .first()
        .map(|signature| signature.kind)
}

/// Whether a function gives the same value for the same arguments. What is no function is taken to.
pub fn is_deterministic(name: &str) -> bool {
    FUNCTIONS
        .named(&name.to_ascii_lowercase())
        .iter()
        .all(|signature| signature.is_deterministic)
}

/// The names of all functions, in order, each once.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    let mut last = "#";
    TABLE
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, _)| name)
        .filter(move |name| std::mem::replace(&mut last, name) != *name)
}

/// What a call of a function means.
///
/// # Errors
/// There is no such function, none for these arguments, more than one, or a lambda is wrong.
pub fn resolve_function(
    name: &str,
    arguments: &mut [Argument<'_>],
) -> Result<Resolved, TypeProblem> {
    let lower = name.to_ascii_lowercase();
    let candidates = FUNCTIONS.named(&lower);
    let Some(first) = candidates.first() else {
        return Err(TypeProblem::new(
            ErrorName::FunctionNotFound,
            format!("Function '{lower}' not registered"),
        ));
    };
    let (kind, is_deterministic) = (first.kind, first.is_deterministic);
    let resolved = resolve(candidates, arguments).map_err(|misfit| match misfit {
        Misfit::Problem(problem) => problem,
        Misfit::No | Misfit::Unknown => not_found(&lower, candidates, arguments),
    })?;
    if arguments.len() > MAX_ARGUMENTS {
        return Err(TypeProblem::new(
            ErrorName::TooManyArguments,
            format!("Too many arguments for function call {lower}()"),
        ));
    }
    let (arguments, result) = resolved;
    Ok(Resolved {
        arguments,
        result,
        kind,
        is_deterministic,
    })
}

/// What the arguments turn into, and the result's type.
type Types = (Vec<Option<Type>>, Option<Type>);

/// The types of a call of one of these; `Misfit::No` if none fits.
pub(super) fn resolve(
    candidates: &[Signature],
    arguments: &mut [Argument<'_>],
) -> Result<Types, Misfit> {
    let arity = arguments.len();
    let cannot_tell = || {
        let result = result_of_any(candidates, arity);
        (vec![None; arity], result)
    };
    let is_unknown = |argument: &Argument<'_>| matches!(argument, Argument::Unknown);
    if arguments.iter().any(is_unknown) {
        let takes_so_many = candidates
            .iter()
            .any(|signature| expand(signature, arity).is_some());
        return if takes_so_many {
            Ok(cannot_tell())
        } else {
            Err(Misfit::No)
        };
    }
    match choose(candidates, arguments) {
        Ok(choice) => Ok((
            choice.fit.arguments.into_iter().map(Some).collect(),
            Some(choice.fit.result.map_err(Misfit::Problem)?),
        )),
        Err(Misfit::Unknown) => Ok(cannot_tell()),
        Err(other) => Err(other),
    }
}

fn not_found(name: &str, candidates: &[Signature], arguments: &[Argument<'_>]) -> TypeProblem {
    let given: Vec<String> = arguments
        .iter()
        .map(|argument| match argument {
            Argument::Value(ty) => ty.in_signatures().to_string(),
            Argument::Lambda(_) => "<function>".to_owned(),
            Argument::Unknown => "?".to_owned(),
        })
        .collect();
    let expected: BTreeSet<String> = candidates
        .iter()
        .map(|signature| {
            let constraints = constraints(signature);
            format!("{name}({}) {constraints}", signature.written)
                .trim_end()
                .to_owned()
        })
        .collect();
    let expected: Vec<String> = expected.into_iter().collect();
    TypeProblem::new(
        ErrorName::FunctionNotFound,
        format!(
            "Unexpected parameters ({}) for function {name}. Expected: {}",
            given.join(", "),
            expected.join(", ")
        ),
    )
}

/// `E:orderable, T`
fn constraints(signature: &Signature) -> String {
    let mut variables: Vec<&str> = Vec::new();
    for variable in signature
        .arguments
        .iter()
        .flat_map(|formal| formal.variables())
    {
        if !variables.contains(&variable) {
            variables.push(variable);
        }
    }
    let spelled: Vec<String> = variables
        .into_iter()
        .map(|variable| {
            let mut text = variable.to_owned();
            for (_, constraint) in signature
                .constraints
                .iter()
                .filter(|(of, _)| *of == variable)
            {
                match constraint {
                    Constraint::Comparable => text.push_str(":comparable"),
                    Constraint::Orderable => text.push_str(":orderable"),
                    Constraint::CastableTo(to) => {
                        text.push_str(&format!(":castableTo({})", to.in_signatures()));
                    }
                }
            }
            text
        })
        .collect();
    spelled.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::parse_type;
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_understood() {
        for table in [TABLE, include_str!("operators.txt")] {
            let declarations = Declarations::of(table);
            for line in table.lines().filter(|line| !line.starts_with('#')) {
                let (name, _) = line.split_once('\t').unwrap();
                let lines = table
                    .lines()
                    .filter(|other| other.split('\t').next() == Some(name));
                assert_eq!(declarations.named(name).len(), lines.count(), "{line}");
            }
        }
    }

    #[test]
    fn calls_mean_what_they_mean_in_trino() {
        for (name, arguments, expected) in [
            ("abs", "integer", "integer"),
            ("abs", "unknown", "tinyint"),
            ("year", "unknown", "bigint"),
            ("sqrt", "bigint", "double"),
            ("round", "decimal(5,2), integer", "decimal(6, 2)"),
            ("round", "decimal(38,2)", "decimal(37, 0)"),
            ("mod", "decimal(5,2), decimal(3,1)", "decimal(4, 2)"),
            ("concat", "varchar(3), varchar(4)", "varchar"),
            ("concat", "char(3), varchar(4)", "char(7)"),
            ("concat", "array(integer), bigint", "array(bigint)"),
            ("concat", "boolean, boolean", "FUNCTION_NOT_FOUND"),
            (
                "replace",
                "varchar(3), varchar(1), varchar(2)",
                "varchar(11)",
            ),
            ("replace", "varchar, varchar(1), varchar(2)", "varchar"),
            ("element_at", "map(varchar, bigint), varchar(3)", "bigint"),
            ("max", "map(varchar, bigint)", "FUNCTION_NOT_FOUND"),
            ("max", "varchar(3)", "varchar(3)"),
            ("max", "bigint, bigint", "array(bigint)"),
            ("count", "", "bigint"),
            ("date", "varchar(10)", "date"),
            ("date", "date", "date"),
            ("to_unixtime", "timestamp(6)", "double"),
            ("map", "", "map(unknown, unknown)"),
            (
                "map",
                "array(varchar(1)), array(integer)",
                "map(varchar(1), integer)",
            ),
            ("greatest", "integer, double", "double"),
            ("codepoint", "varchar(2)", "FUNCTION_NOT_FOUND"),
            ("sum", "decimal(5,2)", "decimal(38, 2)"),
            ("avg", "integer", "double"),
            ("merge", "qdigest(double)", "qdigest(double)"),
            (
                "zip",
                "array(bigint), array(varchar)",
                "array(row(bigint, varchar))",
            ),
            ("no_such", "", "FUNCTION_NOT_FOUND"),
        ] {
            let types: Vec<Type> = match parse_type(&format!("row({arguments})")) {
                Ok(Type::Row(fields)) => fields.iter().map(|(_, ty)| ty.clone()).collect(),
                _ => Vec::new(),
            };
            let mut arguments: Vec<Argument<'_>> = types.iter().map(Argument::Value).collect();
            let answer = match resolve_function(name, &mut arguments) {
                Ok(resolved) => resolved.result.unwrap().to_string(),
                Err(problem) => problem.error.as_str().to_owned(),
            };
            assert_eq!(answer, expected, "{name} {types:?}");
        }
    }

    #[test]
    fn lambdas_settle_what_is_left_open() {
        let list = parse_type("array(integer)").unwrap();
        let mut to_text = |_: &[Type]| Ok(Some(Type::Varchar(Some(3))));
        let mut arguments = [Argument::Value(&list), Argument::Lambda(&mut to_text)];
        let resolved = resolve_function("transform", &mut arguments).unwrap();
        assert_eq!(
            resolved.result,
            Some(parse_type("array(varchar(3))").unwrap())
        );
        let lambda = parse_type("function(integer, varchar(3))").unwrap();
        assert_eq!(resolved.arguments.last(), Some(&Some(lambda)));
    }

    #[test]
    fn a_state_that_grows_without_end_is_refused() {
        let list = parse_type("array(decimal(2,1))").unwrap();
        let mut add = |types: &[Type]| {
            let operands: Vec<Option<&Type>> = types.iter().map(Some).collect();
            super::super::operator("+", &operands)
        };
        let mut same = |types: &[Type]| Ok(types.first().cloned());
        let mut arguments = [
            Argument::Value(&list),
            Argument::Value(&Type::Integer),
            Argument::Lambda(&mut add),
            Argument::Lambda(&mut same),
        ];
        let problem = resolve_function("reduce", &mut arguments).unwrap_err();
        assert_eq!(problem.error, ErrorName::GenericInternalError);
    }

    #[test]
    fn what_is_certain_without_a_type_is_said() {
        for (name, arity, expected) in [
            ("count", 1, Ok(Some(Type::BigInt))),
            ("length", 1, Ok(Some(Type::BigInt))),
            ("max", 1, Ok(None)),
            ("length", 2, Err(ErrorName::FunctionNotFound)),
        ] {
            let mut arguments: Vec<_> = (0..arity).map(|_| Argument::Unknown).collect();
            let answer = resolve_function(name, &mut arguments);
            let answer = answer
                .map(|resolved| resolved.result)
                .map_err(|problem| problem.error);
            assert_eq!(answer, expected, "{name}");
        }
    }
}
