//! Texts made to overflow a stack or to take for ever. `tests/wasm.test.mjs` does the same in WebAssembly.

use std::thread;
use std::time::Instant;

#[path = "hostile/follow.rs"]
mod follow;
#[path = "hostile/texts.rs"]
mod texts;

use follow::follow;
use texts::{Text, texts};

/// In seconds, for the slowest machine with the least time for the test; the slowest text takes a tenth.
const LONGEST: f64 = 90.0;

/// What WebAssembly gives.
const STACK: usize = 1 << 20;

/// They end soon on a stack as small as WebAssembly's: read, or with an error.
#[test]
fn hostile_texts_end_soon_on_a_small_stack() {
    let texts = texts();
    assert!(texts.len() > 75, "only {} texts", texts.len());
    for Text {
        name,
        text,
        is_read,
    } in texts
    {
        let start = Instant::now();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .stack_size(STACK);
        let followed = thread.spawn(move || follow(&text)).unwrap().join().unwrap();
        assert_eq!(followed, is_read, "{name}");
        let seconds = start.elapsed().as_secs_f64();
        println!("{name}: {seconds:.2} s");
        assert!(seconds < LONGEST, "{name} took {seconds} s");
    }
}
