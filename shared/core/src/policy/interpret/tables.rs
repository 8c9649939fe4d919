//! Checks about tables: what may be done, which columns, through which masks, in which rows.

use std::collections::BTreeMap;

use super::checks::TableCheck;
use super::{AccessControl, AccessDenied, Identity};
use crate::names::TableRef;
use crate::policy::document::{CatalogAccess, TablePrivilege};

/// The schema whose tables describe the catalog. Always readable, since its rows are filtered one by one.
const INFORMATION_SCHEMA: &str = "information_schema";

/// A mask or a row filter in effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// SQL over the table's raw columns.
    pub sql: String,
    /// Whose rights decide which columns and tables the SQL may use; the caller's if none.
    /// `current_user` in it stays the caller all the same.
    pub evaluate_as: Option<String>,
}

/// How a user reads some columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Only rows for which this holds.
    pub row_filter: Option<Expression>,
    /// What is read in place of which column.
    pub masks: BTreeMap<String, Expression>,
}

/// What a statement does with a table, beyond reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableAction {
    /// `INSERT`, and each such branch of `MERGE`.
    Insert,
    /// `DELETE`.
    Delete,
    /// `TRUNCATE TABLE`.
    Truncate,
    /// `ANALYZE`.
    Analyze,
    /// `CREATE TABLE`, with or without `AS`.
    CreateTable,
    /// `DROP TABLE`.
    DropTable,
    /// `CREATE VIEW`.
    CreateView,
    /// `DROP VIEW`.
    DropView,
    /// `CREATE MATERIALIZED VIEW`.
    CreateMaterializedView,
    /// `REFRESH MATERIALIZED VIEW`.
    RefreshMaterializedView,
    /// `DROP MATERIALIZED VIEW`.
    DropMaterializedView,
    /// `SHOW CREATE TABLE` and `SHOW CREATE VIEW`.
    ShowCreate,
    /// `ALTER TABLE ... ADD COLUMN`.
    AddColumn,
    /// `ALTER TABLE ... DROP COLUMN`.
    DropColumn,
    /// `ALTER TABLE ... RENAME COLUMN`.
    RenameColumn,
    /// `ALTER TABLE ... ALTER COLUMN`.
    AlterColumn,
    /// `ALTER TABLE ... SET PROPERTIES`.
    SetProperties,
    /// `COMMENT ON TABLE`.
    CommentTable,
    /// `COMMENT ON VIEW`.
    CommentView,
    /// `COMMENT ON COLUMN`.
    CommentColumn,
}

impl TableAction {
    /// The privilege that the action needs, and how Trino begins to say that it is missing.
    const fn needs(self) -> (TablePrivilege, &'static str) {
        use TablePrivilege::{Delete, Insert, Ownership, Update};
        match self {
            Self::Insert => (Insert, "Cannot insert into table"),
            Self::Delete => (Delete, "Cannot delete from table"),
            Self::Truncate => (Delete, "Cannot truncate table"),
            Self::Analyze => (Insert, "Cannot ANALYZE (missing insert privilege) table"),
            Self::CreateTable => (Ownership, "Cannot create table"),
            Self::DropTable => (Ownership, "Cannot drop table"),
            Self::CreateView => (Ownership, "Cannot create view"),
            Self::DropView => (Ownership, "Cannot drop view"),
            Self::CreateMaterializedView => (Ownership, "Cannot create materialized view"),
            Self::RefreshMaterializedView => (Update, "Cannot refresh materialized view"),
            Self::DropMaterializedView => (Ownership, "Cannot drop materialized view"),
            Self::ShowCreate => (Ownership, "Cannot show create table for"),
            Self::AddColumn => (Ownership, "Cannot add a column to table"),
            Self::DropColumn => (Ownership, "Cannot drop a column from table"),
            Self::RenameColumn => (Ownership, "Cannot rename a column in table"),
            Self::AlterColumn => (Ownership, "Cannot alter a column for table"),
            Self::SetProperties => (Ownership, "Cannot set table properties to"),
            Self::CommentTable => (Ownership, "Cannot comment table to"),
            Self::CommentView => (Ownership, "Cannot comment view to"),
            Self::CommentColumn => (Ownership, "Cannot comment column to"),
        }
    }
}

