//! The same arguments give the same bytes, and a run that finds a complete demo changes nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use townlake_engine::demo::{DemoError, run};

use crate::fixture::{AS_OF, arguments};

/// Every data file below the folder, with the digest of its bytes.
fn data(home: &Path) -> BTreeMap<String, String> {
    files(home)
        .into_iter()
        .filter(|path| path.ends_with(".parquet") || path.ends_with(".sql"))
        .map(|path| {
            let digest = Sha256::digest(std::fs::read(home.join(&path)).unwrap());
            (path, hex::encode(digest))
        })
        .collect()
}

fn files(home: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![home.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(home).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

fn changed(home: &Path) -> SystemTime {
    let marker = std::fs::metadata(home.join("demo.json")).unwrap();
    marker.modified().unwrap()
}

#[tokio::test]
async fn the_same_arguments_give_the_same_bytes() {
    let (a, b, c) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    for (folder, seed) in [(&a, 7), (&b, 7), (&c, 8)] {
        run(arguments(folder.path(), 0.1, seed, AS_OF))
            .await
            .unwrap();
    }
    let first = data(a.path());
    assert!(first.len() >= 14, "{first:?}");
    assert_eq!(first, data(b.path()));
    let digests = |home: &Path| data(home).into_values().collect::<Vec<_>>();
    assert_ne!(digests(a.path()), digests(c.path()));
}

#[tokio::test]
async fn a_complete_demo_is_left_alone_and_half_of_one_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    run(arguments(home, 0.1, 1, AS_OF)).await.unwrap();
    let (complete, written) = (data(home), changed(home));
    let listed = files(home);

    run(arguments(home, 0.1, 1, "2026-11-22T08:00:00Z"))
        .await
        .unwrap();
    assert_eq!(changed(home), written);
    assert_eq!(data(home), complete);

    // As an interrupted run leaves it: no mark, a table missing, files that nothing refers to.
    std::fs::remove_file(home.join("demo.json")).unwrap();
    let orphan = format!("usage-{}", "0".repeat(32));
    let orphan = home.join("warehouse/billing").join(orphan).join("data");
    std::fs::create_dir_all(&orphan).unwrap();
    std::fs::write(orphan.join("left.parquet"), "half").unwrap();
    std::fs::remove_dir_all(home.join("files")).unwrap();
    let bystander = home.join("warehouse/billing/usage-mine.txt");
    std::fs::write(&bystander, "not the demo's").unwrap();
    run(arguments(home, 0.1, 1, AS_OF)).await.unwrap();
    assert_eq!(data(home), complete);
    assert!(bystander.exists());
    std::fs::remove_file(bystander).unwrap();
    // The catalog's own write-ahead files come and go; metadata files have random names.
    let count = |names: &[String]| names.iter().filter(|n| !n.contains("lake.db")).count();
    assert_eq!(count(&files(home)), count(&listed));

    run(arguments(home, 0.1, 2, AS_OF)).await.unwrap();
    assert_ne!(data(home), complete);
}

#[tokio::test]
async fn bad_arguments_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for scale in [0.0, -1.0, 1e9, f64::NAN, f64::INFINITY] {
        let error = run(arguments(folder.path(), scale, 1, AS_OF)).await;
        assert!(matches!(error, Err(DemoError::Scale { .. })), "{scale}");
    }
    let mut missing = arguments(folder.path(), 0.1, 1, AS_OF);
    missing.postgres_url_file = Some("/nowhere/url".into());
    let error = run(missing).await.unwrap_err().to_string();
    assert!(error.contains("`/nowhere/url`"), "{error}");
    assert!(files(folder.path()).is_empty());

    let mut unreachable = arguments(folder.path(), 0.1, 1, AS_OF);
    let url = folder.path().join("url");
    std::fs::write(&url, "postgres://crm:hunter2@127.0.0.1:1/crm\n").unwrap();
    unreachable.postgres_url_file = Some(url);
    let error = run(unreachable).await.unwrap_err().to_string();
    assert!(
        error.starts_with("postgres: ") && !error.contains("hunter2"),
        "{error}"
    );
    assert!(!folder.path().join("demo.json").exists());
}
