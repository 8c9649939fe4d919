//! Only named, reviewed columns reach the engine.

use crate::engine::Mood;
use crate::town::Town;

#[tokio::test]
async fn stars_go_on_as_the_columns_that_the_caller_may_read() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let mut texts = String::new();
    for sql in [
        "SELECT * FROM crm.public.contacts",
        "select c.* -- all\n  from crm.public.contacts c",
        "SELECT * FROM crm.public.contacts c JOIN lake.dim.accounts USING (id)",
        "WITH x AS (SELECT * FROM crm.public.contacts) SELECT * FROM x WHERE id IN (SELECT id FROM lake.dim.accounts)",
        "EXPLAIN SELECT * FROM crm.public.contacts",
        "TABLE crm.public.contacts",
        "PREPARE p FROM SELECT * FROM crm.public.contacts WHERE id = ?",
        "EXECUTE IMMEDIATE 'SELECT *, ''é'' FROM crm.public.contacts WHERE id = ?' USING 1",
        "SELECT count(*) FROM crm.public.contacts",
        "SELECT * FROM crm.information_schema.columns",
        "SELECT * FROM (SELECT 1 AS a, 2 AS a)",
        "SELECT * FROM (VALUES 1, 2)",
        "SHOW TABLES FROM crm.public",
    ] {
        let answer = town.sql(&ana, sql).await;
        assert_eq!(answer.status, 200, "{sql}: {}", answer.text);
        let went_on = match town.engine.asked().pop() {
            Some(asked) => asked.body,
            None => answer.error().1,
        };
        texts.push_str(&format!("{sql}\n  {went_on}\n"));
    }
    insta::assert_snapshot!(texts, @r#"
    SELECT * FROM crm.public.contacts
      SELECT contacts.id, contacts.email, contacts.note FROM crm.public.contacts
    select c.* -- all
      from crm.public.contacts c
      select c.id, c.email, c.note -- all
      from crm.public.contacts c
    SELECT * FROM crm.public.contacts c JOIN lake.dim.accounts USING (id)
      SELECT id, c.email, c.note, accounts.name FROM crm.public.contacts c JOIN lake.dim.accounts USING (id)
    WITH x AS (SELECT * FROM crm.public.contacts) SELECT * FROM x WHERE id IN (SELECT id FROM lake.dim.accounts)
      WITH x AS (SELECT contacts.id, contacts.email, contacts.note FROM crm.public.contacts) SELECT x.id, x.email, x.note FROM x WHERE id IN (SELECT id FROM lake.dim.accounts)
    EXPLAIN SELECT * FROM crm.public.contacts
      EXPLAIN SELECT contacts.id, contacts.email, contacts.note FROM crm.public.contacts
    TABLE crm.public.contacts
      SELECT id, email, note FROM crm.public.contacts
    PREPARE p FROM SELECT * FROM crm.public.contacts WHERE id = ?
      PREPARE p FROM SELECT contacts.id, contacts.email, contacts.note FROM crm.public.contacts WHERE id = ?
    EXECUTE IMMEDIATE 'SELECT *, ''é'' FROM crm.public.contacts WHERE id = ?' USING 1
      EXECUTE IMMEDIATE 'SELECT contacts.id, contacts.email, contacts.note, ''é'' FROM crm.public.contacts WHERE id = ?' USING 1
    SELECT count(*) FROM crm.public.contacts
      SELECT count(*) FROM crm.public.contacts
    SELECT * FROM crm.information_schema.columns
      SELECT * FROM crm.information_schema.columns
    SELECT * FROM (SELECT 1 AS a, 2 AS a)
      SELECT * FROM (SELECT 1 AS a, 2 AS a)
    SELECT * FROM (VALUES 1, 2)
      SELECT * FROM (VALUES 1, 2)
    SHOW TABLES FROM crm.public
      SHOW TABLES FROM crm.public
    "#);
}

