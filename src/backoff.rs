//! Exponential backoff with full jitter: the whole range down to zero is used, so that batches
//! that failed together do not come back together (AWS Architecture Blog, 2015).

use crate::rng::Rng;
use crate::time::millis;
use core::time::Duration;

/// A wait of 0 to `base * 2^step`, at most `max`; `step` counts from 0.
pub fn full_jitter(base: Duration, max: Duration, step: u32, rng: &mut Rng) -> Duration {
    let doubled = 1_u64.checked_shl(step).map(|factor| millis(base).saturating_mul(factor));
    let ceiling = doubled.unwrap_or(u64::MAX).min(millis(max));
    Duration::from_millis(rng.up_to(ceiling))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_below_the_doubling_ceiling_and_reach_near_it() {
        let (base, max) = (Duration::from_millis(500), Duration::from_secs(30));
        for (step, ceiling) in [(0, 500), (1, 1_000), (5, 16_000), (6, 30_000), (200, 30_000)] {
            let mut rng = Rng::new(42);
            let waits: Vec<u64> =
                (0..500).map(|_| millis(full_jitter(base, max, step, &mut rng))).collect();
            let longest = waits.iter().copied().max().unwrap();
            assert!(longest <= ceiling && longest > ceiling * 9 / 10, "step {step}: {longest}");
            assert!(waits.iter().copied().min().unwrap() < ceiling / 10, "step {step}");
        }
    }
}
