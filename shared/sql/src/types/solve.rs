//! Whether a declaration fits a call, and with which types in place of its variables.
//!
//! This follows Trino's `SignatureBinder`: each argument gives constraints on the variables, and these are
//! gone through again and again until nothing changes.

use super::cast::can_cast;
use super::coerce::{can_coerce, common_super_type, widen};
use super::formula;
use super::signature::{Base, Constraint, Formal, Number, Signature, numbers_of};
use super::{ErrorName, Type, TypeProblem};

/// How often the constraints are gone through, as in Trino.
const MAX_ROUNDS: usize = 4;

/// An argument of a call.
pub enum Argument<'a> {
    /// A value of a type.
    Value(&'a Type),
    /// A value of which the type is not known.
    Unknown,
    /// A lambda.
    Lambda(Lambda<'a>),
}

/// Gives the type of a lambda's body when its arguments have these types; nothing if it cannot be told.
/// It is asked more than once, and with types that turn out not to be the right ones.
pub type Lambda<'a> = &'a mut dyn FnMut(&[Type]) -> Result<Option<Type>, TypeProblem>;

/// Whether arguments may turn into other types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coercion {
    Allowed,
    Refused,
}

/// How a declaration fits a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fit {
    pub(super) arguments: Vec<Type>,
    /// A problem if no such type can be, e.g. a `char` that is too long. It counts once this is chosen.
    pub(super) result: Result<Type, TypeProblem>,
}

/// Why a declaration does not settle a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It does not fit.
    No,
    /// A lambda's body has no type that could be told.
    Unknown,
    /// A lambda's body is wrong, or the result's type cannot be.
    Problem(TypeProblem),
}

