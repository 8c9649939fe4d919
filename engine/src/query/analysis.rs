//! From a statement's text to what is to be done.

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use sqlparser::ast;
use townlake_core::names::TableRef;
use townlake_protocol::trino::{ErrorCode, headers};
use townlake_sql::types::Type;

use super::{Head, Query, describe};
use crate::bind::{self, Read};
use crate::catalog::Resolved;
use crate::catalog::memory::{columns_of, text_batch};
use crate::engine::Engine;
use crate::error::{Failure, Place, Result};
use crate::policy::Access;
use crate::session::{Session, resolve_table};
use crate::sql::{self, Explain, Statement};
use crate::types::{Shown, signature, without_precision};

/// What is to be done.
pub enum Work {
    /// Nothing: all is in the head.
    Nothing,
    /// Rows that are there already.
    Rows(Vec<Shown>, Vec<RecordBatch>),
    /// Rows that a plan makes.
    Plan(Vec<Shown>, Arc<dyn ExecutionPlan>),
}

/// A statement understood.
pub struct Outcome {
    /// For the client.
    pub head: Head,
    /// To be done.
    pub work: Work,
    /// What it reads.
    pub reads: Vec<Read>,
}

/// Understands a statement.
///
/// # Errors
/// Whatever is wrong with it.
pub async fn analyse(engine: &Engine, query: &Query, access: &Access) -> Result<Outcome> {
    let session = &query.session;
    let statement = sql::parse(&query.sql)?;
    statement_outcome(engine, session, access, statement).await
}

async fn statement_outcome(
    engine: &Engine,
    session: &Session,
    access: &Access,
    statement: Statement,
) -> Result<Outcome> {
    match statement {
        Statement::Query(tree) => query_outcome(engine, session, access, &tree, &[]).await,
        Statement::Explain(kind, tree) => {
            let bound = bound(engine, session, access, &tree, &[]).await?;
            match kind {
                Explain::Validate => {
                    let columns = vec![("Valid".to_owned(), Type::Boolean.into())];
                    let batch = RecordBatch::try_new(
                        crate::catalog::memory::schema_of(&columns_of(&[("Valid", Type::Boolean)])),
                        vec![Arc::new(datafusion::arrow::array::BooleanArray::from(
                            vec![true],
                        ))],
                    )
                    .map_err(|error| Failure::internal(error.to_string()))?;
                    Ok(Outcome {
                        head: head(session, &columns),
                        work: Work::Rows(vec![Type::Boolean.into()], vec![batch]),
                        reads: bound.reads,
                    })
                }
                Explain::Plan => {
                    let plan = engine.state().create_physical_plan(&bound.plan).await?;
                    let text = displayable(plan.as_ref()).indent(true).to_string();
                    let mut outcome = texts(
                        session,
                        &["Query Plan"],
                        vec![vec![Some(text.trim_end().to_owned())]],
                    )?;
                    outcome.reads = bound.reads;
                    Ok(outcome)
                }
            }
        }
        Statement::Show(show) => describe::show(engine, session, access, show).await,
        Statement::Use {
            catalog,
            schema,
            place,
        } => describe::use_schema(engine, session, access, catalog, schema, place).await,
        Statement::SetSession { name, value } => set_session(session, access, &name, &value),
        Statement::ResetSession(name) => {
            check_property(access, &name)?;
            Ok(done(
                "RESET SESSION",
                vec![(headers::CLEAR_SESSION, name.join("."))],
            ))
        }
        Statement::Prepare { name, text } => {
            let value = format!("{}={}", encode(&name), encode(&text));
            Ok(done("PREPARE", vec![(headers::ADDED_PREPARE, value)]))
        }
        Statement::Deallocate(name) => {
            prepared(session, &name)?;
            Ok(done(
                "DEALLOCATE",
                vec![(headers::DEALLOCATED_PREPARE, encode(&name))],
            ))
        }
        Statement::Execute {
            name,
            parameters,
            place,
        } => {
            let text = prepared(session, &name).map_err(|f| f.at(place))?;
            Box::pin(execute(engine, session, access, &text, parameters)).await
        }
        Statement::ExecuteImmediate { text, parameters } => {
            Box::pin(execute(engine, session, access, &text, parameters)).await
        }
        Statement::DescribeOutput(name) => {
            let text = prepared(session, &name)?;
            match sql::parse(&text)? {
                Statement::Query(tree) => {
                    let nulls = nulls(sql::parameters(&text)?)?;
                    let bound = bound(engine, session, access, &tree, &nulls).await?;
                    describe::output(session, &bound)
                }
                _ => describe::output_of_none(session),
            }
        }
        Statement::DescribeInput(name) => {
            let count = sql::parameters(&prepared(session, &name)?)?;
            describe::input(session, count)
        }
        Statement::StartTransaction => {
            let id = uuid::Builder::from_random_bytes(rand::random())
                .into_uuid()
                .to_string();
            Ok(done(
                "START TRANSACTION",
                vec![(headers::STARTED_TRANSACTION, id)],
            ))
        }
        Statement::EndTransaction(verb) => Ok(done(
            verb,
            vec![(headers::CLEAR_TRANSACTION, "true".to_owned())],
        )),
    }
}

