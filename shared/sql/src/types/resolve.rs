//! Which of several declarations a call means, as Trino's `FunctionBinder` decides: one that fits as it is,
//! else one with variables that fits, else the most specific of those that fit once arguments are turned
//! into other types.

use super::signature::{Formal, Signature};
use super::solve::{Argument, Coercion, Fit, Misfit, expand, fit};
use super::{ErrorName, Type, TypeProblem};

/// What a call means.
#[derive(Debug, Clone)]
pub(super) struct Choice<'a> {
    pub(super) signature: &'a Signature,
    pub(super) fit: Fit,
}

/// The declaration that a call means. `Misfit::No` if there is none.
pub(super) fn choose<'a>(
    candidates: &'a [Signature],
    arguments: &mut [Argument<'_>],
) -> Result<Choice<'a>, Misfit> {
    for with_variables in [false, true] {
        let fitting = fitting(candidates, arguments, Coercion::Refused, |signature| {
            is_generic(signature) == with_variables
        })?;
        if let Some(choice) = only(fitting)? {
            return Ok(choice);
        }
    }
    let fitting = fitting(candidates, arguments, Coercion::Allowed, |_| true)?;
    let fitting = most_specific(fitting, arguments);
    only(fitting)?.ok_or(Misfit::No)
}

/// The one type that a call gives whatever its unknown arguments turn out to be, if there is such a type.
pub(super) fn result_of_any(candidates: &[Signature], arity: usize) -> Option<Type> {
    let mut results = candidates
        .iter()
        .filter(|signature| expand(signature, arity).is_some())
        .map(|signature| match &signature.result {
            Formal::Plain(ty) => Some(ty.clone()),
            // Numbers of the declaration itself, not of its arguments.
            formal => formal.apply(&|_| None, &|_| None).ok().flatten(),
        });
    let first = results.next()??;
    results
        .all(|result| result.as_ref() == Some(&first))
        .then_some(first)
}

fn is_generic(signature: &Signature) -> bool {
    signature
        .arguments
        .iter()
        .any(|formal| !formal.variables().is_empty())
}

fn fitting<'a>(
    candidates: &'a [Signature],
    arguments: &mut [Argument<'_>],
    coercion: Coercion,
    takes_part: impl Fn(&Signature) -> bool,
) -> Result<Vec<Choice<'a>>, Misfit> {
    let mut fitting = Vec::new();
    for signature in candidates.iter().filter(|signature| takes_part(signature)) {
        match fit(signature, arguments, coercion) {
            Ok(fit) => fitting.push(Choice { signature, fit }),
            Err(Misfit::No) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(fitting)
}

fn only(mut fitting: Vec<Choice<'_>>) -> Result<Option<Choice<'_>>, Misfit> {
    if fitting.len() > 1 {
        let mut message = "Could not choose a best candidate operator. Explicit type casts must be added.\nCandidates are:\n".to_owned();
        for choice in &fitting {
            message.push_str(&format!("\t * {}\n", spelled(choice)));
        }
        let problem = TypeProblem::new(ErrorName::AmbiguousFunctionCall, message);
        return Err(Misfit::Problem(problem));
    }
    Ok(fitting.pop())
}

/// `name(arguments):result`
fn spelled(choice: &Choice<'_>) -> String {
    let arguments: Vec<String> = choice
        .fit
        .arguments
        .iter()
        .map(|ty| ty.in_signatures().to_string())
        .collect();
    let result = match &choice.fit.result {
        Ok(ty) => ty.in_signatures().to_string(),
        Err(problem) => problem.message.clone(),
    };
    let name = choice.signature.name;
    format!("{name}({}):{result}", arguments.join(","))
}

fn most_specific<'a>(fitting: Vec<Choice<'a>>, arguments: &[Argument<'_>]) -> Vec<Choice<'a>> {
    let mut representatives: Vec<Choice<'a>> = Vec::new();
    for current in &fitting {
        let mut is_found = false;
        for representative in &mut representatives {
            if is_more_specific(current, representative) {
                *representative = current.clone();
                is_found = true;
                break;
            }
            if is_more_specific(representative, current) {
                is_found = true;
                break;
            }
        }
        if !is_found {
            representatives.push(current.clone());
        }
    }
    if representatives.len() <= 1 {
        return representatives;
    }
    // With a NULL among the arguments, what is left is as good as the same if it gives the same type.
    let types: Option<Vec<&Type>> = arguments
        .iter()
        .map(|argument| match argument {
            Argument::Value(ty) => Some(*ty),
            Argument::Unknown | Argument::Lambda(_) => None,
        })
        .collect();
    let Some(types) = types.filter(|types| types.contains(&&Type::Unknown)) else {
        return representatives;
    };
    let untouched: Vec<Choice<'a>> = fitting
        .into_iter()
        .filter(|choice| {
            choice
                .fit
                .arguments
                .iter()
                .zip(&types)
                .all(|(bound, actual)| bound == *actual || **actual == Type::Unknown)
        })
        .collect();
    let mut left = if untouched.is_empty() {
        representatives
    } else {
        untouched
    };
    let first_result = left.first().map(|choice| choice.fit.result.clone());
    if left
        .iter()
        .all(|choice| Some(&choice.fit.result) == first_result.as_ref())
    {
        left.sort_by_key(spelled);
        left = left.pop().into_iter().collect();
    }
    left
}

/// Whether a call that the left one takes could be passed on to the right one.
fn is_more_specific(left: &Choice<'_>, right: &Choice<'_>) -> bool {
    // What a lambda takes and gives is settled by now.
    let mut lambdas: Vec<_> = left
        .fit
        .arguments
        .iter()
        .map(|ty| {
            move |inputs: &[Type]| match ty {
                Type::Function(settled, result) if settled.as_ref() == inputs => {
                    Ok(Some(result.as_ref().clone()))
                }
                _ => Ok(None),
            }
        })
        .collect();
    let mut arguments: Vec<Argument<'_>> = left
        .fit
        .arguments
        .iter()
        .zip(&mut lambdas)
        .map(|(ty, lambda)| match ty {
            Type::Function(..) => Argument::Lambda(lambda),
            value => Argument::Value(value),
        })
        .collect();
    fit(right.signature, &mut arguments, Coercion::Allowed).is_ok()
}
