//! An endpoint that speaks OpenAI's protocol on a real socket, in every mood.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;
use townlake_skimmer::model::Model;

/// How the endpoint answers.
#[derive(Clone, Copy, PartialEq)]
pub enum Mood {
    Well,
    Late,
    /// Begins in time and never ends.
    Drips,
    Prose,
    NotJson,
    MakesUpColumns,
    Fails,
    Empty,
}

/// A request's body and key.
pub type Seen = (Value, Option<String>);

#[derive(Clone)]
pub struct Endpoint {
    pub url: String,
    pub mood: Arc<Mutex<Mood>>,
    pub seen: Arc<Mutex<Vec<Seen>>>,
}

impl Endpoint {
    pub async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let endpoint = Self {
            url,
            mood: Arc::new(Mutex::new(mood)),
            seen: Arc::default(),
        };
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .with_state(endpoint.clone());
        tokio::spawn(serve(listener, router));
        endpoint
    }

    /// The model behind this endpoint. It is given long where an answer is due: tests run on busy machines.
    pub fn model(&self) -> Model {
        let never = matches!(*self.mood.lock().unwrap(), Mood::Late | Mood::Drips);
        let limit = Duration::from_millis(if never { 400 } else { 20_000 });
        Model::endpoint(&self.url, "small-model", Some("key".to_owned()), limit).unwrap()
    }
}

/// As much of HTTP/1.1 as a client that sends one request a connection needs: axum's own server is a feature that
/// nothing else here uses.
async fn serve(listener: TcpListener, router: Router) {
    while let Ok((stream, _)) = listener.accept().await {
        let router = router.clone();
        tokio::spawn(async move {
            // A client that hangs up, as it does on a late answer, ends the connection and nothing else.
            let _ = answer(stream, router).await;
        });
    }
}

async fn answer(stream: TcpStream, router: Router) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let mut request = Request::builder()
        .method(first.next().unwrap())
        .uri(first.next().unwrap());
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    let length = request
        .headers_ref()
        .unwrap()
        .get("content-length")
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let response = router
        .oneshot(request.body(Body::from(body)).unwrap())
        .await
        .unwrap();
    let head = format!(
        "HTTP/1.1 {}\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n",
        response.status()
    );
    stream.write_all(head.as_bytes()).await?;
    let mut body = response.into_body();
    while let Some(Ok(frame)) = body.frame().await {
        stream
            .write_all(&frame.into_data().unwrap_or_default())
            .await?;
    }
    stream.shutdown().await
}

async fn complete(
    State(endpoint): State<Endpoint>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let key = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    endpoint.seen.lock().unwrap().push((body.clone(), key));
    let mood = *endpoint.mood.lock().unwrap();
    let content = match mood {
        Mood::Well => well(&body),
        Mood::Late => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            well(&body)
        }
        Mood::Drips => {
            let drops = futures::stream::unfold((), async |()| {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
            });
            return Body::from_stream(drops).into_response();
        }
        Mood::Prose => "I think that email holds e-mail addresses.".to_owned(),
        Mood::NotJson => return "<html>".into_response(),
        Mood::MakesUpColumns => {
            json!({"columns": [{"name": "salary", "class": "none", "confidence": 1}]}).to_string()
        }
        Mood::Fails => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mood::Empty => return Json(json!({"choices": []})).into_response(),
    };
    Json(json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": body["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
    }))
    .into_response()
}

/// A model that goes by the names.
fn well(body: &Value) -> String {
    let question: Value =
        serde_json::from_str(body["messages"][1]["content"].as_str().unwrap()).unwrap();
    let entry = |column: &Value| {
        let name = column["name"].as_str().unwrap();
        let class = match name {
            "email" => "email",
            "order_ref" => "person_name",
            _ => "none",
        };
        json!({"name": name, "class": class, "confidence": 0.9})
    };
    let columns: Vec<Value> = question["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(entry)
        .collect();
    json!({"columns": columns}).to_string()
}
