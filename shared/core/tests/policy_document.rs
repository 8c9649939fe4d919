//! How the document is read, and what its rarer rules mean. The commoner ones are held against a real Trino in
//! `trino_cases`.

#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};
use townlake_core::names::TableRef;
use townlake_core::policy::document::{Document, DocumentError, Groups, Rules};
use townlake_core::policy::interpret::{AccessControl, TableAction};
use townlake_core::policy::render::validate;

fn rules(sections: &Value) -> Result<Rules, serde_json::Error> {
    serde_json::from_value(sections.clone())
}

fn control(sections: Value) -> AccessControl {
    let groups: Groups = serde_json::from_value(json!({"finance": ["ana"]})).unwrap();
    AccessControl::with_open_sections(&rules(&sections).unwrap(), &groups).unwrap()
}

fn table(name: &str) -> TableRef {
    name.parse().unwrap()
}

#[test]
fn what_trino_would_refuse_to_load_is_refused() {
    for (sections, compiles) in [
        (json!({}), true),
        (json!({"tables": null}), true),
        (json!({"comment": "hello"}), false),
        (
            json!({"tables": [{"privileges": [], "comment": "x"}]}),
            false,
        ),
        (json!({"tables": [{"table": "a"}]}), false),
        (json!({"tables": [{"privileges": ["select"]}]}), true),
        (json!({"tables": [{"privileges": ["READ"]}]}), false),
        (
            json!({"tables": [{"privileges": ["SELECT"], "table": "("}]}),
            false,
        ),
        (
            json!({"tables": [{"privileges": [], "columns": [{"name": "a"}, {"name": "a"}]}]}),
            false,
        ),
        (
            json!({"tables": [{"privileges": [], "filter_environment": {"user": "x", "role": "y"}}]}),
            false,
        ),
        (json!({"catalogs": [{"allow": true}]}), true),
        (json!({"catalogs": [{"allow": "Read-Only"}]}), true),
        (json!({"catalogs": [{"catalog": "a"}]}), false),
        (json!({"catalogs": [{"allow": "write"}]}), false),
        (
            json!({"principals": [{"principal": "a", "allow": true}]}),
            false,
        ),
        (
            json!({"principals": [{"principal": "a", "principal_to_user": "$1", "allow": true}]}),
            false,
        ),
        (
            json!({"principals": [{"principal": "(a)", "principal_to_user": "$1", "allow": true}]}),
            true,
        ),
        (json!({"impersonation": [{"original_user": "a"}]}), false),
        (
            json!({"impersonation": [{"originalUser": "a", "newUser": "b"}]}),
            true,
        ),
        (json!({"authorization": [{"original_user": "a"}]}), false),
        (
            json!({"authorization": [{"originalGroup": "a", "newRole": "b"}]}),
            true,
        ),
        (
            json!({"queries": [{"queryOwner": "a", "allow": ["view"]}]}),
            true,
        ),
        (
            json!({"queries": [{"queryOwner": "a", "allow": ["execute"]}]}),
            false,
        ),
        (
            json!({"queries": [{"query_owner": "a", "allow": ["view"]}]}),
            false,
        ),
        (
            json!({"functions": [{"privileges": [], "function_kinds": []}]}),
            true,
        ),
        (
            json!({"functions": [{"privileges": [], "functionKinds": ["SCALAR"]}]}),
            false,
        ),
        (
            json!({"system_information": [{"group": "a", "allow": ["read"]}]}),
            false,
        ),
        (json!({"session_properties": []}), false),
        (json!({"roles": []}), false),
    ] {
        let loads = rules(&sections)
            .map_err(|error| DocumentError::Json(error.to_string()))
            .and_then(|rules| AccessControl::with_open_sections(&rules, &Groups::new()))
            .is_ok();
        assert_eq!(loads, compiles, "{sections}");
    }
}

#[test]
fn an_error_says_where_and_what() {
    let sections = json!({"tables": [{"privileges": []}, {"privileges": [], "schema": "a*+"}]});
    let error =
        AccessControl::with_open_sections(&rules(&sections).unwrap(), &Groups::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tables[1].schema: `a*+` has `+` after another quantifier, which engines read differently"
    );
}

