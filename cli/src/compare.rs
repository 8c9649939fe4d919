//! Two versions of models side by side: two files, or two folders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use townlake_sql::diff::{Diff, diff};

use crate::analysis::{self, Context, Problem};
use crate::files;

/// What became of a model.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// The file, or its path within both folders.
    pub(crate) name: String,
    /// Which sides have it.
    pub(crate) sides: (bool, bool),
    /// What is different, if both can be read.
    pub(crate) diff: Option<Diff>,
    /// Why one cannot, with the text of that file.
    pub(crate) error: Option<(String, Box<Problem>)>,
}

impl Difference {
    /// Whether nothing is different.
    pub(crate) fn is_same(&self) -> bool {
        self.diff.as_ref().is_some_and(Diff::is_empty)
    }

    /// What became of it in one word.
    pub(crate) fn status(&self) -> &'static str {
        match (self.sides, &self.diff) {
            ((false, _), _) => "added",
            ((_, false), _) => "removed",
            (_, None) => "unreadable",
            (_, Some(diff)) if diff.is_empty() => "same",
            (_, Some(diff)) if diff.changes_meaning() => "changed",
            (_, Some(_)) => "moved",
        }
    }
}

/// Compares two files, or the files of two folders by their names.
///
/// # Errors
/// One of them does not exist, or a file is to be compared with a folder.
pub(crate) fn run(context: &Context, old: &Path, new: &Path) -> Result<Vec<Difference>, String> {
    let pairs = match (old.is_dir(), new.is_dir()) {
        (true, true) => in_folders(old, new)?,
        (false, false) => {
            files::find(&[old.to_owned(), new.to_owned()])?;
            vec![(
                new.display().to_string(),
                Some(old.to_owned()),
                Some(new.to_owned()),
            )]
        }
        _ => {
            return Err(format!(
                "`{}` and `{}` must both be files or both be folders",
                old.display(),
                new.display()
            ));
        }
    };
    Ok(files::in_parallel(&pairs, |(name, old, new)| {
        let mut difference = Difference {
            name: name.clone(),
            sides: (old.is_some(), new.is_some()),
            ..Difference::default()
        };
        if let (Some(old), Some(new)) = (old, new) {
            match both(context, old, new) {
                Ok(diff) => difference.diff = Some(diff),
                Err(error) => difference.error = Some(error),
            }
        }
        difference
    }))
}

fn both(context: &Context, old: &Path, new: &Path) -> Result<Diff, (String, Box<Problem>)> {
    let model = |file: &Path| {
        analysis::model(context, file).map_err(|problem| (file.display().to_string(), problem))
    };
    Ok(diff(&model(old)?, &model(new)?))
}

type Pair = (String, Option<PathBuf>, Option<PathBuf>);

fn in_folders(old: &Path, new: &Path) -> Result<Vec<Pair>, String> {
    let names = |folder: &Path| -> Result<BTreeSet<PathBuf>, String> {
        let found = files::find(&[folder.to_owned()])?;
        let inside = found
            .iter()
            .filter_map(|file| file.strip_prefix(folder).ok());
        Ok(inside.map(Path::to_owned).collect())
    };
    let (old_names, new_names) = (names(old)?, names(new)?);
    let all: BTreeSet<&PathBuf> = old_names.union(&new_names).collect();
    Ok(all
        .into_iter()
        .map(|name| {
            (
                name.display().to_string(),
                old_names.contains(name).then(|| old.join(name)),
                new_names.contains(name).then(|| new.join(name)),
            )
        })
        .collect())
}