/// Whether and how a declaration fits the arguments, none of which is unknown.
pub(super) fn fit(
    signature: &Signature,
    arguments: &mut [Argument<'_>],
    coercion: Coercion,
) -> Result<Fit, Misfit> {
    let formals = expand(signature, arguments.len()).ok_or(Misfit::No)?;
    let mut steps = Vec::new();
    for (formal, argument) in formals.iter().zip(arguments.iter()) {
        match argument {
            Argument::Value(actual) => steps.push(Step::Relation(formal, (*actual).clone())),
            Argument::Lambda(_) if matches!(formal, Formal::Function(..)) => {}
            Argument::Lambda(_) | Argument::Unknown => return Err(Misfit::No),
        }
    }
    for (index, (formal, argument)) in formals.iter().zip(arguments.iter()).enumerate() {
        match argument {
            Argument::Value(actual) => steps_for(signature, formal, actual, &mut steps)?,
            Argument::Lambda(_) | Argument::Unknown => steps.push(Step::Lambda(formal, index)),
        }
    }
    let mut bindings = Bindings::default();
    let mut solver = Solver {
        signature,
        coercion,
        arguments,
    };
    solver.solve(&steps, &mut bindings)?;
    for (name, text) in &signature.computed {
        let value = formula::evaluate(text, &|name| bindings.number(name)).ok_or(Misfit::No)?;
        bindings.set_number(name, value);
    }
    let types = formals
        .iter()
        .map(|formal| bindings.apply(formal))
        .collect::<Result<Vec<_>, _>>()?;
    let result = bindings.try_apply(&signature.result);
    let result = result.and_then(|ty| {
        ty.ok_or_else(|| TypeProblem::mismatch(format!("{} has no type here", signature.name)))
    });
    Ok(Fit {
        arguments: types,
        result,
    })
}

/// The formal types of a call with so many arguments.
pub(super) fn expand(signature: &Signature, arity: usize) -> Option<Vec<&Formal>> {
    let declared = signature.arguments.len();
    if !signature.is_variadic {
        return (declared == arity).then(|| signature.arguments.iter().collect());
    }
    let repeated = signature.arguments.last()?;
    let fixed = declared.checked_sub(1)?;
    let more = arity.checked_sub(fixed)?;
    Some(
        signature
            .arguments
            .iter()
            .take(fixed)
            .chain(std::iter::repeat_n(repeated, more))
            .collect(),
    )
}

/// Something that must hold, and may settle a variable.
enum Step<'a> {
    /// The argument is of the formal type, or turns into it.
    Relation(&'a Formal, Type),
    /// The variable's type takes in this one.
    Variable(&'a str, Type),
    /// The type's numbers take in those of this one.
    Numbers(Base, &'a [Number], Type),
    /// The lambda fits.
    Lambda(&'a Formal, usize),
    /// There is a cast.
    Castable(Type, &'a Type),
}

/// The steps for the variables in one argument's formal type.
fn steps_for<'a>(
    signature: &'a Signature,
    formal: &'a Formal,
    actual: &Type,
    steps: &mut Vec<Step<'a>>,
) -> Result<(), Misfit> {
    match formal {
        Formal::Plain(_) => {}
        // A value is no function.
        Formal::Function(..) => return Err(Misfit::No),
        Formal::Variable(name) => {
            for (_, constraint) in signature.constraints.iter().filter(|(of, _)| of == name) {
                if let Constraint::CastableTo(to) = constraint {
                    steps.push(Step::Castable(actual.clone(), to));
                }
            }
            steps.push(Step::Variable(name, actual.clone()));
        }
        Formal::Numeric(base, numbers) => {
            steps.push(Step::Numbers(*base, numbers, actual.clone()));
        }
        Formal::Array(_) | Formal::Map(..) | Formal::Row(_) | Formal::QDigest(_) => {
            let parts = formal.parts_of(actual).ok_or(Misfit::No)?;
            for (formal, actual) in formal.parts().into_iter().zip(&parts) {
                steps_for(signature, formal, actual, steps)?;
            }
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Satisfied,
    NotSatisfied,
    Changed,
}

#[derive(Debug, Default)]
struct Bindings {
    types: Vec<(String, Type)>,
    numbers: Vec<(String, i128)>,
}

impl Bindings {
    fn ty(&self, name: &str) -> Option<Type> {
        let (_, ty) = self.types.iter().find(|(of, _)| of == name)?;
        Some(ty.clone())
    }

    fn number(&self, name: &str) -> Option<i128> {
        let (_, number) = self.numbers.iter().find(|(of, _)| of == name)?;
        Some(*number)
    }

    fn set_type(&mut self, name: &str, ty: Type) {
        self.types.retain(|(of, _)| of != name);
        self.types.push((name.to_owned(), ty));
    }

    fn set_number(&mut self, name: &str, number: i128) {
        self.numbers.retain(|(of, _)| of != name);
        self.numbers.push((name.to_owned(), number));
    }

    fn try_apply(&self, formal: &Formal) -> Result<Option<Type>, TypeProblem> {
        formal.apply(&|name| self.ty(name), &|name| self.number(name))
    }

    fn apply(&self, formal: &Formal) -> Result<Type, Misfit> {
        self.try_apply(formal)
            .map_err(Misfit::Problem)?
            .ok_or(Misfit::No)
    }
}

struct Solver<'a, 'b> {
    signature: &'a Signature,
    coercion: Coercion,
    arguments: &'a mut [Argument<'b>],
}

impl Solver<'_, '_> {
    fn solve(&mut self, steps: &[Step<'_>], bindings: &mut Bindings) -> Result<(), Misfit> {
        for _ in 0..MAX_ROUNDS {
            let mut status = Status::Satisfied;
            for step in steps {
                status = status.max(self.take(step, bindings)?);
            }
            match status {
                Status::Satisfied => return Ok(()),
                Status::NotSatisfied => return Err(Misfit::No),
                Status::Changed => {}
            }
        }
        // Trino gives up the whole statement: `reduce(ARRAY[1.5], 0, (s, x) -> s + x, s -> s)`, whose state
        // grows by a digit each time.
        Err(Misfit::Problem(TypeProblem::new(
            ErrorName::GenericInternalError,
            format!(
                "SignatureBinder.iterativeSolve does not converge after {MAX_ROUNDS} iterations."
            ),
        )))
    }

    fn take(&mut self, step: &Step<'_>, bindings: &mut Bindings) -> Result<Status, Misfit> {
        match step {
            Step::Relation(formal, actual) => {
                let fits = match bindings.try_apply(formal) {
                    Ok(Some(ty)) => match self.coercion {
                        Coercion::Allowed => can_coerce(actual, &ty),
                        Coercion::Refused => *actual == ty,
                    },
                    Ok(None) | Err(_) => false,
                };
                Ok(satisfied_if(fits))
            }
            Step::Castable(from, to) => Ok(satisfied_if(can_cast(from, to))),
            Step::Variable(name, actual) => self.bind_type(name, actual, bindings),
            Step::Numbers(base, numbers, actual) => bind_numbers(*base, numbers, actual, bindings),
            Step::Lambda(formal, index) => self.bind_lambda(formal, *index, bindings),
        }
    }

    fn bind_type(
        &self,
        name: &str,
        actual: &Type,
        bindings: &mut Bindings,
    ) -> Result<Status, Misfit> {
        let before = bindings.ty(name);
        let common = match &before {
            None => actual.clone(),
            Some(before) => common_super_type(before, actual).ok_or(Misfit::No)?,
        };
        let is_able = self.signature.constraints.iter().all(|(of, constraint)| {
            *of != name
                || match constraint {
                    Constraint::Comparable => common.is_comparable(),
                    Constraint::Orderable => common.is_orderable(),
                    Constraint::CastableTo(_) => true,
                }
        });
        if !is_able {
            return Err(Misfit::No);
        }
        if before.as_ref() == Some(&common) {
            return Ok(Status::Satisfied);
        }
        bindings.set_type(name, common);
        Ok(Status::Changed)
    }

    fn bind_lambda(
        &mut self,
        formal: &Formal,
        index: usize,
        bindings: &mut Bindings,
    ) -> Result<Status, Misfit> {
        let Formal::Function(inputs, output) = formal else {
            return Err(Misfit::No);
        };
        let mut types = Vec::with_capacity(inputs.len());
        for input in inputs {
            match bindings.try_apply(input) {
                Ok(Some(ty)) => types.push(ty),
                Ok(None) => return Ok(Status::NotSatisfied),
                Err(_) => return Err(Misfit::No),
            }
        }
        let Some(Argument::Lambda(infer)) = self.arguments.get_mut(index) else {
            return Err(Misfit::No);
        };
        let actual = match infer(&types) {
            Ok(Some(ty)) => ty,
            Ok(None) => return Err(Misfit::Unknown),
            Err(problem) => return Err(Misfit::Problem(problem)),
        };
        // What a lambda gives does not turn into another type.
        let exact = match bindings.try_apply(output) {
            Ok(Some(ty)) => satisfied_if(ty == actual),
            Ok(None) | Err(_) => Status::NotSatisfied,
        };
        let mut steps = Vec::new();
        steps_for(self.signature, output, &actual, &mut steps)?;
        let mut status = exact;
        for step in &steps {
            status = status.max(self.take(step, bindings)?);
        }
        Ok(status)
    }
}

fn satisfied_if(holds: bool) -> Status {
    if holds {
        Status::Satisfied
    } else {
        Status::NotSatisfied
    }
}

fn bind_numbers(
    base: Base,
    numbers: &[Number],
    actual: &Type,
    bindings: &mut Bindings,
) -> Result<Status, Misfit> {
    let sample = base.sample();
    let mut before = Vec::with_capacity(numbers.len());
    for (i, number) in numbers.iter().enumerate() {
        before.push(match number {
            Number::Is(n) => *n,
            Number::Variable(name) => match bindings.number(name) {
                Some(n) => n,
                None => {
                    let widened = widen(actual, &sample).ok_or(Misfit::No)?;
                    *numbers_of(&widened).get(i).ok_or(Misfit::No)?
                }
            },
        });
    }
    let before = base.with(&before).map_err(|_| Misfit::No)?;
    let common = common_super_type(&before, actual).ok_or(Misfit::No)?;
    if std::mem::discriminant(&common) != std::mem::discriminant(&sample) {
        return Err(Misfit::No);
    }
    let mut status = Status::Satisfied;
    for (number, after) in numbers.iter().zip(numbers_of(&common)) {
        match number {
            Number::Is(n) if *n != after => return Err(Misfit::No),
            Number::Is(_) => {}
            Number::Variable(name) => {
                if bindings.number(name) != Some(after) {
                    bindings.set_number(name, after);
                    status = Status::Changed;
                }
            }
        }
    }
    Ok(status)
}
