//! The texts of `texts.txt`, written out.

/// A text that is hard to read.
pub struct Text {
    /// What makes it hard.
    pub name: &'static str,
    template: &'static str,
    /// Whether it is read all the same.
    pub is_read: bool,
}

impl Text {
    /// All of it, up to a megabyte.
    pub fn written_out(&self) -> String {
        written_out(self.template)
    }
}

/// All of them, in the order of the file.
pub fn texts() -> Vec<Text> {
    let blocks = include_str!("texts.txt").split("\n\n");
    blocks
        .filter_map(|block| {
            let mut lines = block.lines();
            let name = lines.next()?.strip_prefix("# ")?;
            let template = lines.next()?;
            Some(Text {
                name,
                template,
                is_read: lines.next()? == "=> read",
            })
        })
        .collect()
}

/// `⟨90 (⟩` is 90 parentheses, `\n` ends a line; in a piece `{n}` counts from 1 and `{p}` from 0.
fn written_out(template: &str) -> String {
    let template = template.replace("\\n", "\n");
    let mut parts = template.split('⟨');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (repeated, rest) = part.split_once('⟩').unwrap_or((part, ""));
        let (times, piece) = repeated.split_once(' ').unwrap_or((repeated, ""));
        for before in 0..times.parse::<usize>().unwrap_or_default() {
            text += &piece
                .replace("{n}", &(before + 1).to_string())
                .replace("{p}", &before.to_string());
        }
        text += rest;
    }
    text
}
