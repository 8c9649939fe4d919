//! What a statement is, as far as it decides who may send it.

use townlake_core::advice::Span;
use townlake_core::names::TableRef;

/// A statement that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What it does.
    pub statement: Statement,
    /// Every table and view that it names, in the order of the text. A table named twice is here twice.
    pub tables: Vec<TableUse>,
    /// Every table function that it calls, e.g. `system.query` of `TABLE(postgres.system.query(...))`.
    pub table_functions: Vec<TableFunctionUse>,
}

/// One mention of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableUse {
    /// The full name, the session's catalog and schema filled in.
    pub table: TableRef,
    /// What is done with it.
    pub access: Access,
    /// Where its name starts.
    pub at: Span,
}

/// One call of a table function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFunctionUse {
    /// The name as written, folded to lower case: one to three parts.
    pub name: Vec<String>,
    /// Where its name starts.
    pub at: Span,
}

/// What is done with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Its definition is shown: `DESCRIBE`, `SHOW CREATE TABLE`.
    Metadata,
    /// Its rows, or figures about them, are read.
    Read,
    /// Its rows are changed, or it is made out of a query.
    Write,
    /// It is defined, altered, dropped, granted or maintained.
    Define,
}

/// What one statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `SELECT`, `WITH`, `VALUES`, `TABLE`.
    Query,
    /// `EXPLAIN`: of a statement that runs only with `ANALYZE`.
    Explain {
        /// Whether the inner statement really runs.
        analyze: bool,
        /// What is explained.
        of: Box<Statement>,
    },
    /// `SHOW ...` and `DESCRIBE`.
    Show(Show),
    /// `USE [catalog.]schema`.
    Use {
        /// The catalog, if named.
        catalog: Option<String>,
        /// The schema.
        schema: String,
    },
    /// `SET SESSION name = value`.
    SetSession {
        /// The property, with its catalog if it has one, in lower case.
        name: String,
        /// The value, if it is a string literal. Other expressions are the engine's to compute.
        value: Option<String>,
    },
    /// `RESET SESSION name`.
    ResetSession {
        /// The property, with its catalog if it has one, in lower case.
        name: String,
    },
    /// `SET SESSION AUTHORIZATION`, `RESET SESSION AUTHORIZATION`, `SET ROLE`: the session becomes someone else.
    Become,
    /// `SET TIME ZONE`, `SET PATH`.
    SetOption(SessionOption),
    /// `PREPARE name FROM statement`.
    Prepare {
        /// Its name.
        name: String,
        /// What is prepared.
        of: Box<Statement>,
    },
    /// `EXECUTE name`: the tables are those of the prepared text.
    Execute {
        /// Its name.
        name: String,
        /// What was prepared.
        of: Box<Statement>,
    },
    /// `EXECUTE IMMEDIATE 'text'`.
    ExecuteImmediate {
        /// What the text is.
        of: Box<Statement>,
    },
    /// `DEALLOCATE PREPARE name`.
    Deallocate {
        /// Its name.
        name: String,
    },
    /// `DESCRIBE INPUT name`, `DESCRIBE OUTPUT name`.
    DescribePrepared {
        /// Its name.
        name: String,
        /// What was prepared.
        of: Box<Statement>,
    },
    /// `START TRANSACTION`, `COMMIT`, `ROLLBACK`.
    Transaction(Transaction),
    /// Changes rows, or makes a table out of a query.
    Write(Write),
    /// Makes, alters, drops, comments, grants: everything about definitions.
    Define {
        /// The statement's leading words, e.g. `DROP VIEW`, `GRANT`, `CREATE ROLE`; `GRANT ROLE` gives a role and
        /// `GRANT ON SCHEMA` a privilege on something else than a table.
        verb: String,
    },
    /// `CALL catalog.schema.procedure(...)`.
    Call {
        /// The name as written, in lower case.
        procedure: String,
    },
    /// `ALTER TABLE name EXECUTE procedure(...)`: may roll a table back, whoever may read it.
    TableExecute {
        /// The procedure, in lower case.
        procedure: String,
    },
}

/// What `SHOW` and `DESCRIBE` ask for. The engine filters each by what the caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Show {
    /// `SHOW CATALOGS`.
    Catalogs,
    /// `SHOW SCHEMAS`, of the session's catalog if none is named.
    Schemas {
        /// The catalog.
        catalog: Option<String>,
    },
    /// `SHOW TABLES`, of the session's schema if none is named.
    Tables {
        /// The catalog.
        catalog: Option<String>,
        /// The schema.
        schema: Option<String>,
    },
    /// `SHOW COLUMNS`, `DESCRIBE`: the table is in `Reading::tables`.
    Columns,
    /// `SHOW CREATE ...`: the words after `CREATE`; a table or view is in `Reading::tables`.
    Create(String),
    /// `SHOW STATS FOR ...`: the tables are in `Reading::tables`, as read.
    Stats,
    /// `SHOW FUNCTIONS`.
    Functions,
    /// `SHOW SESSION`.
    Session,
    /// `SHOW GRANTS`, `SHOW ROLES`, `SHOW CURRENT ROLES`, `SHOW ROLE GRANTS`.
    Grants,
    /// `SHOW GRANTS ON kind name` of something else than a table: the kind, e.g. `SCHEMA`.
    GrantsOn(String),
}

/// A setting of the session that decides nothing about access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionOption {
    /// `SET TIME ZONE`.
    TimeZone,
    /// `SET PATH`.
    Path,
}

/// A step of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// `START TRANSACTION`.
    Start,
    /// `COMMIT`.
    Commit,
    /// `ROLLBACK`.
    Rollback,
}

/// How rows are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// `INSERT INTO`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE FROM`.
    Delete,
    /// `MERGE INTO`.
    Merge,
    /// `TRUNCATE TABLE`.
    Truncate,
    /// `CREATE TABLE ... AS`.
    CreateTableAs,
    /// `REFRESH MATERIALIZED VIEW`.
    Refresh,
    /// `ANALYZE`: writes statistics.
    Analyze,
}

impl Statement {
    /// The statement that decides what may happen: the one inside `EXPLAIN`, `PREPARE`, `EXECUTE`.
    pub fn innermost(&self) -> &Statement {
        let mut statement = self;
        while let Self::Explain { of, .. }
        | Self::Prepare { of, .. }
        | Self::Execute { of, .. }
        | Self::ExecuteImmediate { of }
        | Self::DescribePrepared { of, .. } = statement
        {
            statement = of;
        }
        statement
    }
}
