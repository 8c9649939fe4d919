//! How large a statement may be. Everything here is checked before or while parsing, never after.

/// Longest text in characters; Trino's own `query.max-length`.
pub const MAX_CHARACTERS: usize = 1_000_000;

/// How many parentheses may be open at once.
pub const MAX_NESTING: usize = 100;

/// How deep the parser may call itself. A nested subquery takes three of these, a parenthesis one or two.
pub const MAX_RECURSION: usize = 200;

/// How many operators may follow each other without a parenthesis closing, and how many set operations.
/// `1 + 1 + 1` is a tree as deep as it has operators, and a tree is walked and freed by recursion.
pub const MAX_CHAIN: usize = 1_000;

/// How many expressions the parser may start for each token of the text, on average. sqlparser tries
/// some constructs twice, so nesting them would double the work at each level.
pub const MAX_STARTS_PER_TOKEN: u64 = 20;

/// How many statements may be inside each other (`EXPLAIN`, `PREPARE`, `EXECUTE IMMEDIATE`).
pub const MAX_STATEMENTS: usize = 4;

/// How deep the binder may call itself.
pub const MAX_BOUND_DEPTH: usize = 250;

/// How many expressions may be bound only to see what a lambda gives. Lambdas inside lambdas multiply: each
/// level tries those inside it up to eight times. Behind the limit a lambda's type is not known.
pub const MAX_TRIED_EXPRESSIONS: usize = 5_000;

/// How many columns all relations of a bound statement may have together. `*` over a wide table costs its
/// width in each query that passes it on.
pub const MAX_BOUND_COLUMNS: usize = 200_000;

/// How many mistakes of one statement are told, before one that says so. A list of thousands of values may hold as many.
pub const MAX_PROBLEMS: usize = 1_000;

/// How many names may follow each other with dots between them. sqlparser reads the rest of such a name again at each
/// of its dots.
pub const MAX_PARTS: usize = 100;

/// How many joins may be begun before the condition of the first of them: each is read inside of the one before.
pub const MAX_WAITING_JOINS: usize = 20;

/// How many functions one query may bring along.
pub const MAX_FUNCTIONS: usize = 100;

/// How many relations a statement may have for its joins to be looked at: each is compared with all before it.
pub const MAX_DIAGNOSED_RELATIONS: usize = 2_000;

/// How many mentions of columns an analysis lists. A mention of a column of `UNION` is one of each side's, so they can
/// multiply.
pub const MAX_MENTIONS: usize = 400_000;

/// How many sides of set operations and of `USING`, and tables that an unqualified name may be of, an analysis looks at.
pub const MAX_MERGED: usize = 4_000_000;
