//! What is wrong with a type, in Trino's own terms.

use std::fmt;

/// Why something has no type: Trino's name for the error, and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeProblem {
    /// The name.
    pub error: ErrorName,
    /// The words, without the place that Trino puts before them.
    pub message: String,
    /// Which of the operands is wrong, if it is one of them.
    pub operand: Option<usize>,
}

impl TypeProblem {
    /// A problem.
    pub fn new(error: ErrorName, message: impl Into<String>) -> Self {
        Self {
            error,
            message: message.into(),
            operand: None,
        }
    }

    /// The same problem, of one operand.
    pub(crate) fn of_operand(mut self, index: usize) -> Self {
        self.operand = Some(index);
        self
    }

    /// Types that do not fit.
    pub(crate) fn mismatch(message: impl Into<String>) -> Self {
        Self::new(ErrorName::TypeMismatch, message)
    }
}

impl fmt::Display for TypeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error.as_str(), self.message)
    }
}

/// The names of Trino's errors that come from types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorName {
    /// Types that do not fit, or a type that does not exist.
    TypeMismatch,
    /// The type of a literal does not exist.
    TypeNotFound,
    /// There is no such function, or none for these arguments.
    FunctionNotFound,
    /// More than one function fits equally well.
    AmbiguousFunctionCall,
    /// A literal that does not say a value of its type.
    InvalidLiteral,
    /// The text is not SQL.
    SyntaxError,
    /// A constant argument, or a type's parameter, that cannot be.
    InvalidFunctionArgument,
    /// A type's parameter that is too large.
    NumericValueOutOfRange,
    /// A lambda with another number of arguments.
    InvalidParameterUsage,
    /// Something must be a constant.
    ExpressionNotConstant,
    /// Too many arguments.
    TooManyArguments,
    /// Trino does not do this with these types.
    NotSupported,
    /// Trino itself gives up.
    GenericInternalError,
    /// A window function without `OVER`.
    MissingOver,
    /// `OVER` behind what is no window function.
    FunctionNotWindow,
    /// A window must have an order.
    MissingOrderBy,
    /// A window must not have this order.
    InvalidOrderBy,
    /// A window must not have this frame.
    InvalidWindowFrame,
}

impl ErrorName {
    /// As the protocol has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::TypeNotFound => "TYPE_NOT_FOUND",
            Self::FunctionNotFound => "FUNCTION_NOT_FOUND",
            Self::AmbiguousFunctionCall => "AMBIGUOUS_FUNCTION_CALL",
            Self::InvalidLiteral => "INVALID_LITERAL",
            Self::SyntaxError => "SYNTAX_ERROR",
            Self::InvalidFunctionArgument => "INVALID_FUNCTION_ARGUMENT",
            Self::NumericValueOutOfRange => "NUMERIC_VALUE_OUT_OF_RANGE",
            Self::InvalidParameterUsage => "INVALID_PARAMETER_USAGE",
            Self::ExpressionNotConstant => "EXPRESSION_NOT_CONSTANT",
            Self::TooManyArguments => "TOO_MANY_ARGUMENTS",
            Self::NotSupported => "NOT_SUPPORTED",
            Self::GenericInternalError => "GENERIC_INTERNAL_ERROR",
            Self::MissingOver => "MISSING_OVER",
            Self::FunctionNotWindow => "FUNCTION_NOT_WINDOW",
            Self::MissingOrderBy => "MISSING_ORDER_BY",
            Self::InvalidOrderBy => "INVALID_ORDER_BY",
            Self::InvalidWindowFrame => "INVALID_WINDOW_FRAME",
        }
    }
}
