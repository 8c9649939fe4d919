//! Errors with Trino's names and numbers.

use serde::{Deserialize, Serialize};

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorType {
    /// The statement's or the caller's.
    UserError,
    /// The engine's.
    InternalError,
    /// Too much was asked for.
    InsufficientResources,
    /// A system behind the engine.
    External,
}

macro_rules! error_codes {
    ($($variant:ident $name:literal $code:literal $type:ident $doc:literal;)*) => {
        /// Trino's standard error codes that Town Lake answers with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = $doc] $variant,)*
        }

        impl ErrorCode {
            /// The name, e.g. `TABLE_NOT_FOUND`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The number that clients see.
            pub const fn code(self) -> i32 {
                match self { $(Self::$variant => $code,)* }
            }

            /// Whose fault it is.
            pub const fn error_type(self) -> ErrorType {
                match self { $(Self::$variant => ErrorType::$type,)* }
            }
        }
    };
}

error_codes! {
    GenericUserError "GENERIC_USER_ERROR" 0 UserError "A fault of the statement without a better name.";
    SyntaxError "SYNTAX_ERROR" 1 UserError "The text is not SQL.";
    AbandonedQuery "ABANDONED_QUERY" 2 InternalError "The client went away.";
    UserCanceled "USER_CANCELED" 3 UserError "The client cancelled.";
    PermissionDenied "PERMISSION_DENIED" 4 UserError "The policy says no.";
    NotFound "NOT_FOUND" 5 UserError "Something named does not exist.";
    FunctionNotFound "FUNCTION_NOT_FOUND" 6 UserError "No such function, or not with these arguments.";
    InvalidFunctionArgument "INVALID_FUNCTION_ARGUMENT" 7 UserError "A function cannot take this value.";
    DivisionByZero "DIVISION_BY_ZERO" 8 UserError "A division by zero.";
    InvalidCastArgument "INVALID_CAST_ARGUMENT" 9 UserError "The value cannot be cast.";
    OperatorNotFound "OPERATOR_NOT_FOUND" 10 UserError "No such operator.";
    InvalidView "INVALID_VIEW" 11 UserError "A stored view no longer fits.";
    AlreadyExists "ALREADY_EXISTS" 12 UserError "It exists already.";
    NotSupported "NOT_SUPPORTED" 13 UserError "The engine does not do this.";
    InvalidSessionProperty "INVALID_SESSION_PROPERTY" 14 UserError "No such session property, or not this value.";
    InvalidWindowFrame "INVALID_WINDOW_FRAME" 15 UserError "The window's frame makes no sense.";
    TransactionConflict "TRANSACTION_CONFLICT" 17 UserError "Another writer was first.";
    InvalidTableProperty "INVALID_TABLE_PROPERTY" 18 UserError "No such table property, or not this value.";
    NumericValueOutOfRange "NUMERIC_VALUE_OUT_OF_RANGE" 19 UserError "A number does not fit.";
    NotInTransaction "NOT_IN_TRANSACTION" 21 UserError "There is no transaction.";
    CatalogNotFound "CATALOG_NOT_FOUND" 44 UserError "No such catalog.";
    SchemaNotFound "SCHEMA_NOT_FOUND" 45 UserError "No such schema.";
    TableNotFound "TABLE_NOT_FOUND" 46 UserError "No such table, or none that the caller may see.";
    ColumnNotFound "COLUMN_NOT_FOUND" 47 UserError "No such column.";
    RoleNotFound "ROLE_NOT_FOUND" 48 UserError "No such role.";
    DuplicateColumnName "DUPLICATE_COLUMN_NAME" 54 UserError "A column twice.";
    MissingColumnName "MISSING_COLUMN_NAME" 55 UserError "A column has no name.";
    MissingCatalogName "MISSING_CATALOG_NAME" 56 UserError "No catalog is given nor set.";
    MissingSchemaName "MISSING_SCHEMA_NAME" 57 UserError "No schema is given nor set.";
    TypeMismatch "TYPE_MISMATCH" 58 UserError "Types that do not go together.";
    InvalidLiteral "INVALID_LITERAL" 59 UserError "A literal that is none.";
    ColumnTypeUnknown "COLUMN_TYPE_UNKNOWN" 60 UserError "A column's type is not known.";
    InvalidParameterUsage "INVALID_PARAMETER_USAGE" 80 UserError "The number of parameters is wrong.";
    AmbiguousFunctionCall "AMBIGUOUS_FUNCTION_CALL" 32 UserError "More than one function fits a call.";
    InvalidOrderBy "INVALID_ORDER_BY" 91 UserError "A window cannot have this order.";
    SubqueryMultipleRows "SUBQUERY_MULTIPLE_ROWS" 28 UserError "A scalar subquery gave more than one row.";
    AmbiguousName "AMBIGUOUS_NAME" 62 UserError "A name fits more than one thing.";
    InvalidColumnReference "INVALID_COLUMN_REFERENCE" 63 UserError "A column cannot be referred to here.";
    MissingGroupBy "MISSING_GROUP_BY" 64 UserError "A GROUP BY is missing.";
    DuplicateNamedQuery "DUPLICATE_NAMED_QUERY" 53 UserError "A WITH name twice.";
    NullTreatmentNotAllowed "NULL_TREATMENT_NOT_ALLOWED" 83 UserError "IGNORE NULLS on a function that has none.";
    MissingOrderBy "MISSING_ORDER_BY" 65 UserError "An ORDER BY is missing.";
    MissingOver "MISSING_OVER" 66 UserError "An OVER is missing.";
    NestedAggregation "NESTED_AGGREGATION" 67 UserError "An aggregate within an aggregate.";
    NestedWindow "NESTED_WINDOW" 68 UserError "A window function within a window function.";
    ExpressionNotInDistinct "EXPRESSION_NOT_IN_DISTINCT" 69 UserError "ORDER BY something that SELECT DISTINCT drops.";
    ExpressionNotAggregate "EXPRESSION_NOT_AGGREGATE" 73 UserError "Neither grouped nor aggregated.";
    ExpressionNotScalar "EXPRESSION_NOT_SCALAR" 74 UserError "An aggregate or window function where none can be.";
    ExpressionNotConstant "EXPRESSION_NOT_CONSTANT" 75 UserError "It has to be a constant.";
    InvalidArguments "INVALID_ARGUMENTS" 76 UserError "Arguments that make no sense.";
    FunctionNotAggregate "FUNCTION_NOT_AGGREGATE" 72 UserError "An aggregate's clause on another function.";
    FunctionNotWindow "FUNCTION_NOT_WINDOW" 71 UserError "OVER on a function that has no windows.";
    TypeNotFound "TYPE_NOT_FOUND" 43 UserError "No such type.";
    TooManyArguments "TOO_MANY_ARGUMENTS" 77 UserError "More than the engine takes.";
    MismatchedColumnAliases "MISMATCHED_COLUMN_ALIASES" 61 UserError "Aliases and columns differ in number.";
    InvalidLimitClause "INVALID_LIMIT_CLAUSE" 90 UserError "A LIMIT that is none.";
    InvalidColumnMask "INVALID_COLUMN_MASK" 85 UserError "The policy's mask does not fit the column.";
    InvalidRowFilter "INVALID_ROW_FILTER" 84 UserError "The policy's filter does not fit the table.";
    InvalidRecursiveReference "INVALID_RECURSIVE_REFERENCE" 87 UserError "A recursive query of a shape that is not allowed.";
    QueryTextTooLarge "QUERY_TEXT_TOO_LARGE" 35 UserError "The statement is too long.";
    GenericInternalError "GENERIC_INTERNAL_ERROR" 65536 InternalError "The engine failed.";
    ServerStartingUp "SERVER_STARTING_UP" 65557 InternalError "Not ready yet.";
    ExceededTimeLimit "EXCEEDED_TIME_LIMIT" 131075 InsufficientResources "It took too long.";
    ExceededLocalMemoryLimit "EXCEEDED_LOCAL_MEMORY_LIMIT" 131079 InsufficientResources "It took too much memory.";
    QueryQueueFull "QUERY_QUEUE_FULL" 131074 InsufficientResources "Too many queries at once.";
    JdbcError "JDBC_ERROR" 67108864 External "The database behind a catalog failed.";
    IcebergInvalidMetadata "ICEBERG_INVALID_METADATA" 84148225 External "A table's metadata is broken.";
}

