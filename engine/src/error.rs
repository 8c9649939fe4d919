//! What a statement fails with: one of Trino's codes, words, and a place in the text where there is one.

use datafusion::common::DataFusionError;
use sqlparser::tokenizer::{Location, Span};
use townlake_protocol::trino::{ErrorCode, ErrorLocation, QueryError};
use townlake_sql::types::{ErrorName, TypeProblem};

/// A failed statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Trino's code.
    pub code: ErrorCode,
    /// What went wrong, without the location.
    pub message: String,
    /// Where, counted from 1.
    pub location: Option<(u64, u64)>,
}

/// Shorthand.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// A failure without a place.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            location: None,
        }
    }

    /// The engine does not do this, and says so rather than answer something else.
    pub fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new(
            ErrorCode::NotSupported,
            format!("{what} is not supported by the embedded engine"),
        )
    }

    /// A refusal of the policy, in Trino's words.
    pub fn denied(what: impl std::fmt::Display) -> Self {
        Self::new(
            ErrorCode::PermissionDenied,
            format!("Access Denied: {what}"),
        )
    }

    /// A fault of the engine itself.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::GenericInternalError, message)
    }

    /// The same at a place, unless it has one already.
    #[must_use]
    pub fn at(mut self, place: impl Into<Place>) -> Self {
        if self.location.is_none() {
            self.location = place.into().0;
        }
        self
    }

    /// As clients see it.
    pub fn to_wire(&self) -> QueryError {
        QueryError::new(
            self.code,
            &self.message,
            self.location
                .map(|(line_number, column_number)| ErrorLocation {
                    line_number,
                    column_number,
                }),
        )
    }

    /// A failure of DataFusion's: ours if one is inside, else the nearest of Trino's.
    pub fn of(error: &DataFusionError) -> Self {
        match error {
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
                Self::of(inner)
            }
            DataFusionError::Shared(inner) => Self::of(inner),
            DataFusionError::Collection(errors) => match errors.first() {
                Some(first) => Self::of(first),
                None => Self::internal("no error was given"),
            },
            DataFusionError::External(inner) => match inner.downcast_ref::<Failure>() {
                Some(failure) => failure.clone(),
                None => match inner.downcast_ref::<DataFusionError>() {
                    Some(inner) => Self::of(inner),
                    None => Self::internal(inner.to_string()),
                },
            },
            DataFusionError::ArrowError(inner, _) => Self::of_arrow(inner),
            DataFusionError::ResourcesExhausted(_) => Self::new(
                ErrorCode::ExceededLocalMemoryLimit,
                "Query exceeded the engine's memory limit",
            ),
            DataFusionError::NotImplemented(what) => {
                Self::unsupported(format!("This query ({what})"))
            }
            other => {
                let text = other.to_string();
                if text.contains("Scalar subquery returned more than one row") {
                    return Self::new(
                        ErrorCode::SubqueryMultipleRows,
                        "Scalar sub-query has returned multiple rows",
                    );
                }
                Self::internal(text)
            }
        }
    }

    fn of_arrow(error: &datafusion::arrow::error::ArrowError) -> Self {
        use datafusion::arrow::error::ArrowError;
        match error {
            ArrowError::DivideByZero => Self::new(ErrorCode::DivisionByZero, "Division by zero"),
            ArrowError::ArithmeticOverflow(text) => {
                Self::new(ErrorCode::NumericValueOutOfRange, text.clone())
            }
            ArrowError::ExternalError(inner) => match inner.downcast_ref::<Failure>() {
                Some(failure) => failure.clone(),
                None => match inner.downcast_ref::<DataFusionError>() {
                    Some(inner) => Self::of(inner),
                    None => Self::internal(inner.to_string()),
                },
            },
            other => Self::internal(other.to_string()),
        }
    }
}

impl From<DataFusionError> for Failure {
    fn from(error: DataFusionError) -> Self {
        Self::of(&error)
    }
}

impl From<TypeProblem> for Failure {
    fn from(problem: TypeProblem) -> Self {
        let code = match problem.error {
            ErrorName::TypeMismatch => ErrorCode::TypeMismatch,
            ErrorName::TypeNotFound => ErrorCode::TypeNotFound,
            ErrorName::FunctionNotFound => ErrorCode::FunctionNotFound,
            ErrorName::AmbiguousFunctionCall => ErrorCode::AmbiguousFunctionCall,
            ErrorName::InvalidLiteral => ErrorCode::InvalidLiteral,
            ErrorName::SyntaxError => ErrorCode::SyntaxError,
            ErrorName::InvalidFunctionArgument => ErrorCode::InvalidFunctionArgument,
            ErrorName::NumericValueOutOfRange => ErrorCode::NumericValueOutOfRange,
            ErrorName::InvalidParameterUsage => ErrorCode::InvalidParameterUsage,
            ErrorName::ExpressionNotConstant => ErrorCode::ExpressionNotConstant,
            ErrorName::TooManyArguments => ErrorCode::TooManyArguments,
            ErrorName::NotSupported => ErrorCode::NotSupported,
            ErrorName::GenericInternalError => ErrorCode::GenericInternalError,
            ErrorName::MissingOver => ErrorCode::MissingOver,
            ErrorName::FunctionNotWindow => ErrorCode::FunctionNotWindow,
            ErrorName::MissingOrderBy => ErrorCode::MissingOrderBy,
            ErrorName::InvalidOrderBy => ErrorCode::InvalidOrderBy,
            ErrorName::InvalidWindowFrame => ErrorCode::InvalidWindowFrame,
        };
        Self::new(code, problem.message)
    }
}

impl From<Failure> for DataFusionError {
    fn from(failure: Failure) -> Self {
        Self::External(Box::new(failure))
    }
}

/// A place in the statement, or none.
#[derive(Debug, Clone, Copy)]
pub struct Place(pub Option<(u64, u64)>);

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self((location.line > 0).then_some((location.line, location.column)))
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        span.start.into()
    }
}
