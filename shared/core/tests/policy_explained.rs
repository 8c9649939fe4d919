//! One small company: what its people are told, and the document that its engine gets.

#![expect(clippy::unwrap_used, reason = "tests")]

use townlake_core::names::{TableRef, UserName};
use townlake_core::policy::evaluate::{Asker, ColumnAccess, access};
use townlake_core::policy::explain::{Viewer, explain, refusal, who_can_see, write_refusal};
use townlake_core::policy::fingerprint::fingerprint;
use townlake_core::policy::ids::PiiSessionId;
use townlake_core::policy::model::{Model, Privilege};
use townlake_core::policy::render::{next_change_at, render_valid, valid_until};
use townlake_core::time::Timestamp;

fn model() -> Model {
    serde_json::from_str(include_str!("data/policy/model.json")).unwrap()
}

fn now() -> Timestamp {
    "2026-01-01T10:00:00Z".parse().unwrap()
}

fn table(name: &str) -> TableRef {
    name.parse().unwrap()
}

fn user(name: &str) -> UserName {
    format!("{name}@corp.example").parse().unwrap()
}

#[test]
fn a_refusal_says_what_is_missing_and_whom_to_ask() {
    let model = model();
    for (who, name, columns, code, hint) in [
        ("ana", "lake.dim.accounts", vec!["id", "email"], None, ""),
        (
            "ana",
            "lake.dim.nope",
            vec![],
            Some("table_not_found"),
            "catalog",
        ),
        // Denied and dropped look the same as unknown.
        (
            "ana",
            "pg.public.salaries",
            vec!["amount"],
            Some("table_not_found"),
            "catalog",
        ),
        (
            "ana",
            "pg.public.gone",
            vec![],
            Some("table_not_found"),
            "catalog",
        ),
        (
            "ana",
            "lake.raw.events",
            vec!["payload"],
            Some("table_awaits_review"),
            "`reviewers`",
        ),
        (
            "ana",
            "lake.dim.accounts",
            vec!["notes"],
            Some("column_awaits_review"),
            "`reviewers`",
        ),
        (
            "ana",
            "lake.dim.accounts",
            vec!["owner"],
            Some("column_awaits_review"),
            "`reviewers`",
        ),
        (
            "ana",
            "lake.dim.accounts",
            vec!["ghost"],
            Some("column_not_found"),
            "DESCRIBE",
        ),
        (
            "ana",
            "lake.dim.accounts",
            vec!["old_phone"],
            Some("column_not_found"),
            "DESCRIBE",
        ),
        // `engineers` has fewer members than `analysts`.
        (
            "rui",
            "lake.dim.accounts",
            vec!["email"],
            Some("column_not_granted"),
            "`engineers`",
        ),
        (
            "ana",
            "lake.dim.countries",
            vec!["code"],
            Some("table_not_granted"),
            "`engineers`",
        ),
        // An expired grant gives nothing.
        (
            "eva",
            "lake.dim.countries",
            vec![],
            Some("table_not_granted"),
            "`engineers`",
        ),
        (
            "zed",
            "lake.dim.accounts",
            vec![],
            Some("table_not_granted"),
            "`engineers`",
        ),
        (
            "zed",
            "lake.information_schema.tables",
            vec!["table_name"],
            None,
            "",
        ),
    ] {
        let user = user(who);
        let refusal = refusal(&model, Asker::plain(&user), &table(name), &columns, now());
        let advice = refusal.map(|refusal| refusal.to_advice("https://lake.corp.example/"));
        assert_eq!(
            advice.as_ref().map(|advice| advice.code.as_str()),
            code,
            "{who} {name} {columns:?}"
        );
        if let Some(advice) = advice {
            assert!(
                advice.hint.as_ref().unwrap().contains(hint),
                "{who} {name}: {advice:?}"
            );
        }
    }
}

#[test]
fn a_refusal_reads_well() {
    let model = model();
    let ana = user("ana");
    let wanted = table("lake.dim.countries");
    let advice = refusal(&model, Asker::plain(&ana), &wanted, &["code"], now())
        .unwrap()
        .to_advice("https://lake.corp.example");
    insta::assert_snapshot!(advice.to_message(), @"you cannot read table `lake.dim.countries`: no grant gives it to you or to a group of yours. ask to join the group `engineers`, the smallest one whose members read it. ask for access: https://lake.corp.example/requests/new?table=lake.dim.countries");
}

#[test]
fn writing_needs_the_whole_table() {
    let model = model();
    let bo = user("bo");
    let refused = |name: &str, privilege| {
        write_refusal(&model, Asker::plain(&bo), &table(name), privilege, now())
            .map(|refusal| serde_json::to_value(refusal).unwrap())
    };
    assert_eq!(refused("lake.dim.countries", Privilege::Insert), None);
    assert_eq!(
        refused("lake.dim.countries", Privilege::Update).unwrap()["held_back"],
        false
    );
    // Masked and unreviewed columns are held back from him.
    assert_eq!(
        refused("lake.dim.accounts", Privilege::Insert).unwrap()["held_back"],
        true
    );
    assert_eq!(
        refused("pg.public.salaries", Privilege::Insert).unwrap()["refusal"],
        "unknown_table"
    );
}

