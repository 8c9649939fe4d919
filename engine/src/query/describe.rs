//! SHOW, DESCRIBE and USE: what there is, as far as the caller may know of it.

use regex::Regex;
use townlake_core::names::quote_identifier;
use townlake_protocol::trino::{ErrorCode, headers};

use super::analysis::{Outcome, done, named, texts};
use crate::bind::Bound;
use crate::catalog::catalog_not_found;
use crate::engine::Engine;
use crate::error::{Failure, Place, Result};
use crate::policy::Access;
use crate::session::Session;
use crate::sql::{Pattern, Show};

/// Answers a SHOW.
///
/// # Errors
/// What is asked about does not exist, or is none of the caller's business.
pub async fn show(
    engine: &Engine,
    session: &Session,
    access: &Access,
    show: Show,
) -> Result<Outcome> {
    let some = |text: &str| Some(text.to_owned());
    match show {
        Show::Catalogs { like } => {
            let mut names = access.filter_catalogs(engine.catalogs.names());
            names.sort();
            list(session, "Catalog", names, like)
        }
        Show::Schemas {
            catalog,
            like,
            place,
        } => {
            let catalog = catalog.or_else(|| session.catalog.clone()).ok_or_else(|| {
                Failure::new(
                    ErrorCode::MissingCatalogName,
                    "Catalog must be specified when session catalog is not set",
                )
                .at(place)
            })?;
            if !engine.catalogs.names().contains(&catalog) {
                return Err(catalog_not_found(&catalog).at(place));
            }
            access
                .control()
                .check_can_show_schemas(access.identity(), &catalog)?;
            let names = access.filter_schemas(&catalog, engine.catalogs.schemas(&catalog).await?);
            list(session, "Schema", names, like)
        }
        Show::Tables {
            schema,
            like,
            place,
        } => {
            let (catalog, schema) = schema_of(session, schema, place)?;
            if !engine.catalogs.names().contains(&catalog) {
                return Err(catalog_not_found(&catalog).at(place));
            }
            access
                .control()
                .check_can_show_tables(access.identity(), &catalog, &schema)?;
            if !engine.catalogs.schemas(&catalog).await?.contains(&schema) {
                return Err(schema_not_found(&schema).at(place));
            }
            let names = engine
                .catalogs
                .tables(&catalog, &schema)
                .await?
                .into_iter()
                .map(|listed| listed.name)
                .filter(|name| {
                    access.lists(&townlake_core::names::TableRef::new(
                        &catalog, &schema, name,
                    ))
                })
                .collect();
            list(session, "Table", names, like)
        }
        Show::Columns { table, like, place } => {
            let name = named(&table, session).map_err(|f| f.at(place))?;
            let table = engine
                .catalogs
                .table(&name, access)
                .await
                .map_err(|f| f.at(place))?;
            access
                .control()
                .check_can_show_columns(access.identity(), &name)?;
            let like = like.map(|pattern| regex_of(&pattern)).transpose()?;
            let rows = access
                .shown_columns(&name, &table)
                .into_iter()
                .filter(|column| like.as_ref().is_none_or(|like| like.is_match(&column.name)))
                .map(|column| {
                    vec![
                        some(&column.name),
                        some(&column.ty.in_messages().to_string()),
                        some(""),
                        some(column.comment.as_deref().unwrap_or("")),
                    ]
                })
                .collect();
            texts(session, &["Column", "Type", "Extra", "Comment"], rows)
        }
        Show::CreateTable { table, place } => {
            let name = named(&table, session).map_err(|f| f.at(place))?;
            let table = engine
                .catalogs
                .table(&name, access)
                .await
                .map_err(|f| f.at(place))?;
            access.control().check_can(
                access.identity(),
                townlake_core::policy::interpret::TableAction::ShowCreate,
                &name,
            )?;
            let columns: Vec<String> = access
                .shown_columns(&name, &table)
                .into_iter()
                .map(|column| {
                    format!(
                        "   {} {}",
                        quote_identifier(&column.name),
                        column.ty.in_messages()
                    )
                })
                .collect();
            let text = format!(
                "CREATE TABLE {} (\n{}\n)",
                name.to_sql(),
                columns.join(",\n")
            );
            texts(session, &["Create Table"], vec![vec![Some(text)]])
        }
        Show::Functions => Err(Failure::unsupported("SHOW FUNCTIONS")),
        Show::Session => texts(
            session,
            &["Name", "Value", "Default", "Type", "Description"],
            vec![vec![
                some("query_max_run_time"),
                some(
                    session
                        .properties
                        .get("query_max_run_time")
                        .map_or("", String::as_str),
                ),
                some(""),
                some("varchar"),
                some("Maximum run time of a query"),
            ]],
        ),
    }
}

