//! Which files are meant, and work on many of them at once.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{fs, thread};

/// A statement may be nested as deep as the limits of `townlake-sql` allow; unoptimised code needs more for it.
const STACK: usize = 16 << 20;

/// The files, and the `*.sql` files in folders, in order.
///
/// # Errors
/// One of them does not exist or cannot be read.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in paths {
        let kind = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if kind.is_dir() {
            walk(path, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    if found.is_empty() {
        return Err("there is no *.sql file in what was named".to_owned());
    }
    Ok(found)
}

/// The words for a file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("`{}` cannot be read: {error}", path.display())
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        // A link to a folder could lead back up.
        let is_folder = path.is_dir() && !path.is_symlink();
        if is_folder && !hidden {
            walk(&path, found)?;
        } else if path.is_file()
            && path
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
        {
            found.push(path);
        }
    }
    Ok(())
}

/// Does the same with each of many things, as many at once as there are processors; the results are in order.
pub(crate) fn in_parallel<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(things.len().max(1));
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(things.len()));
    let take = || {
        while let Some((position, thing)) = take_next(&next, things) {
            let result = work(thing);
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((position, result));
        }
    };
    thread::scope(|scope| {
        let mut started = 0;
        for _ in 0..threads {
            let thread = thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, take);
            started += usize::from(thread.is_ok());
        }
        if started == 0 {
            take();
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(position, _)| *position);
    done.into_iter().map(|(_, result)| result).collect()
}

fn take_next<'t, T>(next: &AtomicUsize, things: &'t [T]) -> Option<(usize, &'t T)> {
    let position = next.fetch_add(1, Ordering::Relaxed);
    Some((position, things.get(position)?))
}