impl AccessControl {
    /// Whether the action is allowed on the table.
    ///
    /// # Errors
    /// If it is not.
    pub fn check_can(
        &self,
        identity: &Identity,
        action: TableAction,
        table: &TableRef,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, &table.catalog)?;
        let (privilege, refusal) = action.needs();
        if self.has_privilege(identity, table, privilege) {
            Ok(())
        } else {
            Err(AccessDenied::new(format!("{refusal} {table}")))
        }
    }

    /// Whether all of the columns may be read. None at all, as in `count(*)`, asks about the table.
    ///
    /// # Errors
    /// If they may not.
    pub fn check_can_select(
        &self,
        identity: &Identity,
        table: &TableRef,
        columns: &[&str],
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, &table.catalog)?;
        if table.schema == INFORMATION_SCHEMA {
            return Ok(());
        }
        if self
            .table_check(identity, table)
            .is_some_and(|check| may_select(check, columns))
        {
            Ok(())
        } else {
            Err(AccessDenied::select(table))
        }
    }

    /// Whether all of the columns may be read, and how. For a query that runs on while policy changes: it may
    /// go on as long as the answer stays the same.
    ///
    /// # Errors
    /// If they may not be read.
    pub fn check_reading(
        &self,
        identity: &Identity,
        table: &TableRef,
        columns: &[&str],
    ) -> Result<Reading, AccessDenied> {
        self.check_can_select(identity, table, columns)?;
        Ok(Reading {
            row_filter: self.row_filter(identity, table),
            masks: self.column_masks(identity, table, columns),
        })
    }

    /// Whether the owner of a view may show these columns to others through it.
    ///
    /// # Errors
    /// If they may not.
    pub fn check_can_create_view_with_select(
        &self,
        identity: &Identity,
        table: &TableRef,
        columns: &[&str],
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, &table.catalog)?;
        if !self.has_catalog_access(identity, &table.catalog, CatalogAccess::All) {
            return Err(AccessDenied::select(table));
        }
        if table.schema == INFORMATION_SCHEMA {
            return Ok(());
        }
        match self
            .table_check(identity, table)
            .filter(|check| may_select(check, columns))
        {
            None => Err(AccessDenied::select(table)),
            Some(check) if check.privileges.contains(&TablePrivilege::GrantSelect) => Ok(()),
            Some(_) => Err(AccessDenied::create_view_with_select(table, &identity.user)),
        }
    }

    /// Whether the columns may be changed.
    ///
    /// # Errors
    /// If they may not.
    pub fn check_can_update(
        &self,
        identity: &Identity,
        table: &TableRef,
        columns: &[&str],
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, &table.catalog)?;
        if self.has_privilege(identity, table, TablePrivilege::Update) {
            Ok(())
        } else {
            Err(AccessDenied::update_columns(table, columns))
        }
    }

    /// Whether the table (`table`), view (`view`) or materialized view may get the new name.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_rename(
        &self,
        identity: &Identity,
        kind: &str,
        from: &TableRef,
        to: &TableRef,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, &from.catalog)?;
        if self.has_privilege(identity, from, TablePrivilege::Ownership)
            && self.has_privilege(identity, to, TablePrivilege::Ownership)
        {
            Ok(())
        } else {
            Err(AccessDenied::rename(kind, from, to))
        }
    }

    /// Whether the user may `grant`, `revoke` or `deny` (the verb) others a privilege, written as in SQL.
    ///
    /// # Errors
    /// If they may not.
    pub fn check_can_pass_on(
        &self,
        identity: &Identity,
        verb: &str,
        privilege: &str,
        table: &TableRef,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, &table.catalog)?;
        if self.has_privilege(identity, table, TablePrivilege::Ownership) {
            Ok(())
        } else {
            Err(AccessDenied::table_privilege(verb, privilege, table))
        }
    }

    /// Whether `SHOW COLUMNS` and `DESCRIBE` are allowed.
    ///
    /// # Errors
    /// If they are not.
    pub fn check_can_show_columns(
        &self,
        identity: &Identity,
        table: &TableRef,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, &table.catalog)?;
        if self.sees_table(identity, table) {
            Ok(())
        } else {
            Err(AccessDenied::new(format!(
                "Cannot show columns of table {table}"
            )))
        }
    }

    /// The tables that `SHOW TABLES` and `information_schema.tables` list.
    pub fn filter_tables<'a>(
        &self,
        identity: &Identity,
        tables: &[&'a TableRef],
    ) -> Vec<&'a TableRef> {
        tables
            .iter()
            .copied()
            .filter(|table| {
                self.is_schema_owner(identity, &table.catalog, &table.schema)
                    || self.sees_table(identity, table)
            })
            .collect()
    }

    /// The columns that `DESCRIBE`, `information_schema.columns` and `SELECT *` show. With any privilege but
    /// reading that is all of them, the unreadable ones included.
    pub fn filter_columns<'a>(
        &self,
        identity: &Identity,
        table: &TableRef,
        columns: &[&'a str],
    ) -> Vec<&'a str> {
        if !self.sees_table(identity, table) {
            return Vec::new();
        }
        if table.schema == INFORMATION_SCHEMA {
            return columns.to_vec();
        }
        let Some(check) = self.table_check(identity, table) else {
            return Vec::new();
        };
        let reads_only = check.privileges.iter().all(|privilege| {
            matches!(
                privilege,
                TablePrivilege::Select | TablePrivilege::GrantSelect
            )
        });
        columns
            .iter()
            .copied()
            .filter(|column| !reads_only || !is_restricted(check, column))
            .collect()
    }

    /// The rows that the user gets: those for which this holds.
    pub fn row_filter(&self, identity: &Identity, table: &TableRef) -> Option<Expression> {
        if table.schema == INFORMATION_SCHEMA {
            return None;
        }
        let check = self.table_check(identity, table)?;
        let sql = check.filter.clone()?;
        Some(Expression {
            sql,
            evaluate_as: check.filter_user.clone(),
        })
    }

    /// What the user gets in place of each of the columns that are masked. A table with any of them cannot be
    /// written to.
    pub fn column_masks(
        &self,
        identity: &Identity,
        table: &TableRef,
        columns: &[&str],
    ) -> BTreeMap<String, Expression> {
        if table.schema == INFORMATION_SCHEMA {
            return BTreeMap::new();
        }
        let Some(check) = self.table_check(identity, table) else {
            return BTreeMap::new();
        };
        columns
            .iter()
            .filter_map(|column| {
                let rule = check.columns.get(*column)?;
                let expression = Expression {
                    sql: rule.mask.clone()?,
                    evaluate_as: rule
                        .mask_environment
                        .as_ref()
                        .and_then(|environment| environment.user.clone()),
                };
                Some(((*column).to_owned(), expression))
            })
            .collect()
    }

    /// Whether any privilege on the table is there, so that it is listed.
    pub fn sees_table(&self, identity: &Identity, table: &TableRef) -> bool {
        self.can_access_catalog(identity, &table.catalog)
            && (table.schema == INFORMATION_SCHEMA
                || self
                    .table_check(identity, table)
                    .is_some_and(|check| !check.privileges.is_empty()))
    }

    /// Whether the first rule for the table gives the privilege, in a catalog that is open wide enough.
    pub fn has_privilege(
        &self,
        identity: &Identity,
        table: &TableRef,
        privilege: TablePrivilege,
    ) -> bool {
        let wanted = match privilege {
            TablePrivilege::Select | TablePrivilege::GrantSelect => CatalogAccess::ReadOnly,
            _ => CatalogAccess::All,
        };
        self.has_catalog_access(identity, &table.catalog, wanted)
            && (table.schema == INFORMATION_SCHEMA
                || self
                    .table_check(identity, table)
                    .is_some_and(|check| check.privileges.contains(&privilege)))
    }

    /// The first rule that matches; it alone decides.
    fn table_check(&self, identity: &Identity, table: &TableRef) -> Option<&TableCheck> {
        self.checks.tables.iter().find(|check| {
            check.table.matches(&table.table)
                && check.schema.matches(&table.schema)
                && check.catalog.matches(&table.catalog)
                && check.who.matches(identity)
        })
    }
}

fn may_select(check: &TableCheck, columns: &[&str]) -> bool {
    (check.privileges.contains(&TablePrivilege::Select)
        || check.privileges.contains(&TablePrivilege::GrantSelect))
        && !columns.iter().any(|column| is_restricted(check, column))
}

fn is_restricted(check: &TableCheck, column: &str) -> bool {
    check
        .columns
        .get(column)
        .is_some_and(|rule| rule.allow == Some(false))
}
