//! wasm-bindgen's command line, as much of it as `tools/build.mjs` needs.
//!
//! The published command line is a binary fetched from outside the package registries; this one is
//! built from the same library, at the version that the Workers' own `wasm-bindgen` must match.
//! It writes the ES module form that `tools/build/` wraps into a Worker:
//! `townlake-wasm-bindgen <input.wasm> <output directory> <output name>`.

use std::error::Error;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, directory, name] = arguments.as_slice() else {
        eprintln!("usage: townlake-wasm-bindgen <input.wasm> <output directory> <output name>");
        return ExitCode::from(2);
    };
    match generate(input, directory, name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wasm-bindgen failed on `{input}`: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// Writes `<name>.js` and `<name>_bg.wasm` into `directory`.
///
/// The reset function and the abort handler are what lets a Worker start afresh after a panic.
fn generate(input: &str, directory: &str, name: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    Bindgen::new()
        .input_path(input)
        .out_name(name)
        .module(true)?
        .typescript(false)
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .generate(directory)?;
    Ok(())
}