fn schema_of(session: &Session, parts: Vec<String>, place: Place) -> Result<(String, String)> {
    let missing = |what: &str, code| {
        Failure::new(
            code,
            format!(
                "{what} must be specified when session {} is not set",
                what.to_lowercase()
            ),
        )
        .at(place)
    };
    let catalog = || {
        session
            .catalog
            .clone()
            .ok_or_else(|| missing("Catalog", ErrorCode::MissingCatalogName))
    };
    match parts.as_slice() {
        [] => Ok((
            catalog()?,
            session
                .schema
                .clone()
                .ok_or_else(|| missing("Schema", ErrorCode::MissingSchemaName))?,
        )),
        [schema] => Ok((catalog()?, schema.clone())),
        [catalog, schema, ..] => Ok((catalog.clone(), schema.clone())),
    }
}

fn schema_not_found(schema: &str) -> Failure {
    Failure::new(
        ErrorCode::SchemaNotFound,
        format!("Schema '{schema}' does not exist"),
    )
}

fn list(
    session: &Session,
    title: &str,
    names: Vec<String>,
    like: Option<Pattern>,
) -> Result<Outcome> {
    let like = like.map(|pattern| regex_of(&pattern)).transpose()?;
    let rows = names
        .into_iter()
        .filter(|name| like.as_ref().is_none_or(|like| like.is_match(name)))
        .map(|name| vec![Some(name)])
        .collect();
    texts(session, &[title], rows)
}

fn regex_of(pattern: &Pattern) -> Result<Regex> {
    let escape = pattern.escape.as_ref().and_then(|text| text.chars().next());
    let mut source = String::from("(?s)^");
    let mut characters = pattern.text.chars();
    while let Some(c) = characters.next() {
        match c {
            c if Some(c) == escape => {
                if let Some(next) = characters.next() {
                    source.push_str(&regex::escape(&next.to_string()));
                }
            }
            '%' => source.push_str(".*"),
            '_' => source.push('.'),
            c => source.push_str(&regex::escape(&c.to_string())),
        }
    }
    source.push('$');
    Regex::new(&source).map_err(|error| Failure::internal(error.to_string()))
}

/// Answers a USE.
///
/// # Errors
/// No such catalog or schema, or not for the caller.
pub async fn use_schema(
    engine: &Engine,
    session: &Session,
    access: &Access,
    catalog: Option<String>,
    schema: String,
    place: Place,
) -> Result<Outcome> {
    let named = catalog.is_some();
    let Some(catalog) = catalog.or_else(|| session.catalog.clone()) else {
        return Err(Failure::new(
            ErrorCode::MissingCatalogName,
            "Catalog must be specified when session catalog is not set",
        )
        .at(place));
    };
    if !engine.catalogs.names().contains(&catalog) {
        return Err(catalog_not_found(&catalog));
    }
    access
        .control()
        .check_can_access_catalog(access.identity(), &catalog)?;
    // A schema that the caller may not see does not exist for them.
    let schemas = access.filter_schemas(&catalog, engine.catalogs.schemas(&catalog).await?);
    if !schemas.contains(&schema) {
        return Err(Failure::new(
            ErrorCode::SchemaNotFound,
            format!("Schema does not exist: {catalog}.{schema}"),
        ));
    }
    let mut changes = Vec::new();
    if named {
        changes.push((headers::SET_CATALOG, catalog));
    }
    changes.push((headers::SET_SCHEMA, schema));
    Ok(done("USE", changes))
}

/// Answers DESCRIBE OUTPUT.
///
/// # Errors
/// None today.
pub fn output(session: &Session, bound: &Bound) -> Result<Outcome> {
    let rows = bound
        .columns
        .iter()
        .map(|(name, shown)| {
            vec![
                Some(name.clone()),
                Some(String::new()),
                Some(String::new()),
                Some(String::new()),
                Some(shown.ty.in_messages().to_string()),
            ]
        })
        .collect();
    texts(
        session,
        &["Column Name", "Catalog", "Schema", "Table", "Type"],
        rows,
    )
}

/// DESCRIBE OUTPUT of a statement without columns.
///
/// # Errors
/// None today.
pub fn output_of_none(session: &Session) -> Result<Outcome> {
    texts(
        session,
        &["Column Name", "Catalog", "Schema", "Table", "Type"],
        Vec::new(),
    )
}

/// Answers DESCRIBE INPUT. Types of parameters are not inferred.
///
/// # Errors
/// None today.
pub fn input(session: &Session, count: usize) -> Result<Outcome> {
    let rows = (0..count)
        .map(|i| vec![Some(i.to_string()), Some("unknown".to_owned())])
        .collect();
    texts(session, &["Position", "Type"], rows)
}
