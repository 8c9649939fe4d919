//! Scalar functions: those whose meaning is Trino's. Everything else is refused by name.

mod array;
mod bits;
mod collection;
mod encoding;
mod format;
mod json;
mod number;
mod regex;
mod round;
mod text;
mod time;
mod url;
mod words;

use sqlparser::ast;
use townlake_protocol::trino::ErrorCode;

use super::aggregate::is_aggregate;
use super::expression::Env;
use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::Type;

/// Functions of Trino's that the engine lacks are told from names that nobody knows.
const KNOWN: &str = include_str!("functions.txt");

fn misuse() -> Failure {
    Failure::internal("a function got other arguments than it was bound for")
}

impl Binder<'_> {
    /// A function by its name.
    pub(super) fn function(&self, function: &ast::Function, env: &Env<'_>) -> Result<Typed> {
        if function.uses_odbc_syntax || !matches!(function.parameters, ast::FunctionArguments::None)
        {
            return Err(Failure::unsupported("This way to call a function"));
        }
        let name = match function.name.0.as_slice() {
            [ast::ObjectNamePart::Identifier(ident)] => ident.value.to_lowercase(),
            _ => {
                return Err(Failure::new(
                    ErrorCode::FunctionNotFound,
                    format!("Function '{}' not registered", function.name),
                ));
            }
        };
        if let Some(over) = &function.over {
            return self.window_call(&name, function, over, env);
        }
        if is_aggregate(&name) {
            return self.aggregate_call(&name, function, env);
        }
        if function.filter.is_some() || !function.within_group.is_empty() {
            return Err(Failure::new(
                ErrorCode::FunctionNotAggregate,
                format!("Filter is only valid for aggregation functions: {name}"),
            ));
        }
        if function.null_treatment.is_some() {
            return Err(Failure::new(
                ErrorCode::NullTreatmentNotAllowed,
                "Cannot specify null treatment clause for scalar function",
            ));
        }
        let args = match &function.args {
            ast::FunctionArguments::None => {
                return match self.special_name(&name)? {
                    Some(value) => Ok(value),
                    None => Err(Failure::unsupported(format!("{name} without brackets"))),
                };
            }
            ast::FunctionArguments::Subquery(_) => {
                return Err(Failure::unsupported("A subquery as an argument"));
            }
            ast::FunctionArguments::List(list) => {
                if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
                    return Err(Failure::unsupported(format!("A clause within {name}(...)")));
                }
                let mut args = Vec::new();
                for arg in &list.args {
                    match arg {
                        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(arg)) => {
                            args.push(arg)
                        }
                        _ => return Err(Failure::unsupported(format!("This argument of {name}"))),
                    }
                }
                args
            }
        };
        if args.iter().any(|arg| matches!(arg, ast::Expr::Lambda(_))) {
            return Err(Failure::unsupported(format!("{name} with a lambda")));
        }
        match (name.as_str(), args.as_slice()) {
            ("try", [_]) => Err(Failure::unsupported("TRY")),
            ("if", [condition, then]) => {
                let condition = self.condition(condition, env, "IF condition")?;
                let then = self.expression(then, env)?;
                let null = Typed::null(Type::Unknown);
                self.if_then(condition, then, null)
            }
            ("if", [condition, then, otherwise]) => {
                let condition = self.condition(condition, env, "IF condition")?;
                let then = self.expression(then, env)?;
                let otherwise = self.expression(otherwise, env)?;
                self.if_then(condition, then, otherwise)
            }
            ("row", items) => {
                let items: Vec<ast::Expr> = items.iter().map(|item| (*item).clone()).collect();
                self.row(&items, env)
            }
            ("grouping", _) => Err(Failure::unsupported("grouping()")),
            _ => {
                let args = args
                    .iter()
                    .map(|arg| self.expression(arg, env))
                    .collect::<Result<Vec<_>>>()?;
                self.call(&name, args)
            }
        }
    }

    /// A call by name.
    pub(super) fn call(&self, name: &str, args: Vec<Typed>) -> Result<Typed> {
        let given: Vec<String> = args.iter().map(|arg| arg.ty.to_string()).collect();
        if let Some(result) = self.known(name, args)? {
            return Ok(result);
        }
        let signature = format!("{name}({})", given.join(", "));
        if KNOWN.lines().any(|known| known == name) {
            return Err(Failure::unsupported(format!("The function {signature}")));
        }
        Err(Failure::new(
            ErrorCode::FunctionNotFound,
            format!("Function '{name}' not registered"),
        ))
    }

    fn known(&self, name: &str, args: Vec<Typed>) -> Result<Option<Typed>> {
        for subject in [
            Self::array_function,
            Self::text_function,
            Self::regex_function,
            Self::encoding_function,
            Self::words_function,
            Self::url_function,
            Self::format_function,
            Self::number_function,
            Self::bits_function,
            Self::time_function,
            Self::collection_function,
            Self::json_function,
        ] {
            if let Some(result) = subject(self, name, &args)? {
                return Ok(Some(result));
            }
        }
        Ok(match (name, args.as_slice()) {
            ("coalesce", [_, _, ..]) => Some(self.coalesce(args)?),
            ("nullif", [a, b]) => Some(self.nullif(a, b)?),
            ("greatest" | "least", [_, ..]) => self.extreme(name == "greatest", args)?,
            ("typeof", [arg]) => Some(Typed {
                ty: Type::Varchar(None),
                ..Typed::varchar(&arg.ty.to_string())
            }),
            _ => None,
        })
    }
}
