//! The engine's program.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use townlake_engine::config::Config;
use townlake_engine::demo::{self, DemoArguments};
use townlake_engine::start;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Town Lake's embedded query engine.
#[derive(Parser)]
#[command(name = "townlake-engine", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers queries over Trino's protocol until it is stopped.
    Serve {
        /// The configuration, a JSON file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Writes the demo company's data.
    Demo(DemoArguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,datafusion=warn")),
        )
        .init();
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Serve { config } => match Config::read(&config) {
            Ok(config) => start::serve(config)
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        },
        Command::Demo(arguments) => demo::run(arguments)
            .await
            .map_err(|error| error.to_string()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the reason why the program ends")]
            {
                eprintln!("townlake-engine: {error}");
            }
            ExitCode::FAILURE
        }
    }
}
