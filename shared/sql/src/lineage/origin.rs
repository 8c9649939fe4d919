//! What a value is made of, and how one is put together out of others.

use crate::lineage::Kind;

/// A base column or a base table, as a number that is the same wherever the table is mentioned.
pub(crate) type BaseId = u32;

/// What decides which rows there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowOrigin {
    pub(crate) tables: Vec<BaseId>,
    pub(crate) columns: Vec<BaseId>,
}

/// What a value is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    pub(crate) values: Vec<BaseId>,
    pub(crate) conditions: Vec<BaseId>,
    /// Of the subqueries that the value is taken from.
    pub(crate) rows: RowOrigin,
    pub(crate) kind: Kind,
    /// Whether something that is not followed may have given it more.
    pub(crate) unknown: bool,
}

/// Part of what a piece of text adds to an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The value is made of it.
    Value,
    /// It chooses among values.
    Condition,
    /// It chooses rows.
    Rows,
}

impl Role {
    pub(crate) fn choosing(self) -> Self {
        match self {
            Self::Value => Self::Condition,
            other => other,
        }
    }
}

impl Origin {
    /// What a value is made of that is now this, now that.
    pub(crate) fn of_several(parts: impl Iterator<Item = Origin>) -> Self {
        let mut origin = Self::default();
        let mut kind = None;
        for part in parts {
            origin.take(&part, Role::Value);
            kind = Some(match (kind, part.kind) {
                // A constant beside a column: not always the column.
                (Some(Kind::Constant), Kind::Identity) | (Some(Kind::Identity), Kind::Constant) => {
                    Kind::Expression
                }
                (Some(before), kind) => kind.max(before),
                (None, kind) => kind,
            });
        }
        origin.kind = kind.unwrap_or(Kind::Unknown);
        origin.settle();
        origin
    }

    /// Adds what another value is made of.
    pub(crate) fn take(&mut self, other: &Origin, role: Role) {
        match role {
            Role::Value => {
                self.values.extend_from_slice(&other.values);
                self.conditions.extend_from_slice(&other.conditions);
                self.rows.take(&other.rows);
            }
            Role::Condition => {
                self.conditions.extend_from_slice(&other.values);
                self.conditions.extend_from_slice(&other.conditions);
                self.rows.take(&other.rows);
            }
            Role::Rows => {
                self.rows.columns.extend_from_slice(&other.values);
                self.rows.columns.extend_from_slice(&other.conditions);
                self.rows.take(&other.rows);
            }
        }
        self.unknown |= other.unknown;
    }

    pub(crate) fn raise(&mut self, kind: Kind, role: Role) {
        if role == Role::Value {
            self.kind = self.kind.max(kind);
        }
    }

    pub(crate) fn raise_if_conditional(&mut self) {
        if self.kind == Kind::Constant && !self.conditions.is_empty() {
            self.kind = Kind::Expression;
        }
    }

    pub(crate) fn settle(&mut self) {
        for list in [
            &mut self.values,
            &mut self.conditions,
            &mut self.rows.tables,
            &mut self.rows.columns,
        ] {
            list.sort_unstable();
            list.dedup();
        }
    }
}

impl RowOrigin {
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty()
    }

    pub(crate) fn take(&mut self, other: &RowOrigin) {
        self.tables.extend_from_slice(&other.tables);
        self.columns.extend_from_slice(&other.columns);
    }

    pub(crate) fn settle(&mut self) {
        for list in [&mut self.tables, &mut self.columns] {
            list.sort_unstable();
            list.dedup();
        }
    }
}
