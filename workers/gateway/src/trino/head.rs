//! The head of a page: the ids and addresses, which stand before columns and rows. Only it is ever looked at.

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, stream};
use townlake_kit::http::HttpError;

/// The keys that come after the head, in Trino's answers and the embedded engine's.
const ENDS: [&[u8]; 3] = [b"\"columns\":", b"\"data\":", b"\"stats\":"];

/// A head is a few addresses. What goes on for longer has none to put right.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// An answer's head and what follows it.
#[derive(Debug)]
pub struct Page {
    /// The bytes up to a key behind the head, and perhaps some more.
    pub head: Vec<u8>,
    /// The rest, still to come.
    pub rest: Body,
}

impl Page {
    /// Reads as much as it takes to have the head.
    ///
    /// # Errors
    /// The answer breaks off.
    pub async fn read(body: Body) -> Result<Self, HttpError> {
        let mut stream = body.into_data_stream();
        let mut head = Vec::new();
        while !ends(&head) && head.len() < MAX_HEAD_BYTES {
            match stream.next().await {
                Some(Ok(chunk)) => head.extend_from_slice(&chunk),
                Some(Err(error)) => {
                    let reason = error.to_string();
                    return Err(HttpError::Unreachable {
                        to: "the engine".to_owned(),
                        reason,
                    });
                }
                None => break,
            }
        }
        Ok(Self {
            head,
            rest: Body::from_stream(stream),
        })
    }

    /// The value of a string key of the head, if it is plain text.
    pub fn field(&self, name: &str) -> Option<&str> {
        let key = format!("\"{name}\"");
        let behind = self
            .head
            .get(find(&self.head, key.as_bytes())? + key.len()..)?;
        let value = std::str::from_utf8(behind).map_or_else(
            |error| {
                behind
                    .get(..error.valid_up_to())
                    .and_then(|valid| std::str::from_utf8(valid).ok())
            },
            Some,
        )?;
        let value = value
            .trim_start()
            .strip_prefix(':')?
            .trim_start()
            .strip_prefix('"')?;
        let (value, _) = value.split_once('"')?;
        if value.contains('\\') {
            None
        } else {
            Some(value)
        }
    }

    /// Whether the answer tells of columns.
    pub fn has_columns(&self) -> bool {
        find(&self.head, b"\"columns\":").is_some()
    }

    /// Replaces a text wherever it stands in the head.
    pub fn replace(&mut self, from: &str, to: &str) {
        let end = ENDS
            .iter()
            .filter_map(|end| find(&self.head, end))
            .min()
            .unwrap_or(self.head.len());
        let mut replaced = Vec::with_capacity(self.head.len() + 256);
        let mut left = self.head.get(..end).unwrap_or_default();
        while let Some(at) = find(left, from.as_bytes()) {
            replaced.extend_from_slice(left.get(..at).unwrap_or_default());
            replaced.extend_from_slice(to.as_bytes());
            left = left.get(at + from.len()..).unwrap_or_default();
        }
        replaced.extend_from_slice(left);
        replaced.extend_from_slice(self.head.get(end..).unwrap_or_default());
        self.head = replaced;
    }

    /// The whole answer again.
    pub fn into_body(self) -> Body {
        let head = stream::iter([Ok::<_, axum::Error>(Bytes::from(self.head))]);
        Body::from_stream(head.chain(self.rest.into_data_stream()))
    }
}

fn ends(head: &[u8]) -> bool {
    ENDS.iter().any(|end| find(head, end).is_some())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(chunks: &[&str]) -> Page {
        let chunks: Vec<_> = chunks
            .iter()
            .map(|chunk| Ok::<_, axum::Error>(Bytes::from(chunk.to_string())))
            .collect();
        Page::read(Body::from_stream(stream::iter(chunks)))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn only_the_head_is_changed_however_it_is_cut_into_pieces() {
        let text = r#"{"id":"q1","infoUri":"https://h/t/x/ui","nextUri":"https://h/t/x/v1/é","columns":[{"name":"https://h/t/x"}],"data":[["https://h/t/x"]],"stats":{}}"#;
        let expected = text.replacen("https://h/t/x", "http://h/t/claims", 2);
        for size in [1, 7, 30, 100, 1000] {
            let pieces: Vec<String> = text
                .chars()
                .collect::<Vec<_>>()
                .chunks(size)
                .map(|c| c.iter().collect())
                .collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let mut page = read(&pieces).await;
            assert_eq!(page.field("id"), Some("q1"));
            assert_eq!(page.field("nextUri"), Some("https://h/t/x/v1/é"));
            page.replace("https://h/t/x", "http://h/t/claims");
            let body = townlake_kit::http::read_bytes("test", page.into_body())
                .await
                .unwrap();
            assert_eq!(std::str::from_utf8(&body).unwrap(), expected, "{size}");
        }
    }

    #[tokio::test]
    async fn odd_heads_have_no_fields() {
        for text in [
            "",
            "{",
            r#"{"id":7}"#,
            r#"{"id":"a\"b"}"#,
            r#"{"id""#,
            "not json",
        ] {
            assert_eq!(read(&[text]).await.field("id"), None, "{text}");
        }
    }
}
