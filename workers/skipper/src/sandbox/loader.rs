//! Worker Loader: an isolate for each snippet, without any way out but the functions.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures::future::{Either, select};
use js_sys::{Array, Function, Object, Promise, Reflect};
use townlake_kit::clock::pause;
use townlake_kit::http::read_bytes;
use townlake_kit::send::{SendFuture, SendWrapper};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::{Context, Env};

use super::{CPU_MS, Execution, Report, SUBREQUESTS, SandboxError, Settings};

/// The sandbox's own platform version; the snippet's view of the world must not change with Skipper's.
const COMPATIBILITY_DATE: &str = "2026-11-01";
/// How much longer than the snippet itself the host waits, for start and settling.
const GRACE: Duration = Duration::from_secs(8);

/// The bindings that a sandbox is made with.
#[derive(Clone)]
pub struct Sandbox {
    loader: Arc<SendWrapper<JsValue>>,
    exports: Arc<SendWrapper<JsValue>>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sandbox")
    }
}

impl Sandbox {
    /// The loader of `wrangler.toml` and this Worker's own entrypoints.
    pub fn new(env: &Env, context: &Context) -> Self {
        let get = |target: &JsValue, name: &str| {
            Reflect::get(target, &name.into()).unwrap_or(JsValue::UNDEFINED)
        };
        Self {
            loader: Arc::new(SendWrapper::new(get(env.as_ref(), "LOADER"))),
            exports: Arc::new(SendWrapper::new(get(context.as_ref(), "exports"))),
        }
    }

    /// Runs the module and gives what its harness reports.
    pub async fn run(
        &self,
        module: &str,
        execution: &Execution,
        settings: &Settings,
    ) -> Result<Report, SandboxError> {
        let limit = Duration::from_millis(settings.wall_ms) + GRACE;
        SendFuture::new(async {
            let answer = std::pin::pin!(self.ask(module, execution, settings));
            match select(answer, std::pin::pin!(pause(limit))).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => Err(SandboxError::Timeout(settings.wall_ms)),
            }
        })
        .await
    }

    async fn ask(
        &self,
        module: &str,
        execution: &Execution,
        settings: &Settings,
    ) -> Result<Report, SandboxError> {
        let response = self
            .fetch(module, execution, settings)
            .await
            .map_err(|error| sort(&error))?;
        let broken = |error: String| SandboxError::Stopped(error);
        let response: worker::web_sys::Response = response
            .dyn_into()
            .map_err(|_| broken("its answer is no response".to_owned()))?;
        let response =
            worker::response_from_wasm(response).map_err(|error| broken(error.to_string()))?;
        let status = response.status();
        let bytes = read_bytes("the sandbox", Body::new(response.into_body()))
            .await
            .map_err(|error| broken(error.to_string()))?;
        if !status.is_success() {
            return Err(broken(format!("it answered {status}")));
        }
        serde_json::from_slice(&bytes)
            .map_err(|error| broken(format!("its report cannot be read: {error}")))
    }

    async fn fetch(
        &self,
        module: &str,
        execution: &Execution,
        settings: &Settings,
    ) -> Result<JsValue, JsValue> {
        let text = |error: serde_json::Error| JsValue::from_str(&error.to_string());
        // As text, since a structured clone would turn Rust's sets into something that serde does not read back.
        let props = object(&[
            ("caller", JsValue::from_str("sandbox")),
            (
                "execution",
                JsValue::from_str(&serde_json::to_string(execution).map_err(text)?),
            ),
        ])?;
        let tools = call(&self.exports, "Tools", &[object(&[("props", props)])?])?;
        let code = object(&[
            ("compatibilityDate", JsValue::from_str(COMPATIBILITY_DATE)),
            ("mainModule", JsValue::from_str("main.js")),
            (
                "modules",
                object(&[
                    ("main.js", JsValue::from_str(include_str!("main.js"))),
                    ("harness.js", JsValue::from_str(include_str!("harness.js"))),
                    ("user.js", JsValue::from_str(module)),
                ])?,
            ),
            ("env", object(&[("TOOLS", tools)])?),
            ("globalOutbound", JsValue::NULL),
            (
                "limits",
                object(&[
                    ("cpuMs", CPU_MS.into()),
                    ("subRequests", SUBREQUESTS.into()),
                ])?,
            ),
        ])?;
        let worker = call(&self.loader, "load", &[code])?;
        let entrypoint = call(&worker, "getEntrypoint", &[])?;
        let body = serde_json::to_string(settings).map_err(text)?;
        let init = object(&[
            ("method", JsValue::from_str("POST")),
            ("body", JsValue::from_str(&body)),
        ])?;
        let promise = call(
            &entrypoint,
            "fetch",
            &[JsValue::from_str("http://sandbox/"), init],
        )?;
        JsFuture::from(Promise::from(promise)).await
    }
}

fn object(fields: &[(&str, JsValue)]) -> Result<JsValue, JsValue> {
    let entries: Array = fields
        .iter()
        .map(|(name, value)| Array::of2(&JsValue::from_str(name), value))
        .collect();
    Ok(Object::from_entries(&entries)?.into())
}

/// Calls a method. Not by `Function.call`: on the runtime's stubs every property, `call` included, is a remote method.
fn call(target: &JsValue, name: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = Reflect::get(target, &name.into())?
        .dyn_into()
        .map_err(|_| {
            JsValue::from_str(&format!(
                "`{name}` is missing: check the bindings in wrangler.toml"
            ))
        })?;
    Reflect::apply(&function, target, &arguments.iter().collect::<Array>())
}

/// What the runtime's message means.
fn sort(error: &JsValue) -> SandboxError {
    let message = error
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .or_else(|| error.as_string())
        .unwrap_or_default();
    if message.contains("SyntaxError") {
        SandboxError::Refused(message)
    } else if message.contains("is missing") {
        SandboxError::Unavailable(message)
    } else {
        SandboxError::Stopped(message)
    }
}