async fn execute(
    engine: &Engine,
    session: &Session,
    access: &Access,
    text: &str,
    parameters: Vec<ast::Expr>,
) -> Result<Outcome> {
    sql::check_parameters(text, parameters.len())?;
    match sql::parse(text)? {
        Statement::Query(tree) => query_outcome(engine, session, access, &tree, &parameters).await,
        Statement::Explain(kind, tree) if parameters.is_empty() => {
            Box::pin(statement_outcome(
                engine,
                session,
                access,
                Statement::Explain(kind, tree),
            ))
            .await
        }
        Statement::Execute { .. }
        | Statement::ExecuteImmediate { .. }
        | Statement::Prepare { .. } => Err(Failure::unsupported(
            "EXECUTE of a statement that prepares or executes",
        )),
        other => Box::pin(statement_outcome(engine, session, access, other)).await,
    }
}

fn nulls(count: usize) -> Result<Vec<ast::Expr>> {
    (0..count).map(|_| sql::parse_expression("NULL")).collect()
}

fn prepared(session: &Session, name: &str) -> Result<String> {
    session.prepared.get(name).cloned().ok_or_else(|| {
        Failure::new(
            ErrorCode::NotFound,
            format!("Prepared statement not found: {name}"),
        )
    })
}

async fn query_outcome(
    engine: &Engine,
    session: &Session,
    access: &Access,
    tree: &ast::Query,
    parameters: &[ast::Expr],
) -> Result<Outcome> {
    let bound = bound(engine, session, access, tree, parameters).await?;
    let plan = engine.state().create_physical_plan(&bound.plan).await?;
    Ok(Outcome {
        head: head(session, &bound.columns),
        work: Work::Plan(bound.columns.into_iter().map(|(_, ty)| ty).collect(), plan),
        reads: bound.reads,
    })
}

/// Looks up what the query names, then binds it.
async fn bound(
    engine: &Engine,
    session: &Session,
    access: &Access,
    tree: &ast::Query,
    parameters: &[ast::Expr],
) -> Result<bind::Bound> {
    let mut resolved = Resolved::default();
    let mut names = Vec::new();
    collect(tree, &mut names);
    while let Some(parts) = names.pop() {
        // A name that cannot be resolved may still be a WITH query's; binding will tell.
        let Ok(name) = resolve_table(&parts, session) else {
            continue;
        };
        if resolved.knows(&name) {
            continue;
        }
        let table = engine.catalogs.table(&name, access).await;
        if let Ok(table) = &table {
            let columns: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
            let rules = access.table(&name, &columns);
            for rule in rules
                .filter
                .iter()
                .chain(rules.masks().map(|(_, rule)| rule))
            {
                if let Ok(expr) = sql::parse_expression(&rule.sql) {
                    collect(&expr, &mut names);
                }
            }
        }
        resolved.insert(name, table);
    }
    bind::bind(tree, parameters, session, &resolved, access)
}

/// The relations that a tree names.
fn collect<T: ast::Visit>(tree: &T, names: &mut Vec<Vec<String>>) {
    struct Relations<'n>(&'n mut Vec<Vec<String>>);
    impl ast::Visitor for Relations<'_> {
        type Break = ();
        fn pre_visit_relation(&mut self, name: &ast::ObjectName) -> std::ops::ControlFlow<()> {
            if let Ok(parts) = sql::object_parts(name) {
                self.0.push(parts);
            }
            std::ops::ControlFlow::Continue(())
        }
    }
    let _ = tree.visit(&mut Relations(names));
}

/// The head of an answer with these columns.
pub fn head(session: &Session, columns: &[(String, Shown)]) -> Head {
    let parametric = session.parametric_datetime;
    let columns = columns
        .iter()
        .map(|(name, Shown { ty, .. })| {
            let (type_name, type_signature) = if parametric {
                (ty.to_string(), signature(ty))
            } else {
                let name = ty.for_older_clients().to_string();
                (name, signature(&without_precision(ty)))
            };
            townlake_protocol::trino::Column {
                name: name.clone(),
                type_name,
                type_signature: Some(type_signature),
            }
        })
        .collect();
    Head {
        columns: Some(columns),
        ..Head::default()
    }
}

