//! Scalar functions. Which function a call means, what its arguments turn into and what it gives is asked
//! of `townlake_sql::types`; here are those whose values the engine makes as Trino does. The others are
//! refused by name.

mod array;
mod bits;
mod call;
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
use townlake_sql::types::{
    Argument, Kind, Resolved, Type, check_window, function_kind, resolve_function, special_form,
};

use super::conditional::one_zone;
use super::expression::Env;
use super::{Binder, Typed};
use crate::error::{Failure, Result};
use call::Call;

/// Whether a function's name is that of an aggregate.
pub(super) fn is_aggregate(name: &str) -> bool {
    function_kind(name) == Some(Kind::Aggregate)
}

/// What a call means by the types of its arguments.
///
/// # Errors
/// Trino has no such function.
pub(super) fn resolve(name: &str, args: &[Typed]) -> Result<Resolved> {
    let mut arguments: Vec<Argument<'_>> =
        args.iter().map(|arg| Argument::Value(&arg.ty)).collect();
    Ok(resolve_function(name, &mut arguments)?)
}

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
        if let Some(kind) = function_kind(&name) {
            check_window(&name, kind, None)?;
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
        match name.as_str() {
            "try" => return Err(Failure::unsupported("TRY")),
            "grouping" => return Err(Failure::unsupported("grouping()")),
            _ => {}
        }
        let args = args
            .iter()
            .map(|arg| self.expression(arg, env))
            .collect::<Result<Vec<_>>>()?;
        self.call(&name, args)
    }

    /// A call by name.
    pub(super) fn call(&self, name: &str, args: Vec<Typed>) -> Result<Typed> {
        let given: Vec<Option<&Type>> = args.iter().map(|arg| Some(&arg.ty)).collect();
        if let Some(answer) = special_form(name, &given) {
            return match answer? {
                Some(ty @ Type::TimeTz(_)) => Ok(self.not_held(&ty)),
                _ => self.special_call(name, args),
            };
        }
        let resolved = resolve(name, &args)?;
        if resolved.kind != Kind::Scalar {
            return Err(Failure::unsupported(format!("{name} here")));
        }
        let args = self.as_resolved(args, &resolved)?;
        // Values of several zones cannot be told apart in one result.
        one_zone(&args)?;
        let ty = resolved.result.unwrap_or(Type::Unknown);
        let call = Call { name, args, ty };
        match self.known(&call)? {
            Some(result) => Ok(result),
            None => Err(Failure::unsupported(format!("The function {call}"))),
        }
    }

    /// The arguments turned into the types that the function takes.
    pub(super) fn as_resolved(&self, args: Vec<Typed>, resolved: &Resolved) -> Result<Vec<Typed>> {
        args.into_iter()
            .zip(&resolved.arguments)
            .map(|(arg, ty)| match ty {
                Some(ty) => self.coerce(arg, ty),
                None => Ok(arg),
            })
            .collect()
    }

    /// What looks like a function but is part of the grammar.
    fn special_call(&self, name: &str, args: Vec<Typed>) -> Result<Typed> {
        match (name, args.as_slice()) {
            ("coalesce", _) => self.coalesce(args),
            ("nullif", [a, b]) => self.nullif(a, b),
            ("if", [condition, then, rest @ ..]) => {
                let condition = self.coerce(condition.clone(), &Type::Boolean)?;
                let otherwise = rest.first().cloned();
                let otherwise = otherwise.unwrap_or_else(|| Typed::null(Type::Unknown));
                self.if_then(condition.expr, then.clone(), otherwise)
            }
            ("row", _) => self.row_of(args),
            ("current_timestamp", []) => Ok(self.session.now(3)),
            ("current_date", []) => Ok(self.session.today()),
            ("localtimestamp", []) => Ok(self.session.local_now(3)),
            _ => Err(Failure::unsupported(format!("{name}(...)"))),
        }
    }

    fn known(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        // Declared with any number of arguments.
        if let ("concat", [] | [_]) = (call.name, call.args.as_slice()) {
            return Err(Failure::new(
                ErrorCode::InvalidFunctionArgument,
                "There must be two or more concatenation arguments",
            ));
        }
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
            if let Some(result) = subject(self, call)? {
                return Ok(Some(result));
            }
        }
        Ok(match (call.name, call.args.as_slice()) {
            ("greatest" | "least", _) => {
                Some(self.extreme(call.name == "greatest", call.args.clone(), call.ty.clone())?)
            }
            ("typeof", [arg]) => {
                let text = Typed::varchar(&arg.ty.in_messages().to_string());
                Some(Typed::new(text.expr, call.ty.clone()))
            }
            _ => None,
        })
    }
}
