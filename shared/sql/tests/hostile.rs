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

/// A quarter of what a Worker has; sqlparser's part of it grows here.
const STACK: usize = 1 << 20;

/// They end soon on a small stack: read, or with an error.
#[test]
fn hostile_texts_end_soon_on_a_small_stack() {
    let texts = texts();
    assert!(texts.len() > 75, "only {} texts", texts.len());
    for hostile in texts {
        let start = Instant::now();
        let Text { name, is_read, .. } = hostile;
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .stack_size(STACK);
        let follow = move || follow(&hostile.written_out());
        let followed = thread.spawn(follow).unwrap().join().unwrap();
        assert_eq!(followed, is_read, "{name}");
        let seconds = start.elapsed().as_secs_f64();
        println!("{name}: {seconds:.2} s");
        assert!(seconds < LONGEST, "{name} took {seconds} s");
    }
}
