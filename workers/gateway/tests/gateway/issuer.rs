//! Plays Access and the company's IAM. The keys are for these tests and sign nothing else.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::State;
use axum::routing::get;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::http1;

pub const AUDIENCE: &str = "townlake-test";
pub const IAM_TOKEN: &str = "iam-secret";
const KEY: &[u8] = include_bytes!("issuer_test_key.pem");
const STRANGER: &[u8] = include_bytes!("stranger_test_key.pem");
/// The modulus of `issuer_test_key.pem`.
const MODULUS: &str = "rKKO2ki3M1zvWGf0k1ZiXG1-34xG7e2h_Ym6bE9tCruUlRbfrZwVhJz92Rp2FGqrRvOmijeMyM0-n-NkPGSiMTB2YECYHq0o5dERHSVqxJxA7EnUUMomQhdc_w8EK1mEJMSqukJH7P6x4iavSOs-BqFQ0V9p5u7_l1kcrJAxYuAfn6ununPOzcmyt8srNPkpJV-byX5QJl2L878-z0G_uz-4oDGDFLTtwwmf-KBy4nfiNf8GChCp2pvYk7b3WZzy499Muyw6B3CmC4N8jSg7n7X2VWGW0KWZj94zLMbfOjcp5F0IsvOFzIcuFiJch6uKN7hB-TSYKN593ZhtsmeNrQ";

/// The issuer and the IAM. Clones share the directory.
#[derive(Clone)]
pub struct Issuer {
    pub url: String,
    directory: Arc<Mutex<(u64, Value)>>,
}

impl Issuer {
    pub async fn start() -> Self {
        let person = |name: &str| json!({"email": format!("{name}@corp.example"), "name": name, "active": true});
        let group = |name: &str, members: &[&str]| {
            let members: Vec<String> = members
                .iter()
                .map(|member| format!("{member}@corp.example"))
                .collect();
            json!({"name": name, "description": "", "members": members})
        };
        let directory = Arc::new(Mutex::new((
            1,
            json!({
                "people": [person("ana"), person("bo"), person("rui"), person("ines")],
                "groups": [group("analysts", &["ana"]), group("engineers", &["bo"]), group("reviewers", &["rui"]),
                    group("admins", &["ines"]), group("everyone", &["ana", "rui", "ines"])],
            }),
        )));
        let router = axum::Router::new()
            .route("/cdn-cgi/access/certs", get(async || Json(json!({"keys": [
                {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "key-1", "n": MODULUS, "e": "AQAB"}]}))))
            .route("/iam/v1/directory", get(directory_now))
            .with_state(directory.clone());
        Self {
            url: http1::serve(router).await,
            directory,
        }
    }

    /// Changes the company's directory.
    pub fn edit(&self, edit: impl FnOnce(&mut Value)) {
        let mut directory = self.directory.lock().unwrap();
        directory.0 += 1;
        edit(&mut directory.1);
    }

    pub fn leave(&self, group: &str, user: &str) {
        self.edit(|directory| {
            let groups = directory["groups"].as_array_mut().unwrap();
            let group = groups
                .iter_mut()
                .find(|entry| entry["name"] == group)
                .unwrap();
            group["members"]
                .as_array_mut()
                .unwrap()
                .retain(|member| member != user);
        });
    }

    /// A token of Access for a person, with other claims put in.
    pub fn assertion(&self, user: &str, now: i64, others: Value) -> String {
        self.sign(
            &self.claims(user, now, others),
            KEY,
            Algorithm::RS256,
            "key-1",
        )
    }

    /// The same, signed by someone else's key.
    pub fn forged_assertion(&self, user: &str, now: i64) -> String {
        self.sign(
            &self.claims(user, now, json!({})),
            STRANGER,
            Algorithm::RS256,
            "key-1",
        )
    }

    /// The same, signed with the public key as if it were a secret.
    pub fn confused_assertion(&self, user: &str, now: i64) -> String {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("key-1".to_owned());
        let claims = self.claims(user, now, json!({}));
        encode(
            &header,
            &claims,
            &EncodingKey::from_secret(MODULUS.as_bytes()),
        )
        .unwrap()
    }

    pub fn claims(&self, user: &str, now: i64, others: Value) -> Value {
        let mut claims = json!({"iss": self.url, "aud": [AUDIENCE], "sub": user, "email": user, "iat": now,
            "nbf": now, "exp": now + 3600});
        for (name, value) in others.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    fn sign(&self, claims: &Value, key: &[u8], algorithm: Algorithm, kid: &str) -> String {
        let mut header = Header::new(algorithm);
        header.kid = Some(kid.to_owned());
        encode(&header, claims, &EncodingKey::from_rsa_pem(key).unwrap()).unwrap()
    }
}

async fn directory_now(State(directory): State<Arc<Mutex<(u64, Value)>>>) -> Json<Value> {
    let (version, mut value) = directory.lock().unwrap().clone();
    value["version"] = json!(version.to_string());
    Json(value)
}