/// An answer of text columns.
pub fn texts(session: &Session, names: &[&str], rows: Vec<Vec<Option<String>>>) -> Result<Outcome> {
    let columns: Vec<(&str, Type)> = names
        .iter()
        .map(|name| (*name, Type::Varchar(None)))
        .collect();
    let batch = text_batch(&columns_of(&columns), &rows)?;
    let owned: Vec<(String, Shown)> = columns
        .into_iter()
        .map(|(name, ty)| (name.to_owned(), ty.into()))
        .collect();
    Ok(Outcome {
        head: head(session, &owned),
        work: Work::Rows(owned.into_iter().map(|(_, ty)| ty).collect(), vec![batch]),
        reads: Vec::new(),
    })
}

/// An answer without rows.
pub fn done(update_type: &str, headers: Vec<(&'static str, String)>) -> Outcome {
    Outcome {
        head: Head {
            // None, said so: JDBC takes a statement without the word for one that failed.
            columns: Some(Vec::new()),
            update_type: Some(update_type.to_owned()),
            headers,
        },
        work: Work::Nothing,
        reads: Vec::new(),
    }
}

/// A value for a header that clients decode as a form's.
fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The session properties that the engine has.
const PROPERTIES: &[&str] = &["query_max_run_time"];

fn check_property(access: &Access, name: &[String]) -> Result<()> {
    match name {
        [property] => {
            access
                .control()
                .check_can_set_system_session_property(access.identity(), property)?;
            if !PROPERTIES.contains(&property.as_str()) {
                return Err(Failure::new(
                    ErrorCode::InvalidSessionProperty,
                    format!("Session property '{property}' does not exist"),
                )
                .at(Place(Some((1, 1)))));
            }
            Ok(())
        }
        [catalog, property] => {
            access.control().check_can_set_catalog_session_property(
                access.identity(),
                catalog,
                property,
            )?;
            Err(Failure::new(
                ErrorCode::InvalidSessionProperty,
                format!("Session property '{catalog}.{property}' does not exist"),
            )
            .at(Place(Some((1, 1)))))
        }
        _ => Err(Failure::new(
            ErrorCode::SyntaxError,
            "a session property has one or two parts",
        )),
    }
}

fn set_session(
    session: &Session,
    access: &Access,
    name: &[String],
    value: &ast::Expr,
) -> Result<Outcome> {
    check_property(access, name)?;
    let ast::Expr::Value(ast::ValueWithSpan {
        value: ast::Value::SingleQuotedString(text),
        ..
    }) = value
    else {
        return Err(Failure::unsupported(
            "A session property's value that is no string",
        ));
    };
    let full = name.join(".");
    let mut changed = session.clone();
    changed.properties.insert(full.clone(), text.clone());
    run_time(&changed)?;
    Ok(done(
        "SET SESSION",
        vec![(headers::SET_SESSION, format!("{full}={}", encode(text)))],
    ))
}

/// The session's limit on a query's time, if it has one.
///
/// # Errors
/// It is no duration.
pub fn run_time(session: &Session) -> Result<Option<Duration>> {
    let Some(text) = session.properties.get("query_max_run_time") else {
        return Ok(None);
    };
    let invalid = || {
        Failure::new(
            ErrorCode::InvalidSessionProperty,
            format!(
                "query_max_run_time is invalid: {text} (write a duration such as 30s, 5m or 1h)"
            ),
        )
    };
    let at = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .ok_or_else(invalid)?;
    let (number, unit) = text.split_at(at);
    let number: f64 = number.parse().map_err(|_| invalid())?;
    let seconds = match unit.trim() {
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        "d" => number * 86_400.0,
        _ => return Err(invalid()),
    };
    Duration::try_from_secs_f64(seconds)
        .map(Some)
        .map_err(|_| invalid())
}

/// The properties of a request's session, checked as SET SESSION would.
///
/// # Errors
/// One that the engine does not have, or that the caller may not set.
pub fn check_session(session: &Session, access: &Access) -> Result<()> {
    for name in session.properties.keys() {
        let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
        check_property(access, &parts)?;
    }
    Ok(())
}

/// A table's name as TableRef for callers that hold parts.
///
/// # Errors
/// Parts are missing.
pub fn named(parts: &[String], session: &Session) -> Result<TableRef> {
    resolve_table(parts, session)
}