#[test]
fn a_server_enforces_only_a_complete_document() {
    let meta = json!({"version": 1, "rendered_at": "2026-01-01T00:00:00Z", "valid_until": "2026-01-01T00:05:00Z"});
    let closed = serde_json::to_value(Rules::closed()).unwrap();
    assert_eq!(closed.as_object().unwrap().len(), 12);
    let document =
        |trino: &Value| Document::from_json(&json!({"meta": meta, "trino": trino}).to_string());
    assert!(AccessControl::new(&document(&closed).unwrap()).is_ok());
    for section in closed.as_object().unwrap().keys() {
        let mut without = closed.clone();
        without.as_object_mut().unwrap().remove(section);
        let mut null = closed.clone();
        null[section] = Value::Null;
        for partial in [without, null] {
            let error = AccessControl::new(&document(&partial).unwrap()).unwrap_err();
            assert!(
                matches!(&error, DocumentError::MissingSection(missing) if missing == section),
                "{error}"
            );
        }
    }
    assert!(Document::from_json(&json!({"meta": meta}).to_string()).is_err());
    assert!(Document::from_json("{}").is_err());
    assert!(Document::from_json("not json").is_err());
}

#[test]
fn a_synthetic_group_is_what_its_name_says() {
    let mut document: Document = serde_json::from_value(json!({
        "meta": {"version": 1, "rendered_at": "2026-01-01T00:00:00Z", "valid_until": "2026-01-01T00:05:00Z"},
        "groups": {"c.00": ["ana"]},
        "trino": Rules::closed(),
    }))
    .unwrap();
    assert!(validate(&document).is_err());
    document.groups.clear();
    assert!(validate(&document).is_ok());
    document.trino.tables =
        serde_json::from_value(json!([{"group": "c[.]00", "privileges": ["SELECT"]}])).unwrap();
    assert!(validate(&document).is_err());
}

#[test]
fn who_may_log_in_and_act_as_whom() {
    for (sections, principal, original_user, user, allowed) in [
        // Neither section: everyone is themselves only.
        (json!({}), "ana", None, None, true),
        (json!({}), "ana", None, Some("bo"), false),
        // `allow` is false if it is left out.
        (
            json!({"principals": [{"principal": "ana", "user": "ana"}]}),
            "ana",
            None,
            None,
            false,
        ),
        (
            json!({"principals": [{"principal": "ana", "user": "ana", "allow": true}]}),
            "ana",
            None,
            None,
            true,
        ),
        // Rules for principals without rules for impersonation let anyone become anyone they may log in as.
        (
            json!({"principals": [{"principal": ".*", "user": ".*", "allow": true}]}),
            "ana",
            None,
            Some("bo"),
            true,
        ),
        (
            json!({"principals": [{"principal": "([^@]+)@corp", "principal_to_user": "$1", "allow": true}]}),
            "ana@corp",
            None,
            Some("ana"),
            true,
        ),
        (
            json!({"principals": [{"principal": "([^@]+)@corp", "principal_to_user": "$1", "allow": true}]}),
            "ana@corp",
            None,
            Some("bo"),
            false,
        ),
        // What was captured becomes part of the pattern.
        (
            json!({"impersonation": [{"original_user": "(.*)", "new_user": "$1_sandbox"}]}),
            "ana",
            None,
            Some("ana_sandbox"),
            true,
        ),
        (
            json!({"impersonation": [{"original_user": "(.*)", "new_user": "$1_sandbox"}]}),
            "ana",
            None,
            Some("bo_sandbox"),
            false,
        ),
        (
            json!({"impersonation": [{"original_user": "(.*)", "new_user": "$1x"}]}),
            "a|.*",
            None,
            Some("ax"),
            true,
        ),
        // A backslash is eaten.
        (
            json!({"impersonation": [{"original_user": "ana", "new_user": "ana\\.x"}]}),
            "ana",
            None,
            Some("ana-x"),
            true,
        ),
        (
            json!({"impersonation": [{"new_user": "ana\\.x"}]}),
            "ana",
            None,
            Some("ana-x"),
            false,
        ),
        // The first match decides.
        (
            json!({"impersonation": [{"original_user": "ana", "new_user": "b.*", "allow": false}, {"new_user": ".*"}]}),
            "ana",
            None,
            Some("bo"),
            false,
        ),
        // Nobody has a role.
        (
            json!({"impersonation": [{"original_role": ".*", "new_user": ".*"}]}),
            "ana",
            None,
            Some("bo"),
            false,
        ),
        // Each step of two is checked.
        (
            json!({"impersonation": [{"original_user": "gw", "new_user": "ana"}]}),
            "gw",
            Some("ana"),
            Some("bo"),
            false,
        ),
        (
            json!({"impersonation": [{"original_user": "gw", "new_user": "ana"}, {"original_user": "ana", "new_user": "bo"}]}),
            "gw",
            Some("ana"),
            Some("bo"),
            true,
        ),
    ] {
        let found = control(sections.clone()).identity(principal, original_user, user);
        assert_eq!(
            found.is_ok(),
            allowed,
            "{sections} {principal} {original_user:?} {user:?}"
        );
    }
}

