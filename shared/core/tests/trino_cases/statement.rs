//! Which questions Trino asks its access control for each recorded statement, in Trino's order.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use townlake_core::policy::interpret::{AccessControl, AccessDenied, Identity, TableAction};

use crate::recording::Case;
use crate::world::{CATALOGS, PEOPLE, SCHEMAS, World, masked, passes, people, table, type_of};

/// What the interpreter's answers add up to.
#[derive(Debug)]
pub enum Outcome {
    /// Refused by access control.
    Denied(AccessDenied),
    /// An error that follows from the answers.
    Fails {
        /// Its name.
        error: &'static str,
        /// How its text ends.
        message: String,
    },
    /// Allowed, and these rows follow.
    Rows(Vec<Vec<Value>>),
    /// Allowed; the rows are not computed here.
    Allowed,
    /// Something else than access control decides: syntax, types, a missing column.
    Undecided,
}

impl From<AccessDenied> for Outcome {
    fn from(denied: AccessDenied) -> Self {
        Self::Denied(denied)
    }
}

/// Runs one statement as far as access control goes.
pub fn run(control: &AccessControl, world: &mut World, case: &Case) -> Outcome {
    let identity = control.identity(
        &case.principal,
        case.original_user.as_deref(),
        case.user.as_deref(),
    );
    let identity = match identity {
        Ok(identity) => identity,
        Err(denied) => return denied.into(),
    };
    if let Err(denied) = control.check_can_execute_query(&identity) {
        return denied.into();
    }
    match answer(
        &Session {
            control,
            identity: &identity,
        },
        world,
        &case.sql,
    ) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

struct Session<'a> {
    control: &'a AccessControl,
    identity: &'a Identity,
}

type Answer = Result<Outcome, Outcome>;

