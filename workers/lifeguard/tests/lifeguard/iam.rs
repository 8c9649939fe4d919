//! The company's IAM on loopback, with the faults that one has.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The credential that the IAM asks for.
pub const TOKEN: &str = "iam-secret";

/// How the IAM behaves.
#[derive(Debug, Clone, PartialEq)]
pub enum Mood {
    /// As documented.
    Well,
    /// Answers 503.
    Broken,
    /// Accepts and never answers.
    Silent,
    /// Ends in the middle of the body.
    Cut,
    /// Answers this body.
    Odd(String),
}

#[derive(Debug)]
struct State {
    directory: Value,
    version: u64,
    mood: Mood,
    requests: usize,
    not_modified: usize,
}

/// The IAM. Clones share it.
#[derive(Debug, Clone)]
pub struct Iam {
    state: Arc<Mutex<State>>,
    /// Where it answers.
    pub url: String,
}

impl Iam {
    /// An IAM that knows the demo's people.
    pub async fn start() -> Self {
        let person = |name: &str| json!({"email": format!("{name}@corp.example"), "name": name, "active": true});
        let group = |name: &str, member: &str| json!({"name": name, "description": format!("all {name}"), "members": [format!("{member}@corp.example")]});
        let directory = json!({
            "people": [person("ana"), person("bo"), person("rui"), person("ines")],
            "groups": [group("analysts", "ana"), group("engineers", "bo"), group("reviewers", "rui"),
                group("admins", "ines")],
        });
        let state = State {
            directory,
            version: 1,
            mood: Mood::Well,
            requests: 0,
            not_modified: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/iam/v1/directory", listener.local_addr().unwrap());
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, shared.clone()));
            }
        });
        Self { state, url }
    }

    /// Changes the directory.
    pub fn edit(&self, edit: impl FnOnce(&mut Value)) {
        let mut state = self.state.lock().unwrap();
        edit(&mut state.directory);
        state.version += 1;
    }

    /// Puts a person into a group, or takes them out.
    pub fn set_member(&self, group: &str, user: &str, member: bool) {
        self.edit(|directory| {
            let groups = directory["groups"].as_array_mut().unwrap();
            let group = groups
                .iter_mut()
                .find(|entry| entry["name"] == group)
                .unwrap();
            let members = group["members"].as_array_mut().unwrap();
            members.retain(|entry| entry != user);
            if member {
                members.push(json!(user));
            }
        });
    }

    /// Opens or closes a person.
    pub fn set_active(&self, user: &str, active: bool) {
        self.edit(|directory| {
            let people = directory["people"].as_array_mut().unwrap();
            people
                .iter_mut()
                .find(|entry| entry["email"] == user)
                .unwrap()["active"] = json!(active);
        });
    }

    /// How it behaves from now on.
    pub fn be(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// How many requests came so far, and how many of them were answered 304.
    pub fn requests(&self) -> (usize, usize) {
        let state = self.state.lock().unwrap();
        (state.requests, state.not_modified)
    }
}

async fn answer(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&buffer[..length]),
        }
    }
    let request = String::from_utf8(request).unwrap().to_lowercase();
    let (response, silent) = {
        let mut state = state.lock().unwrap();
        state.requests += 1;
        let etag = format!("\"{}\"", state.version);
        let authorized = request.contains(&format!("authorization: bearer {TOKEN}\r\n"));
        let known = request.contains(&format!("if-none-match: {etag}\r\n"));
        let mut directory = state.directory.clone();
        directory["version"] = json!(state.version.to_string());
        let response = match &state.mood {
            _ if !authorized => respond("401 Unauthorized", "", ""),
            Mood::Broken => respond("503 Service Unavailable", "", ""),
            Mood::Odd(body) => respond("200 OK", "", body),
            Mood::Cut => {
                "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{\"version\":".to_owned()
            }
            Mood::Well if known => {
                state.not_modified += 1;
                respond("304 Not Modified", &etag, "")
            }
            Mood::Well | Mood::Silent => respond("200 OK", &etag, &directory.to_string()),
        };
        (response, state.mood == Mood::Silent)
    };
    if silent {
        std::future::pending::<()>().await;
    }
    let _ = stream.write_all(response.as_bytes()).await;
}

fn respond(status: &str, etag: &str, body: &str) -> String {
    let etag = if etag.is_empty() {
        String::new()
    } else {
        format!("etag: {etag}\r\n")
    };
    format!(
        "HTTP/1.1 {status}\r\n{etag}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