#[tokio::test]
async fn a_prepared_statement_goes_on_without_stars() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let prepared = [(
        "x-trino-prepared-statement",
        "one=SELECT+1,All=SELECT+*+FROM+crm.public.contacts",
    )];
    let answer = town.sql_with(&ana, "EXECUTE all", &prepared).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let asked = town.engine.asked().pop().unwrap();
    assert_eq!(asked.body, "EXECUTE all");
    assert_eq!(
        asked.headers["x-trino-prepared-statement"],
        "All=SELECT%20contacts%2Eid%2C%20contacts%2Eemail%2C%20contacts%2Enote%20FROM%20crm%2Epublic%2Econtacts"
    );
}

#[tokio::test]
async fn the_engines_errors_name_places_of_the_text_that_was_sent() {
    for (sql, place) in [
        ("SELECT *, nonsense(id) FROM crm.public.contacts", (1, 11)),
        ("SELECT nonsense(id), * FROM crm.public.contacts", (1, 8)),
        (
            "SELECT c\n .*, d.*, nonsense(id)\nFROM crm.public.contacts c, crm.public.contacts d",
            (2, 11),
        ),
        (
            "TABLE crm.public.contacts UNION SELECT 1, 'é', nonsense(1)",
            (1, 48),
        ),
        ("SELECT 'é', nonsense(1)", (1, 13)),
    ] {
        for mood in [Mood::Well, Mood::Hasty] {
            let town = Town::open().await;
            town.engine.be(mood);
            let ana = town.token("ana").await;
            let mut answer = town.sql(&ana, sql).await;
            if mood == Mood::Well {
                answer = town.page(&ana, &answer.next()).await;
            }
            let (line, column) = place;
            let message = format!("line {line}:{column}: Function 'nonsense' not registered");
            assert_eq!(answer.error().1, message, "{sql}");
            let error = &answer.json()["error"];
            let place = serde_json::json!({"lineNumber": line, "columnNumber": column});
            assert_eq!(error["errorLocation"], place, "{sql}");
            assert_eq!(error["failureInfo"]["errorLocation"], place, "{sql}");
            assert_eq!(error["failureInfo"]["message"], message, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_column_that_is_not_open_is_refused_by_name_and_place() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let mut texts = String::new();
    for sql in [
        "SELECT id,\n  phone FROM crm.public.contacts",
        "SELECT id FROM crm.public.contacts c WHERE c.\"PHONE\" LIKE '+4%'",
        "SELECT count(phone) OVER (ORDER BY id) FROM crm.public.contacts",
        "WITH unused AS (SELECT phone FROM crm.public.contacts) SELECT 1",
        "SELECT a.id FROM lake.dim.accounts a JOIN crm.public.contacts c ON a.name = c.phone",
        "SELECT emial FROM crm.public.contacts",
        "SELECT phon FROM crm.public.contacts",
        "EXECUTE IMMEDIATE 'SELECT phone FROM crm.public.contacts'",
        "SELECT * FROM crm.public.contacts, crm.information_schema.tables",
    ] {
        let (name, message) = town.sql(&ana, sql).await.error();
        texts.push_str(&format!("{sql}\n  {name}: {message}\n"));
    }
    insta::assert_snapshot!(texts, @r#"
    SELECT id,
      phone FROM crm.public.contacts
      PERMISSION_DENIED: line 2:3: Access Denied: column `phone` of `crm.public.contacts` awaits review: what nobody has reviewed yet is closed to everyone. the group `reviewers` can review it. ask for a review: http://127.0.0.1:8787/requests/new?table=crm.public.contacts
    SELECT id FROM crm.public.contacts c WHERE c."PHONE" LIKE '+4%'
      PERMISSION_DENIED: line 1:44: Access Denied: column `phone` of `crm.public.contacts` awaits review: what nobody has reviewed yet is closed to everyone. the group `reviewers` can review it. ask for a review: http://127.0.0.1:8787/requests/new?table=crm.public.contacts
    SELECT count(phone) OVER (ORDER BY id) FROM crm.public.contacts
      PERMISSION_DENIED: line 1:14: Access Denied: column `phone` of `crm.public.contacts` awaits review: what nobody has reviewed yet is closed to everyone. the group `reviewers` can review it. ask for a review: http://127.0.0.1:8787/requests/new?table=crm.public.contacts
    WITH unused AS (SELECT phone FROM crm.public.contacts) SELECT 1
      PERMISSION_DENIED: line 1:24: Access Denied: column `phone` of `crm.public.contacts` awaits review: what nobody has reviewed yet is closed to everyone. the group `reviewers` can review it. ask for a review: http://127.0.0.1:8787/requests/new?table=crm.public.contacts
    SELECT a.id FROM lake.dim.accounts a JOIN crm.public.contacts c ON a.name = c.phone
      PERMISSION_DENIED: line 1:77: Access Denied: column `phone` of `crm.public.contacts` awaits review: what nobody has reviewed yet is closed to everyone. the group `reviewers` can review it. ask for a review: http://127.0.0.1:8787/requests/new?table=crm.public.contacts
    SELECT emial FROM crm.public.contacts
      COLUMN_NOT_FOUND: line 1:8: Column 'emial' cannot be resolved: no table of the statement has a column of that name that you may know of. did you mean `email`?
    SELECT phon FROM crm.public.contacts
      COLUMN_NOT_FOUND: line 1:8: Column 'phon' cannot be resolved: no table of the statement has a column of that name that you may know of. `DESCRIBE` lists the columns that you may read
    EXECUTE IMMEDIATE 'SELECT phone FROM crm.public.contacts'
      PERMISSION_DENIED: line 1:19: Access Denied: column `phone` of `crm.public.contacts` awaits review: what nobody has reviewed yet is closed to everyone. the group `reviewers` can review it. ask for a review: http://127.0.0.1:8787/requests/new?table=crm.public.contacts
    SELECT * FROM crm.public.contacts, crm.information_schema.tables
      NOT_SUPPORTED: line 1:8: `*` cannot be expanded: the columns behind it are not known; name the columns: only named columns go to the engine, so that a column added a moment ago stays closed
    "#);
    assert!(
        town.engine.asked().is_empty(),
        "nothing of it reached the engine"
    );
}

#[tokio::test]
async fn what_cannot_be_followed_to_its_columns_is_refused() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let mistakes = "1 + 'a', ".repeat(1_001);
    let behind_mistakes = format!("SELECT {mistakes} new_column FROM crm.public.contacts");
    let mistakes_alone = format!("SELECT {mistakes} id FROM crm.public.contacts");
    for sql in [
        "SELECT phone FROM crm.public.contacts, crm.information_schema.tables",
        "SELECT 1 + 'a', new_column FROM crm.public.contacts",
        // Behind so many mistakes none is told any more, and no one may take that for none.
        &behind_mistakes,
        &mistakes_alone,
    ] {
        let (name, message) = town.sql(&ana, sql).await.error();
        assert!(
            ["NOT_SUPPORTED", "COLUMN_NOT_FOUND", "PERMISSION_DENIED"].contains(&name.as_str()),
            "{sql}: {name} {message}"
        );
    }
    assert!(
        town.engine.asked().is_empty(),
        "nothing of it reached the engine"
    );
}

#[tokio::test]
async fn the_audit_has_the_columns_and_which_were_masked() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    town.sql(&ana, "SELECT * FROM crm.public.contacts WHERE id = 1")
        .await;
    let audit = town.audit().await;
    let started = audit
        .iter()
        .find(|event| event["kind"] == "query_started")
        .unwrap();
    let columns: Vec<(&str, bool)> = started["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| {
            (
                column["column"].as_str().unwrap(),
                column["masked"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(columns, [("email", true), ("id", false), ("note", false)]);
    assert_eq!(
        started["statement"], "SELECT * FROM crm.public.contacts WHERE id = 1",
        "the audit has what the person wrote"
    );
}
