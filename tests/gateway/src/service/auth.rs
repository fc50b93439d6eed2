//! Who calls, and whether it may (api.md 7 and 8).

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::HeaderMap;
use rustc_hash::FxHashMap;
use serde_json::json;

use super::envelope::Problem;
use crate::chance::{mix, mix3};
use crate::clock::{SECOND_MS, now_ms};
use crate::switches::Auth;
use crate::sync::lock;
use crate::world::{Access, Client, World};

/// A caller whose credentials were accepted.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Name the rate limit counts by: `user:...` or `client:...`. Not a secret.
    pub name: String,
    access: Access,
}

impl Caller {
    /// 403 unless the access group allows reading, or writing.
    pub(crate) fn check(&self, write: bool) -> Result<(), Problem> {
        match (self.access, write) {
            (Access::Write, _) | (Access::Read, false) => Ok(()),
            _ => Err(Problem::new(4000)),
        }
    }
}

/// Tokens given out. They die with the process, as the service's do with their term.
pub(crate) struct Tokens {
    live: Mutex<FxHashMap<String, Grant>>,
    seed: u64,
}

struct Grant {
    key: String,
    access: Access,
    expires_ms: i64,
}

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        // Two gateways must not accept one another's tokens, whatever their seeds.
        let start = u64::try_from(now_ms()).unwrap_or(0);
        Self { live: Mutex::default(), seed: mix3(seed, start, u64::from(std::process::id())) }
    }

    /// A new token. It has the form of a JWT with RS256; its signature is not one, because a
    /// client has to treat the token as opaque.
    pub(crate) fn generate(&self, client: &Client, ttl_seconds: u64) -> String {
        let mut live = lock(&self.live);
        let now = now_ms();
        let ttl_ms = i64::try_from(ttl_seconds).unwrap_or(i64::MAX).saturating_mul(SECOND_MS);
        let issued_at = now.div_euclid(SECOND_MS);
        let expires_at = issued_at.saturating_add(i64::try_from(ttl_seconds).unwrap_or(i64::MAX));
        let claims = json!({"sub": client.key, "iat": issued_at, "exp": expires_at});
        let signature: Vec<u8> = (0..32_u64)
            .flat_map(|part| mix3(self.seed, live.len() as u64, part).to_be_bytes())
            .collect();
        let token = [
            URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#),
            URL_SAFE_NO_PAD.encode(claims.to_string()),
            URL_SAFE_NO_PAD.encode(signature),
        ]
        .join(".");
        let expires_ms = now.saturating_add(ttl_ms);
        let grant = Grant { key: client.key.clone(), access: client.access, expires_ms };
        live.insert(token.clone(), grant);
        token
    }

    /// Expires every token given out so far.
    pub(crate) fn expire_all(&self) {
        lock(&self.live).values_mut().for_each(|grant| grant.expires_ms = 0);
    }

    /// How many tokens were given out.
    pub(crate) fn count(&self) -> usize {
        lock(&self.live).len()
    }

    fn caller(&self, token: &str, auth: &Auth) -> Result<Caller, Problem> {
        let live = lock(&self.live);
        let refused = || Problem::new(401).with_status(auth.unauthorised_status);
        let grant = live.get(token).ok_or_else(refused)?;
        if grant.expires_ms <= now_ms() {
            let at = crate::clock::iso(grant.expires_ms, 330).replace("+05:30", "+0530");
            let problem = Problem::saying(498, format!("Token expired at {at}"));
            return Err(problem.with_status(auth.expired_status));
        }
        Ok(Caller { name: format!("client:{}", grant.key), access: grant.access })
    }
}

/// Finds the caller by its token or Basic credentials; a token wins.
pub(crate) fn authenticate(
    world: &World,
    tokens: &Tokens,
    auth: &Auth,
    headers: &HeaderMap,
) -> Result<Caller, Problem> {
    let refused = Problem::new(401).with_status(auth.unauthorised_status);
    if auth.unavailable {
        return Err(Problem::new(4001));
    }
    if auth.refuse_all {
        return Err(refused);
    }
    if let Some(token) = token_of(auth, headers) {
        return if auth.oauth { tokens.caller(&token, auth) } else { Err(refused) };
    }
    if !auth.basic {
        return Err(refused);
    }
    basic(world, headers).ok_or(refused)
}

fn token_of(auth: &Auth, headers: &HeaderMap) -> Option<String> {
    auth.token_headers.iter().find_map(|name| {
        let value = headers.get(name.as_str())?.to_str().ok()?;
        if name.eq_ignore_ascii_case("authorization") {
            return value.strip_prefix("Bearer ").map(String::from);
        }
        Some(value.to_string())
    })
}

/// `Authorization: Basic base64(username:md5hex(password))`.
fn basic(world: &World, headers: &HeaderMap) -> Option<Caller> {
    let value = headers.get("authorization")?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (username, md5) = decoded.split_once(':')?;
    let user = world.users.iter().find(|user| user.username == username)?;
    (user.password_md5 == md5)
        .then(|| Caller { name: format!("user:{username}"), access: user.access })
}

/// A request id in the form of the documented examples: two hex parts.
pub(crate) fn request_id(seed: u64, number: u64) -> String {
    format!("{:016x}{:016x}", mix3(seed, number, 1), mix(seed ^ number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())])
    }

    fn who(headers: &HeaderMap, tokens: &Tokens) -> Result<Caller, u32> {
        authenticate(&World::default(), tokens, &Auth::default(), headers)
            .map_err(|problem| problem.code)
    }

    #[test]
    fn the_documented_basic_vector_is_accepted_and_a_plain_password_is_not() {
        let tokens = Tokens::new(1);
        let vector = "Basic c3RvcmUuc2VydmVyOjhhMTZhNmI3MDUwNWViMWYxZmY3Y2RjMGNkNTU1OWE3";
        assert_eq!(
            who(&headers("authorization", vector), &tokens).unwrap().name,
            "user:store.server"
        );
        let plain = format!("Basic {}", STANDARD.encode("store.server:server123"));
        assert_eq!(who(&headers("authorization", &plain), &tokens).unwrap_err(), 401);
        assert_eq!(who(&HeaderMap::new(), &tokens).unwrap_err(), 401);
    }

    #[test]
    fn tokens_work_until_they_expire() {
        let tokens = Tokens::new(1);
        let world = World::default();
        let client = &world.clients[0];
        let token = tokens.generate(client, 300);
        assert_ne!(token, tokens.generate(client, 300));
        let given = headers("x-cap-api-oauth-token", &token);
        assert!(who(&given, &tokens).unwrap().check(true).is_ok());
        tokens.expire_all();
        assert_eq!(who(&given, &tokens).unwrap_err(), 498);
        assert_eq!(who(&headers("x-cap-api-oauth-token", "x.y.z"), &tokens).unwrap_err(), 401);
    }

    #[test]
    fn access_groups_separate_reading_from_issuing() {
        let caller = |access| Caller { name: String::new(), access };
        assert!(caller(Access::Read).check(false).is_ok());
        assert_eq!(caller(Access::Read).check(true).unwrap_err().code, 4000);
        assert_eq!(caller(Access::None).check(false).unwrap_err().code, 4000);
    }
}