#[test]
fn grants_with_other_rows_and_columns_do_not_mix() {
    let model = model();
    let ana = user("ana");
    let found = access(
        &model,
        Asker::plain(&ana),
        &table("lake.dim.accounts"),
        now(),
    );
    // All rows by one grant, their other columns by another in Portugal only.
    assert_eq!(found.row_filter, None);
    let email = found.column("email").unwrap();
    assert_eq!(email.only_where.as_deref(), Some("(country = 'PT')"));
    assert!(
        email
            .mask
            .as_ref()
            .unwrap()
            .starts_with("CAST(CASE WHEN (country = 'PT') THEN CASE WHEN")
    );
    assert_eq!(found.column("id").unwrap().mask, None);
}

#[test]
fn everyone_who_sees_a_column_is_found() {
    let model = model();
    let viewers = |column| -> Vec<String> {
        let name = |viewer: Viewer| match (viewer.session, viewer.access) {
            (Some(session), Some(ColumnAccess::Unmasked { .. })) => {
                format!("{} unmasked by {session}", viewer.user)
            }
            (_, Some(ColumnAccess::Masked { class })) => {
                format!("{} masked {class:?}", viewer.user)
            }
            _ => viewer.user.to_string(),
        };
        who_can_see(&model, &table("lake.dim.accounts"), column, now())
            .into_iter()
            .map(name)
            .collect()
    };
    assert_eq!(
        viewers(Some("email")),
        [
            "ana@corp.example masked Email",
            "bo@corp.example masked Email",
            "eva@corp.example masked Email",
            "svc-skimmer",
            "ana@corp.example unmasked by pii_1",
        ]
    );
    assert_eq!(viewers(Some("notes")), ["svc-skimmer"]);
    assert_eq!(viewers(None).len(), 6);
}

#[test]
fn an_explanation_names_grants_and_liftable_masks_but_no_unreviewed_column() {
    let model = model();
    let ana = user("ana");
    let session = PiiSessionId::from("pii_1");
    let accounts = table("lake.dim.accounts");
    let plain = explain(&model, Asker::plain(&ana), &accounts, None, now());
    let names: Vec<&str> = plain
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["id", "email", "country"]);
    assert_eq!(plain.awaiting_review, 2);
    assert_eq!(plain.liftable.len(), 1);
    let grants: Vec<&str> = plain.grants.iter().map(|grant| grant.id.as_str()).collect();
    assert_eq!(grants, ["grt_analysts", "grt_counts"]);
    let asker = Asker {
        user: &ana,
        session: Some(&session),
    };
    let under = explain(&model, asker, &accounts, Some("email"), now());
    assert_eq!(under.session.as_ref(), Some(&session));
    assert!(under.liftable.is_empty());
    let asked = explain(&model, Asker::plain(&ana), &accounts, Some("notes"), now());
    assert!(asked.refusal.is_some());
}

#[test]
fn a_fingerprint_tells_what_someone_sees() {
    let model = model();
    let of = |model: &Model, who: &str, session: Option<&PiiSessionId>, name: &str, now| {
        let user = user(who);
        fingerprint(
            [&access(
                model,
                Asker {
                    user: &user,
                    session,
                },
                &table(name),
                now,
            )],
            &user,
        )
    };
    let session = PiiSessionId::from("pii_1");
    let accounts = "lake.dim.accounts";
    let ana = of(&model, "ana", None, accounts, now());
    assert_eq!(ana, of(&model, "eva", None, accounts, now()));
    assert_ne!(ana, of(&model, "bo", None, accounts, now()));
    assert_ne!(ana, of(&model, "ana", Some(&session), accounts, now()));
    // The session ends: it is as if it had never been.
    assert_eq!(
        ana,
        of(
            &model,
            "ana",
            Some(&session),
            accounts,
            now().plus_seconds(600)
        )
    );
    // A filter that asks who runs it makes two people differ.
    let mut personal = model.clone();
    personal.grants[0].row_filter = Some("owner = current_user".parse().unwrap());
    assert_ne!(
        of(&personal, "ana", None, accounts, now()),
        of(&personal, "eva", None, accounts, now())
    );
}

#[test]
fn validity_ends_soon_after_the_next_expiry() {
    let model = model();
    let session_end: Timestamp = "2026-01-01T10:10:00Z".parse().unwrap();
    assert_eq!(next_change_at(&model, now()), Some(session_end));
    assert_eq!(valid_until(&model, now()), now().plus_seconds(300));
    assert_eq!(
        valid_until(&model, now().plus_seconds(500)),
        session_end.plus_seconds(15)
    );
    assert_eq!(next_change_at(&model, session_end), None);
}

#[test]
fn the_document_of_a_small_company() {
    insta::assert_json_snapshot!(render_valid(&model(), now()).unwrap());
}

#[test]
fn an_empty_model_renders_a_valid_closed_document() {
    let document = render_valid(&Model::default(), now()).unwrap();
    assert!(document.trino.missing_section().is_none());
    assert!(document.groups.is_empty());
    let control = townlake_core::policy::interpret::AccessControl::new(&document).unwrap();
    let ana = control
        .identity(
            "gateway",
            Some("ana@corp.example"),
            Some("ana@corp.example"),
        )
        .unwrap();
    assert!(!control.can_access_catalog(&ana, "lake"));
    assert!(control.filter_catalogs(&ana, &["lake", "pg"]).is_empty());
}
