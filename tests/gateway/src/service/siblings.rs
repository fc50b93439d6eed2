//! The endpoints around issueBulk (api.md 7 and 14): token, promotion details and configuration,
//! a customer's promotions, and revoking.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Service;
use super::call::Call;
use super::envelope::{Problem, code_value};
use super::reply::Reply;
use crate::account::{AccountLost, Durable, IssuanceRow};
use crate::clock::now_ms;
use crate::long::parse_long;
use crate::object_id::ObjectId;
use crate::world::Promotion;

/// Rows of a read-back that names no limit.
const ROWS_DEFAULT: usize = 10;
/// Most earn ids one revocation may name.
const EARN_IDS_MAX: usize = 1_000;

#[derive(Deserialize)]
struct Credentials {
    key: String,
    secret: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Revocation {
    customer_id: i64,
    earn_revoke_details: Vec<RevokeDetail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RevokeDetail {
    promotion_id: String,
    earn_ids: Vec<String>,
}

impl Service {
    /// `POST /v3/oauth/token/generate`.
    pub(super) fn token(&self, call: &Call<'_>) -> Result<Reply, Problem> {
        call.check_method()?;
        let auth = &call.switches.auth;
        let refused = || Problem::new(320_001).with_status(auth.token_refused_status);
        let given: Credentials = serde_json::from_slice(call.body)
            .map_err(|_| Problem::saying(400, "key and secret are mandatory"))?;
        let client = self.world.clients.iter().find(|client| client.key == given.key);
        let client = client.filter(|client| client.secret == given.secret && !auth.refuse_all);
        let client = client.ok_or_else(refused)?;
        let ttl = auth.token_ttl_seconds.unwrap_or(client.ttl_seconds);
        let token = self.tokens.generate(client, ttl);
        Ok(ok(json!({"data": {"accessToken": token, "ttlSeconds": ttl}, "errors": null})))
    }

    /// `GET /promotions/?promotionIds=a,b`: details, of all promotions when none is named.
    pub(super) fn details(&self, call: &Call<'_>) -> Result<Reply, Problem> {
        self.admit(call, false)?;
        let data: Vec<Value> = self.named_promotions(call).into_iter().map(details_of).collect();
        Ok(ok(json!({"data": data})))
    }

    /// `GET /promotions/config?promotionIds=...&includeExpired=true&includeInactive=true`.
    pub(super) fn config(&self, call: &Call<'_>) -> Result<Reply, Problem> {
        self.admit(call, false)?;
        let (expired, inactive) =
            (call.query_flag("includeExpired"), call.query_flag("includeInactive"));
        let now = now_ms();
        let shown = self
            .named_promotions(call)
            .into_iter()
            .filter(|it| (expired || it.end_date >= now) && (inactive || it.active))
            .map(|it| {
                json!({"promotionId": it.id, "promotionType": it.kind, "expiry": it.end_date,
                    "isActive": it.active})
            });
        let data: Vec<Value> = shown.collect();
        Ok(ok(json!({"data": data, "errors": []})))
    }

    fn named_promotions(&self, call: &Call<'_>) -> Vec<&Promotion> {
        let named = call.query("promotionIds").join(",");
        let all = named.is_empty();
        let wanted: Vec<&str> = named.split(',').map(str::trim).collect();
        let known = self.world.promotions.iter();
        known.filter(|it| all || wanted.contains(&it.id.as_str())).collect()
    }

    /// `GET /promotions/customer/{customerId}`: latest expiry first, 10 rows unless `limit` says
    /// otherwise.
    pub(super) fn of_customer(&self, call: &Call<'_>) -> Result<Reply, Problem> {
        self.admit(call, false)?;
        let subject = call.route.subject.as_deref().unwrap_or("");
        let customer =
            parse_long(subject.as_bytes()).filter(|id| self.world.customers.contains(*id));
        let Some(customer) = customer else {
            return Err(Problem::saying(404, "Customer not found"));
        };
        let rules = &call.switches.reconcile;
        let active_only = call.query_flag("isIncludeActivePromotionsOnly");
        let visible_until =
            now_ms().saturating_sub(i64::try_from(rules.delay_ms).unwrap_or(i64::MAX));
        let mut rows = self.account.of_customer(customer).map_err(lost)?;
        rows.retain(|row| {
            !row.revoked
                && row.event_time <= visible_until
                && (!active_only || self.is_running(&row.promotion))
        });
        rows.sort_by_key(|row| std::cmp::Reverse((row.valid_till, row.seq)));
        let limit = match call.query_first("limit") {
            None => ROWS_DEFAULT,
            Some(text) => text.parse().map_err(|_| Problem::saying(400, "limit is no number"))?,
        };
        rows.truncate(rules.limit_max.map_or(limit, |max| limit.min(max)));
        let data: Vec<Value> = rows.iter().map(|row| self.row(call, row)).collect();
        Ok(ok(json!({"data": data, "errors": []})))
    }

    fn row(&self, call: &Call<'_>, row: &IssuanceRow) -> Value {
        let status = if self.is_running(&row.promotion) { "ACTIVE" } else { "INACTIVE" };
        let mut value = json!({
            "earnedPromotionId": earn_id(call, row.object_id).to_string(),
            "promotionId": row.promotion,
            "validTill": row.valid_till,
            "customerId": row.customer,
            "earnedType": "NONE",
            "earnedStatus": "UNLOCKED",
            "promotionStatus": status,
            "eventTime": row.event_time
        });
        if call.switches.reconcile.earned_from_id
            && let Some(fields) = value.as_object_mut()
        {
            fields.insert("earnedFromId".into(), row.context.clone().into());
        }
        value
    }

    fn is_running(&self, promotion: &str) -> bool {
        self.world.promotion(promotion).is_some_and(|it| it.active && it.end_date >= now_ms())
    }

    /// `POST /promotions/revokeEarn`.
    pub(super) fn revoke(&self, call: &Call<'_>) -> Result<(Reply, Durable), Problem> {
        self.admit(call, true)?;
        call.check_content_type()?;
        let given: Revocation = serde_json::from_slice(call.body)
            .map_err(|_| Problem::saying(400, "customerId and earnRevokeDetails are mandatory"))?;
        let named = given.earn_revoke_details.iter().map(|detail| detail.earn_ids.len());
        if named.fold(0, usize::saturating_add) > EARN_IDS_MAX {
            return Err(Problem::saying(400, "At most 1000 earn ids can be revoked"));
        }
        let mut revoked_seqs = Vec::new();
        let mut revoked = Vec::new();
        let mut errors = Vec::new();
        for detail in &given.earn_revoke_details {
            let found = self.earned(call, given.customer_id, detail).map_err(lost)?;
            let (good, bad): (Vec<_>, Vec<_>) =
                detail.earn_ids.iter().zip(found).partition(|(_, row)| row.is_some());
            revoked_seqs.extend(good.iter().filter_map(|(_, row)| *row));
            let ids = |pairs: &[(&String, Option<u64>)]| -> Vec<String> {
                pairs.iter().map(|(id, _)| (*id).clone()).collect()
            };
            if !good.is_empty() {
                revoked.push(json!({"promotionId": detail.promotion_id,
                    "revokedEarnIds": ids(&good), "status": "SUCCESS"}));
            }
            if !bad.is_empty() {
                let problem = Problem::new(731);
                errors.push(json!({"code": code_value(call.switches, problem.code),
                    "message": problem.message, "promotionId": detail.promotion_id,
                    "earnIds": ids(&bad)}));
            }
        }
        let durable = self.account.revoke(revoked_seqs);
        let data = json!({"customerId": given.customer_id, "revokedDetails": revoked});
        let data = if revoked.is_empty() { Value::Null } else { data };
        let status = if data.is_null() { 400 } else { 200 };
        let body = json!({"data": data, "errors": errors});
        Ok((Reply::json(status, body.to_string().into_bytes()), durable))
    }

    /// Position of each named issuance that can be revoked.
    fn earned(
        &self,
        call: &Call<'_>,
        customer: i64,
        detail: &RevokeDetail,
    ) -> Result<Vec<Option<u64>>, AccountLost> {
        let find = |text: &String| {
            let Some(id) = ObjectId::parse(text).map(|id| earn_id(call, id)) else {
                return Ok(None);
            };
            let row = self.account.find(customer, &detail.promotion_id, id)?;
            Ok(row.filter(|row| !row.revoked).map(|row| row.seq))
        };
        detail.earn_ids.iter().map(find).collect()
    }
}

fn ok(body: Value) -> Reply {
    Reply::json(200, body.to_string().into_bytes())
}

fn lost(_: AccountLost) -> Problem {
    Problem::new(500)
}

fn details_of(it: &Promotion) -> Value {
    json!({"id": it.id, "active": it.active, "type": it.kind, "startDate": it.start_date,
        "endDate": it.end_date, "customerActivationRequired": it.customer_activation_required,
        "maxIssuancePerCustomer": it.max_issuance_per_customer})
}

/// The earn id of an issuance id and the other way round: the same value, or another one with the
/// same second (api.md 14 leaves it open).
fn earn_id(call: &Call<'_>, id: ObjectId) -> ObjectId {
    if call.switches.reconcile.same_id {
        return id;
    }
    let mut bytes = *id.as_bytes();
    bytes.iter_mut().skip(4).take(5).for_each(|byte| *byte ^= 0x5a);
    ObjectId::from_bytes(bytes)
}
