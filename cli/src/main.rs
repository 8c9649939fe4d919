#![doc = include_str!("../README.md")]

mod analysis;
mod compare;
mod files;
mod json;
mod lines;
mod schema;
mod statements;
mod words;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use analysis::{Context, FileReport};

/// Trees are made of many small pieces, on several threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code when a file has a problem, or two versions differ.
const PROBLEMS: u8 = 1;
/// The exit code when the command itself cannot be followed.
const USAGE: u8 = 2;

/// Town Lake's command line.
#[derive(Debug, Parser)]
#[command(name = "townlake", version, about, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    area: Area,
}

#[derive(Debug, Subcommand)]
enum Area {
    /// Work on SQL models: files with one Trino statement each.
    #[command(subcommand)]
    Sql(Command),
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what is wrong with models, where, and how to mend it.
    Check(Options),
    /// Say where each column of a model comes from, and what decides its rows.
    Lineage(Options),
    /// Say which columns of a model mean something else in its new version.
    Diff(DiffOptions),
}

#[derive(Debug, Args)]
struct Options {
    /// Files, or folders whose *.sql files are meant.
    #[arg(required = true, value_name = "FILES")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    common: CommonOptions,
}

#[derive(Debug, Args)]
struct DiffOptions {
    /// The old version: a file, or a folder.
    old: PathBuf,
    /// The new version: a file, or a folder whose files have the same names.
    new: PathBuf,
    #[command(flatten)]
    common: CommonOptions,
}

#[derive(Debug, Args)]
struct CommonOptions {
    /// The columns of tables: {"table": {"column": "type"}}, names of one to three parts.
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// What tells the rows of tables apart: {"table": [["id"], ["a", "b"]]}, names as in the schema.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// One JSON object a line for each file.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let wanted = !error.use_stderr();
            // Nobody is left to be told that nothing can be printed.
            let _ = error.print();
            return if wanted {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(USAGE)
            };
        }
    };
    let Area::Sql(command) = arguments.area;
    match run(&command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(PROBLEMS),
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::from(USAGE)
        }
    }
}

/// Whether all is well; or why the command cannot be followed.
fn run(command: &Command) -> Result<bool, String> {
    match command {
        Command::Check(options) => {
            let print = if options.common.json {
                json::check
            } else {
                words::check
            };
            reports(options, print, |report| !report.has_errors())
        }
        Command::Lineage(options) => {
            let print = if options.common.json {
                json::lineage
            } else {
                words::lineage
            };
            reports(options, print, |report| report.error.is_none())
        }
        Command::Diff(options) => {
            let context = context(&options.common, &[])?;
            let differences = compare::run(&context, &options.old, &options.new)?;
            let text: String = if options.common.json {
                differences.iter().map(json::difference).collect()
            } else {
                words::differences(&differences)
            };
            show(&text);
            Ok(differences.iter().all(|difference| difference.is_same()))
        }
    }
}

fn context(options: &CommonOptions, files: &[PathBuf]) -> Result<Context, String> {
    let mut names = match &options.schema {
        Some(path) => schema::read(path)?,
        None => schema::Names::default(),
    };
    if let Some(path) = &options.keys {
        schema::read_keys(path, &mut names)?;
    }
    Ok(Context::new(names, options.schema.is_some(), files))
}

fn reports(
    options: &Options,
    print: fn(&FileReport) -> String,
    is_well: fn(&FileReport) -> bool,
) -> Result<bool, String> {
    let files = files::find(&options.files)?;
    let context = context(&options.common, &files)?;
    let reports = files::in_parallel(&files, |file| {
        let report = analysis::file(&context, file);
        (print(&report), is_well(&report))
    });
    let well = reports.iter().filter(|(_, well)| *well).count();
    let mut text: String = reports.iter().map(|(text, _)| text.as_str()).collect();
    if !options.common.json {
        text.push_str(&words::summary(reports.len(), well));
    }
    show(&text);
    Ok(well == reports.len())
}

/// A reader that has seen enough, like `head`, is no error.
fn show(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
