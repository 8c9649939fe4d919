//! SQLite in process, for native tests and tools.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::{DatabaseError, Statement, Value, read};

/// A database. Clones share it.
#[derive(Debug, Clone)]
pub struct Database {
    connection: Arc<Mutex<Connection>>,
}

impl Database {
    /// A fresh database in memory with all migrations of a folder applied in the order of their names.
    pub fn in_memory(migrations: &Path) -> Result<Self, DatabaseError> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch("PRAGMA foreign_keys = ON")?;
        let unreadable = |error: std::io::Error| {
            DatabaseError::Failed(format!(
                "cannot read migrations in `{}`: {error}",
                migrations.display()
            ))
        };
        let mut files = std::fs::read_dir(migrations)
            .map_err(unreadable)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(unreadable)?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
        files.sort();
        for file in files {
            let sql = std::fs::read_to_string(&file).map_err(unreadable)?;
            connection
                .execute_batch(&sql)
                .map_err(|error| DatabaseError::Failed(format!("`{}`: {error}", file.display())))?;
        }
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// All rows of a query.
    pub async fn all<T: DeserializeOwned>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, DatabaseError> {
        rows(&self.lock(), sql, values)?
            .into_iter()
            .map(read)
            .collect()
    }

    /// The first row of a query, if there is one.
    pub async fn first<T: DeserializeOwned>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<T>, DatabaseError> {
        rows(&self.lock(), sql, values)?
            .into_iter()
            .next()
            .map(read)
            .transpose()
    }

    /// Runs one statement and says how many rows it changed.
    pub async fn run(&self, sql: &str, values: Vec<Value>) -> Result<u64, DatabaseError> {
        let connection = self.lock();
        let changed = connection
            .prepare_cached(sql)?
            .execute(params_from_iter(values))?;
        Ok(changed as u64)
    }

    /// Runs all statements in one transaction: all of them or none.
    pub async fn batch(&self, statements: Vec<Statement>) -> Result<(), DatabaseError> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        for Statement { sql, values } in statements {
            rows(&transaction, &sql, values)?;
        }
        Ok(transaction.commit()?)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere leaves SQLite itself consistent: an open transaction rolls back when dropped.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn rows(
    connection: &Connection,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<Json>, DatabaseError> {
    let mut statement = connection.prepare_cached(sql)?;
    let names: Vec<String> = statement
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut object = Map::new();
        for (index, name) in names.iter().enumerate() {
            object.insert(name.clone(), json_of(row.get_ref(index)?));
        }
        found.push(Json::Object(object));
    }
    Ok(found)
}

fn json_of(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => bytes.into(),
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Self::Null => rusqlite::types::Null.to_sql(),
            Self::Integer(number) => number.to_sql(),
            Self::Real(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation) => Self::Constraint(error.to_string()),
            _ => Self::from_message(error.to_string()),
        }
    }
}