#[test]
fn queries_belong_to_their_owner() {
    let control = control(json!({"queries": [
        {"user": "ana", "queryOwner": "bo", "allow": ["view"]},
        {"user": "ana", "allow": ["execute", "kill"]},
    ]}));
    let ana = control.identity_of("ana");
    let bo = control.identity_of("bo");
    assert!(control.check_can_execute_query(&ana).is_ok());
    assert!(control.check_can_view_query(&ana, "bo").is_ok());
    assert!(control.check_can_kill_query(&ana, "bo").is_err());
    assert!(control.check_can_kill_query(&ana, "cy").is_ok());
    assert_eq!(
        control
            .check_can_execute_query(&bo)
            .unwrap_err()
            .to_string(),
        "Access Denied: Cannot execute query"
    );
    assert!(control.check_can_kill_query(&bo, "bo").is_ok());
    assert_eq!(
        control
            .check_can_kill_query(&bo, "ana")
            .unwrap_err()
            .to_string(),
        "Access Denied: Cannot kill query"
    );
}

#[test]
fn functions_procedures_and_properties_are_closed_unless_opened() {
    let closed = control(
        json!({"functions": [], "procedures": [], "system_session_properties": [], "catalog_session_properties": [], "system_information": []}),
    );
    let open = control(json!({
        "functions": [{"group": "finance", "catalog": "lake", "function": "table_changes", "privileges": ["EXECUTE"]}],
        "procedures": [{"user": "ana", "catalog": "lake", "privileges": ["GRANT_EXECUTE"]}],
        "system_session_properties": [{"property": "query_.*", "allow": true}],
        "catalog_session_properties": [{"catalog": "lake", "property": "x", "allow": true}],
        "system_information": [{"user": "ana", "allow": ["read"]}],
    }));
    let function = table("lake.system.table_changes");
    for (control, allowed) in [(&closed, false), (&open, true)] {
        let ana = control.identity_of("ana");
        assert!(
            control
                .check_can_execute_function(&ana, &table("system.builtin.abs"))
                .is_ok()
        );
        assert_eq!(
            control.check_can_execute_function(&ana, &function).is_ok(),
            allowed
        );
        assert_eq!(
            control.check_can_execute_procedure(&ana, &function).is_ok(),
            allowed
        );
        assert_eq!(
            control
                .check_can_set_system_session_property(&ana, "query_max_run_time")
                .is_ok(),
            allowed
        );
        assert_eq!(
            control
                .check_can_set_catalog_session_property(&ana, "lake", "x")
                .is_ok(),
            allowed
        );
        assert_eq!(
            control.check_can_read_system_information(&ana).is_ok(),
            allowed
        );
        assert!(control.check_can_write_system_information(&ana).is_err());
        let bo = control.identity_of("bo");
        assert!(control.check_can_execute_function(&bo, &function).is_err());
    }
    // Missing is open for properties, and closed but for what is built in for functions.
    let missing = control(json!({}));
    let ana = missing.identity_of("ana");
    assert!(
        missing
            .check_can_set_system_session_property(&ana, "anything")
            .is_ok()
    );
    assert!(missing.check_can_execute_function(&ana, &function).is_err());
}

#[test]
fn masks_and_filters_say_whom_they_run_as() {
    let control = control(json!({"tables": [{
        "table": "a", "privileges": ["SELECT"],
        "columns": [
            {"name": "x", "mask": "1", "mask_environment": {"user": "svc"}},
            {"name": "y", "allow": null, "mask": "2"},
            {"name": "z", "allow": false},
        ],
        "filter": "x = 1", "filter_environment": {},
    }]}));
    let ana = control.identity_of("ana");
    let a = table("lake.c.a");
    let reading = control.check_reading(&ana, &a, &["x", "y", "w"]).unwrap();
    assert_eq!(reading.masks["x"].evaluate_as.as_deref(), Some("svc"));
    assert_eq!(reading.masks["y"].evaluate_as, None);
    assert_eq!(reading.masks.len(), 2);
    assert_eq!(reading.row_filter.unwrap().evaluate_as, None);
    assert!(control.check_reading(&ana, &a, &["x", "z"]).is_err());
    assert_eq!(
        control.filter_columns(&ana, &a, &["w", "x", "y", "z"]),
        ["w", "x", "y"]
    );
    assert!(control.check_can(&ana, TableAction::Insert, &a).is_err());
    // The schema that describes the others is never masked or filtered by rules.
    let columns = table("lake.information_schema.columns");
    assert!(
        control
            .check_reading(&ana, &columns, &["x"])
            .unwrap()
            .masks
            .is_empty()
    );
}