/// A failed statement, as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryError {
    /// What went wrong, in words.
    pub message: String,
    /// Trino's number.
    pub error_code: i32,
    /// Trino's name.
    pub error_name: String,
    /// Whose fault it is.
    pub error_type: ErrorType,
    /// Where in the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_location: Option<ErrorLocation>,
    /// The same as an exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_info: Option<FailureInfo>,
}

impl QueryError {
    /// An error of this code. A location is put before the message as Trino does.
    pub fn new(code: ErrorCode, message: &str, location: Option<ErrorLocation>) -> Self {
        let message = match &location {
            Some(at) => format!("line {}:{}: {message}", at.line_number, at.column_number),
            None => message.to_owned(),
        };
        Self {
            failure_info: Some(FailureInfo {
                kind: "io.trino.spi.TrinoException".to_owned(),
                message: message.clone(),
                suppressed: Vec::new(),
                stack: Vec::new(),
                error_location: location.clone(),
            }),
            message,
            error_code: code.code(),
            error_name: code.name().to_owned(),
            error_type: code.error_type(),
            error_location: location,
        }
    }
}

/// A place in the statement, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorLocation {
    /// The line.
    pub line_number: u64,
    /// The column.
    pub column_number: u64,
}

/// An exception as JDBC and the CLI show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureInfo {
    /// The exception's class.
    #[serde(rename = "type")]
    pub kind: String,
    /// What went wrong.
    pub message: String,
    /// Always empty here.
    #[serde(default)]
    pub suppressed: Vec<serde_json::Value>,
    /// Always empty here: where in our code it happened is nobody's business.
    #[serde(default)]
    pub stack: Vec<String>,
    /// Where in the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_location: Option<ErrorLocation>,
}