fn answer(session: &Session<'_>, world: &mut World, sql: &str) -> Answer {
    if let Some(answer) = shows(session, world, sql).or_else(|| writes(session, world, sql)) {
        return answer;
    }
    let q = |columns: &[&'static str]| session.people(world, columns);
    match sql {
        "SELECT * FROM lake.c.people ORDER BY 1" => {
            let columns = session.star(world, "lake.c.people")?;
            q(&columns)
        }
        "WITH x AS (SELECT * FROM lake.c.people) SELECT * FROM x ORDER BY id" => {
            let columns = session.star(world, "lake.c.people")?;
            q(&columns)
        }
        "SELECT p.* FROM lake.c.people p WHERE p.email = 'ana@x.example'" => {
            let columns = session.star(world, "lake.c.people")?;
            session.select(world, "lake.c.people", &columns)?;
            session.select(world, "lake.c.people", &["email"])?;
            let all = session.people_rows(world)?;
            let rows = all.map(|rows| {
                rows.into_iter()
                    .filter(|row| row["email"] == "ana@x.example")
                    .collect()
            });
            Ok(project(rows, &columns))
        }
        "TABLE lake.c.people" => q(&PEOPLE),
        "SELECT id, email FROM lake.c.people ORDER BY id" => q(&["id", "email"]),
        "SELECT secret FROM lake.c.people ORDER BY 1" => q(&["secret"]),
        "SELECT count(*) FROM lake.c.people" => {
            session.select(world, "lake.c.people", &[])?;
            let rows = session.people_rows(world)?;
            Ok(rows.map_or(Outcome::Allowed, |rows| {
                Outcome::Rows(vec![vec![json!(rows.len())]])
            }))
        }
        "EXPLAIN (TYPE VALIDATE) SELECT secret FROM lake.c.people" => {
            session.select(world, "lake.c.people", &["secret"])?;
            session.people_rows(world)?;
            Ok(Outcome::Rows(vec![vec![json!(true)]]))
        }
        "SELECT max(email), min(born) FROM lake.c.people" => {
            session.reads(world, &[("lake.c.people", &["email", "born"])])
        }
        "SELECT o.order_id, p.email FROM lake.c.orders o JOIN lake.c.people p ON p.id = o.person_id ORDER BY 1" =>
        {
            let people = session.reads(world, &[("lake.c.people", &["id", "email"])]);
            // A mask of the wrong type is found while names are resolved, before access is checked.
            if let Err(broken @ Outcome::Fails { .. }) = people {
                return Err(broken);
            }
            session.reads(
                world,
                &[
                    ("lake.c.orders", &["order_id", "person_id"]),
                    ("lake.c.people", &["id", "email"]),
                ],
            )
        }
        "SELECT id FROM lake.c.people WHERE name LIKE 'A%' ORDER BY 1" => {
            session.reads(world, &[("lake.c.people", &["id", "name"])])
        }
        "SELECT country, count(*) FROM lake.c.people GROUP BY country ORDER BY 1" => {
            session.reads(world, &[("lake.c.people", &["country"])])
        }
        "SELECT CAST(email AS bigint) FROM lake.c.people WHERE id = 1" => {
            session.reads(world, &[("lake.c.people", &["id", "email"])])?;
            // What the cast says shows which value it saw.
            let rows = session.people_rows(world)?.unwrap_or_default();
            let seen = rows
                .iter()
                .find(|row| row["id"] == 1)
                .map(|row| row["email"].clone());
            Ok(match seen {
                Some(Value::String(email)) => Outcome::Fails {
                    error: "INVALID_CAST_ARGUMENT",
                    message: format!("Cannot cast '{email}' to BIGINT"),
                },
                _ => Outcome::Allowed,
            })
        }
        "SELECT id FROM lake.c.people WHERE EXISTS (SELECT 1 FROM lake.c.closed)" => {
            session.reads(world, &[("lake.c.people", &["id"]), ("lake.c.closed", &[])])
        }
        "SELECT id FROM lake.c.people UNION SELECT a FROM lake.c.closed" => session.reads(
            world,
            &[("lake.c.people", &["id"]), ("lake.c.closed", &["a"])],
        ),
        "SELECT (SELECT max(b) FROM lake.c.closed)" => {
            session.reads(world, &[("lake.c.closed", &["b"])])
        }
        "SELECT * FROM lake.c.people WHERE id IN (SELECT person_id FROM lake.c.orders) ORDER BY id" =>
        {
            let columns = session.star(world, "lake.c.people")?;
            session.reads(
                world,
                &[
                    ("lake.c.people", &columns),
                    ("lake.c.orders", &["person_id"]),
                ],
            )
        }
        "SELECT id, row_number() OVER (ORDER BY email) FROM lake.c.people ORDER BY 1" => {
            session.reads(world, &[("lake.c.people", &["id", "email"])])
        }
        "SELECT id, t FROM lake.c.people CROSS JOIN UNNEST(tags) AS u(t) ORDER BY 1, 2" => {
            session.reads(world, &[("lake.c.people", &["id", "tags"])])
        }
        "EXECUTE IMMEDIATE 'SELECT email FROM lake.c.people WHERE id = ?' USING 1" => {
            session.reads(world, &[("lake.c.people", &["id", "email"])])
        }
        "SELECT * FROM lake.c.orders ORDER BY 1" => {
            let columns = session.star(world, "lake.c.orders")?;
            session.reads(world, &[("lake.c.orders", &columns)])
        }
        "SELECT * FROM lake.c.closed ORDER BY 1" => {
            let columns = session.star(world, "lake.c.closed")?;
            session.reads(world, &[("lake.c.closed", &columns)])
        }
        "SELECT a FROM lake.c.closed" => session.reads(world, &[("lake.c.closed", &["a"])]),
        "SELECT 1 FROM lake.c.closed" => session.reads(world, &[("lake.c.closed", &[])]),
        "SELECT * FROM lake.c.nope" => Err(does_not_exist("lake.c.nope")),
        // A column that does not exist is found before access is checked.
        "SELECT nope FROM lake.c.people" => {
            session.people_rows(world)?;
            Err(Outcome::Fails {
                error: "COLUMN_NOT_FOUND",
                message: "Column 'nope' cannot be resolved".to_owned(),
            })
        }
        "SELECT count(*) FROM lake.c.\"people$snapshots\"" => {
            session.control.check_can_select(
                session.identity,
                &table("lake.c.people$snapshots"),
                &[],
            )?;
            Ok(Outcome::Allowed)
        }
        "SELECT count(*) FROM lake.c.\"people$files\"" => {
            session.control.check_can_select(
                session.identity,
                &table("lake.c.people$files"),
                &[],
            )?;
            Ok(Outcome::Allowed)
        }
        "SELECT * FROM lake.c.v_people ORDER BY 1" => {
            let columns = session.star(world, "lake.c.v_people")?;
            session.reads(world, &[("lake.c.v_people", &columns)])?;
            // The view reads as its owner.
            let owner = session.control.identity_of("admin@corp.com");
            let columns = ["id", "email", "country"];
            session.control.check_can_create_view_with_select(
                &owner,
                &table("lake.c.people"),
                &columns,
            )?;
            Ok(Outcome::Allowed)
        }
        "SELECT * FROM lake.c.v_inv ORDER BY 1" => {
            // The view's own query is analysed as soon as the view is found.
            let columns = session.star(world, "lake.c.v_inv");
            if let Err(Outcome::Fails {
                error: "TYPE_MISMATCH",
                ..
            }) = session.people_rows(world)
            {
                return Err(Outcome::Undecided);
            }
            session.reads(
                world,
                &[
                    ("lake.c.v_inv", &columns?),
                    ("lake.c.people", &["id", "email", "country"]),
                ],
            )
        }
        "SELECT current_user" => Ok(Outcome::Rows(vec![vec![json!(session.identity.user)]])),
        "SELECT abs(-1)" => Ok(Outcome::Rows(vec![vec![json!(1)]])),
        "SELECT node_id FROM system.runtime.nodes" => {
            session.control.check_can_select(
                session.identity,
                &table("system.runtime.nodes"),
                &["node_id"],
            )?;
            Ok(Outcome::Allowed)
        }
        "SELECT * FROM TABLE(lake.system.table_changes('c', 'people', 1, 2))" => {
            session.control.check_can_execute_function(
                session.identity,
                &table("lake.system.table_changes"),
            )?;
            Ok(Outcome::Allowed)
        }
        "SET SESSION query_max_run_time = '1m'" => {
            session
                .control
                .check_can_set_system_session_property(session.identity, "query_max_run_time")?;
            Ok(Outcome::Allowed)
        }
        "KILL" => Err(Outcome::Undecided),
        other => panic!("an unknown statement: {other}"),
    }
}

/// Statements that show what there is.
fn shows(session: &Session<'_>, world: &World, sql: &str) -> Option<Answer> {
    let Session { control, identity } = session;
    let lists = |names: Vec<String>| {
        Ok(Outcome::Rows(
            names.into_iter().map(|name| vec![json!(name)]).collect(),
        ))
    };
    let names = |tables: &[&townlake_core::names::TableRef]| -> Vec<String> {
        control
            .filter_tables(identity, tables)
            .iter()
            .map(|table| table.table.clone())
            .collect()
    };
    let describe = |name: &str| -> Answer {
        let Some(columns) = world.columns(name) else {
            return Err(does_not_exist(name));
        };
        control.check_can_show_columns(identity, &table(name))?;
        let listed = control.filter_columns(identity, &table(name), columns);
        let described =
            |column: &&str| vec![json!(column), json!(type_of(column)), json!(""), json!("")];
        Ok(Outcome::Rows(listed.iter().map(described).collect()))
    };
    Some(match sql {
        "SHOW CATALOGS" => lists(
            control
                .filter_catalogs(identity, &CATALOGS)
                .into_iter()
                .map(str::to_owned)
                .collect(),
        ),
        "SHOW SCHEMAS FROM lake" => match control.check_can_show_schemas(identity, "lake") {
            Err(denied) => Err(denied.into()),
            Ok(()) => lists(
                control
                    .filter_schemas(identity, "lake", &SCHEMAS)
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            ),
        },
        "SHOW TABLES FROM lake.c" => match control.check_can_show_tables(identity, "lake", "c") {
            Err(denied) => Err(denied.into()),
            Ok(()) => lists(names(&world.of_schema_c())),
        },
        "SELECT table_name FROM lake.information_schema.tables WHERE table_schema = 'c' ORDER BY 1" =>
        {
            let tables = table("lake.information_schema.tables");
            match control.check_can_select(identity, &tables, &["table_name", "table_schema"]) {
                Err(denied) => Err(denied.into()),
                Ok(()) => {
                    let running = identity.while_running();
                    let tables = control.filter_tables(&running, &world.of_schema_c());
                    lists(tables.iter().map(|table| table.table.clone()).collect())
                }
            }
        }
        "SELECT table_name, column_name FROM lake.information_schema.columns WHERE table_schema = 'c' ORDER BY 1, ordinal_position" =>
        {
            let running = identity.while_running();
            let tables = control.filter_tables(&running, &world.of_schema_c());
            let rows = tables.into_iter().flat_map(|table| {
                let columns = control.filter_columns(&running, table, world.columns_of(table));
                columns
                    .into_iter()
                    .map(|column| vec![json!(table.table), json!(column)])
            });
            Ok(Outcome::Rows(rows.collect()))
        }
        "DESCRIBE lake.c.people" => describe("lake.c.people"),
        "SHOW COLUMNS FROM lake.c.closed" => describe("lake.c.closed"),
        "SHOW CREATE TABLE lake.c.people" => session.can(TableAction::ShowCreate, "lake.c.people"),
        "SHOW CREATE VIEW lake.c.v_people" => {
            session.can(TableAction::ShowCreate, "lake.c.v_people")
        }
        "SHOW STATS FOR lake.c.orders" => session
            .star(world, "lake.c.orders")
            .and_then(|columns| session.reads(world, &[("lake.c.orders", &columns)])),
        _ => return None,
    })
}

/// Statements that change something.
fn writes(session: &Session<'_>, world: &mut World, sql: &str) -> Option<Answer> {
    let Session { control, identity } = session;
    let people = "lake.c.people";
    let masked = |name: &str| {
        let columns = world.columns(name).unwrap_or_default();
        !control
            .column_masks(identity, &table(name), columns)
            .is_empty()
    };
    let unsupported = |message: &str| {
        Err(Outcome::Fails {
            error: "NOT_SUPPORTED",
            message: message.to_owned(),
        })
    };
    let answer = match sql {
        "CREATE TABLE lake.c.mine(a bigint)" => {
            session.can(TableAction::CreateTable, "lake.c.mine")
        }
        "CREATE TABLE memory.own.mine AS SELECT 1 a" => {
            session.can(TableAction::CreateTable, "memory.own.mine")
        }
        "CREATE SCHEMA lake.mine" => {
            allowed(control.check_can_create_schema(identity, "lake", "mine"))
        }
        "DROP TABLE lake.c.closed" => match world.columns("lake.c.closed") {
            None => Err(does_not_exist("lake.c.closed")),
            Some(_) => session
                .can(TableAction::DropTable, "lake.c.closed")
                .inspect(|_| world.drop("lake.c.closed")),
        },
        "GRANT SELECT ON lake.c.people TO USER leo" => {
            allowed(control.check_can_pass_on(identity, "grant", "SELECT", &table(people)))
        }
        "ALTER TABLE lake.c.people ADD COLUMN x bigint" => {
            session.can(TableAction::AddColumn, people)
        }
        "COMMENT ON TABLE lake.c.people IS 'x'" => session.can(TableAction::CommentTable, people),
        "ALTER TABLE lake.c.orders EXECUTE optimize" => {
            if control
                .row_filter(identity, &table("lake.c.orders"))
                .is_some()
            {
                unsupported("ALTER TABLE EXECUTE is not supported for table with row filter")
            } else {
                let columns = world.columns("lake.c.orders").unwrap_or_default().to_vec();
                session.reads(world, &[("lake.c.orders", &columns)])
            }
        }
        "ANALYZE lake.c.orders" => session.can(TableAction::Analyze, "lake.c.orders"),
        "REFRESH MATERIALIZED VIEW lake.c.people" => Err(Outcome::Fails {
            error: "TABLE_NOT_FOUND",
            message: "Materialized view 'lake.c.people' does not exist".to_owned(),
        }),
        "INSERT INTO lake.c.orders VALUES (99, 1, DECIMAL '1.00', NULL)" => {
            session.can(TableAction::Insert, "lake.c.orders")
        }
        "INSERT INTO lake.c.people (id) VALUES (99)" => {
            match session.can(TableAction::Insert, people) {
                Ok(_) if masked(people) => {
                    unsupported("Insert into table with column masks is not supported")
                }
                other => other,
            }
        }
        "UPDATE lake.c.people SET country = 'XX' WHERE id = 99" => {
            match control.check_can_update(identity, &table(people), &["country"]) {
                Ok(()) if masked(people) => {
                    unsupported("Updating a table with column masks is not supported")
                }
                other => allowed(other),
            }
        }
        "DELETE FROM lake.c.people WHERE id = 99" => match session.can(TableAction::Delete, people)
        {
            Ok(_) if masked(people) => unsupported("Delete from table with column mask"),
            other => other,
        },
        "DELETE FROM lake.c.orders WHERE order_id = 99" => {
            session.can(TableAction::Delete, "lake.c.orders")
        }
        "MERGE INTO lake.c.closed t USING (SELECT 99 a) s ON t.a = s.a WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a)" => {
            session
                .existing(world, "lake.c.closed")
                .and_then(|()| session.can(TableAction::Insert, "lake.c.closed"))
        }
        "DELETE FROM lake.c.closed WHERE a = 99" => session
            .existing(world, "lake.c.closed")
            .and_then(|()| session.can(TableAction::Delete, "lake.c.closed")),
        "TRUNCATE TABLE lake.c.closed2" => Err(does_not_exist("lake.c.closed2")),
        _ => return None,
    };
    let changes_rows = ["INSERT", "UPDATE", "DELETE", "MERGE"]
        .iter()
        .any(|verb| sql.starts_with(verb));
    world.written |= changes_rows && answer.is_ok();
    Some(answer)
}

fn allowed(check: Result<(), AccessDenied>) -> Answer {
    Ok(check.map(|()| Outcome::Allowed)?)
}

fn does_not_exist(name: &str) -> Outcome {
    Outcome::Fails {
        error: "TABLE_NOT_FOUND",
        message: format!("Table '{name}' does not exist"),
    }
}

fn project(rows: Option<Vec<BTreeMap<&'static str, Value>>>, columns: &[&str]) -> Outcome {
    match rows {
        None => Outcome::Allowed,
        Some(rows) => Outcome::Rows(
            rows.iter()
                .map(|row| columns.iter().map(|column| row[column].clone()).collect())
                .collect(),
        ),
    }
}

impl Session<'_> {
    fn existing(&self, world: &World, name: &str) -> Result<(), Outcome> {
        world
            .columns(name)
            .map(|_| ())
            .ok_or_else(|| does_not_exist(name))
    }

    fn can(&self, action: TableAction, name: &str) -> Answer {
        allowed(self.control.check_can(self.identity, action, &table(name)))
    }

    /// What `*` stands for: the columns that are not hidden. None at all is as if the table were not there.
    fn star(&self, world: &World, name: &str) -> Result<Vec<&'static str>, Outcome> {
        self.existing(world, name)?;
        let columns = self.control.filter_columns(
            self.identity,
            &table(name),
            world.columns(name).unwrap_or_default(),
        );
        if columns.is_empty() {
            return Err(Outcome::Fails {
                error: "TABLE_NOT_FOUND",
                message: "Relation not found or not allowed".to_owned(),
            });
        }
        Ok(columns)
    }

    /// Checks the columns, and those that the row filter uses: it runs with the caller's rights.
    fn select(&self, world: &World, name: &str, columns: &[&str]) -> Result<(), Outcome> {
        self.existing(world, name)?;
        let name = table(name);
        self.control
            .check_can_select(self.identity, &name, columns)?;
        if let Some(filter) = self.control.row_filter(self.identity, &name) {
            assert_eq!(filter.evaluate_as, None);
            match filter.sql.as_str() {
                "country = 'PT'" => {
                    self.control
                        .check_can_select(self.identity, &name, &["country"])?
                }
                "person_id IN (SELECT id FROM lake.c.people)" => {
                    self.control
                        .check_can_select(self.identity, &name, &["person_id"])?;
                    self.control.check_can_select(
                        self.identity,
                        &table("lake.c.people"),
                        &["id"],
                    )?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn reads(&self, world: &World, wanted: &[(&str, &[&str])]) -> Answer {
        for (name, _) in wanted {
            self.existing(world, name)?;
            if *name == "lake.c.people" {
                self.people_rows(world)?;
            }
        }
        for (name, columns) in wanted {
            self.select(world, name, columns)?;
        }
        Ok(Outcome::Allowed)
    }

    fn people(&self, world: &World, columns: &[&'static str]) -> Answer {
        // A mask of the wrong type is found first.
        let rows = self.people_rows(world)?;
        self.select(world, "lake.c.people", columns)?;
        Ok(project(rows, columns))
    }

    /// The rows of `lake.c.people` behind the filter and the masks in effect; none if they were written to.
    fn people_rows(
        &self,
        world: &World,
    ) -> Result<Option<Vec<BTreeMap<&'static str, Value>>>, Outcome> {
        let name = table("lake.c.people");
        let masks = self.control.column_masks(self.identity, &name, &PEOPLE);
        let filter = self.control.row_filter(self.identity, &name);
        let mut rows = people();
        rows.retain(|row| {
            filter
                .as_ref()
                .is_none_or(|filter| passes(&filter.sql, row))
        });
        for row in &mut rows {
            for (column, mask) in &masks {
                let value = row.get_mut(column.as_str()).unwrap();
                *value = masked(&mask.sql, &self.identity.user, value).ok_or_else(|| Outcome::Fails {
                    error: "TYPE_MISMATCH",
                    message: format!(
                        "Expected column mask for 'lake.c.people.{column}' to be of type bigint, but was varchar(1)"
                    ),
                })?;
            }
        }
        Ok((!world.written).then_some(rows))
    }
}
