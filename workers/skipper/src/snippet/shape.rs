//! Refuses texts whose tree would be too deep.
//!
//! The parser descends recursively and so does every walk over its tree, on a stack that cannot grow: ten thousand
//! brackets, or ten thousand `!`, would end the isolate with all its requests. So depth is bounded before parsing, by
//! counting what makes a tree deep: open brackets, and words and signs in one stretch without `;` or `,`.

use super::SnippetError;
use super::positions::position_at;
use super::tokens::{Kind, Tokens};

/// Brackets within brackets. Code that people read has fewer than 20.
const MAX_BRACKETS: usize = 150;
/// Words and signs in one stretch: an expression of so many parts can be a tree as deep.
const MAX_STRETCH: usize = 1_500;

/// Checks the text.
pub fn check(code: &str) -> Result<(), SnippetError> {
    let refused = |offset: usize, message: String, hint: &str| {
        SnippetError::new(message)
            .at(position_at(code, offset))
            .with_hint(hint)
    };
    if code.trim_start_matches('\u{feff}').starts_with("#!") {
        let message = "the code begins with `#!`".to_owned();
        return Err(refused(0, message, "leave that line out"));
    }
    let too_deep = |offset: usize, what: String| {
        refused(
            offset,
            format!("the code is nested too deeply: {what}"),
            "split it into statements, each ended by `;`, or into functions",
        )
    };
    if let Some(offset) = code.find(['\u{2028}', '\u{2029}']) {
        // To a comment they end the line, to a string they do not: two readers could read two texts.
        let message = "the code holds a Unicode line separator".to_owned();
        return Err(refused(
            offset,
            message,
            "write it as \\u2028 or \\u2029 inside a string",
        ));
    }
    // The stretch of each bracket that is open; the outermost is the text itself.
    let mut stretches: Vec<usize> = vec![0];
    for token in Tokens::new(code) {
        match token.kind {
            Kind::Open => {
                if stretches.len() > MAX_BRACKETS {
                    return Err(too_deep(
                        token.offset,
                        format!("more than {MAX_BRACKETS} brackets are open here"),
                    ));
                }
                stretches.push(0);
            }
            Kind::Close => {
                if stretches.len() > 1 {
                    stretches.pop();
                }
            }
            Kind::Separator => {
                if let Some(stretch) = stretches.last_mut() {
                    *stretch = 0;
                }
                continue;
            }
            Kind::Unclear => {
                return Err(refused(
                    token.offset,
                    "this `/` could begin a regular expression or be a division".to_owned(),
                    "end the line before with `;` or write the `/` there; or put what stands before it, or the \
                     regular expression, into a variable first",
                ));
            }
            Kind::Part => {}
        }
        if let Some(stretch) = stretches.last_mut() {
            *stretch += 1;
            if *stretch > MAX_STRETCH {
                let what = format!("more than {MAX_STRETCH} words and signs without `;` or `,`");
                return Err(too_deep(token.offset, what));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
