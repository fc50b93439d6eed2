//! The real rate limit: a token bucket per credential.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::sync::lock;

/// Tokens are counted in millionths, so that refilling needs no float.
const MICRO: u64 = 1_000_000;

/// Buckets by caller.
#[derive(Default)]
pub(crate) struct RateLimit(Mutex<FxHashMap<String, Bucket>>);

struct Bucket {
    micro_tokens: u64,
    filled_at: Instant,
}

impl RateLimit {
    /// Takes one token.
    ///
    /// # Errors
    /// The time until there is one.
    pub(crate) fn take(
        &self,
        caller: &str,
        per_minute: u32,
        burst: u32,
        now: Instant,
    ) -> Result<(), Duration> {
        let full = u64::from(burst).saturating_mul(MICRO);
        let mut buckets = lock(&self.0);
        let bucket = buckets
            .entry(caller.into())
            .or_insert_with(|| Bucket { micro_tokens: full, filled_at: now });
        let elapsed_us = now.saturating_duration_since(bucket.filled_at).as_micros();
        let elapsed_us = u64::try_from(elapsed_us).unwrap_or(u64::MAX);
        // Millionths of a token per microsecond and tokens per second are the same number.
        let refill = elapsed_us.saturating_mul(u64::from(per_minute)).div_euclid(60);
        bucket.micro_tokens = bucket.micro_tokens.saturating_add(refill).min(full);
        bucket.filled_at = now;
        match bucket.micro_tokens.checked_sub(MICRO) {
            Some(rest) => {
                bucket.micro_tokens = rest;
                Ok(())
            }
            None => {
                let missing = MICRO.saturating_sub(bucket.micro_tokens).saturating_mul(60);
                let wait_us = missing.checked_div(u64::from(per_minute)).unwrap_or(u64::MAX);
                Err(Duration::from_micros(wait_us))
            }
        }
    }

    /// Fills every bucket.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_refills_and_says_when() {
        let limit = RateLimit::default();
        let start = Instant::now();
        assert!((0..2).all(|_| limit.take("a", 60, 2, start).is_ok()));
        let wait = limit.take("a", 60, 2, start).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        assert!(limit.take("b", 60, 2, start).is_ok());
        assert!(limit.take("a", 60, 2, start + wait).is_ok());
        assert!(limit.take("a", 60, 2, start + wait).is_err());
        assert!(limit.take("a", 0, 0, start).is_err());
    }
}
