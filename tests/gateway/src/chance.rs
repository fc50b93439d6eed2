//! Chance as a pure function: the same seed and the same question give the same answer, whatever
//! was asked before, so that concurrency cannot change which call meets a fault.

/// Spreads one 64-bit value over all 64 bits (the finaliser of SplitMix64).
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Three values mixed into one.
pub(crate) fn mix3(a: u64, b: u64, c: u64) -> u64 {
    mix(mix(mix(a) ^ b) ^ c)
}

/// True with the given probability (0 never, 1 always) for this draw of 64 random bits.
pub(crate) fn happens(draw: u64, probability: f64) -> bool {
    // 53 bits are all a double can hold exactly; only a probability is a float here, never an id.
    let unit = (draw >> 11) as f64 / (1_u64 << 53) as f64;
    unit < probability
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probability_bounds_hold_and_the_middle_is_fair() {
        let draws = || (0..10_000_u64).map(|n| mix3(1, 2, n));
        assert!(!draws().any(|draw| happens(draw, 0.0)));
        assert!(draws().all(|draw| happens(draw, 1.0)));
        let hits = draws().filter(|draw| happens(*draw, 0.1)).count();
        assert!((900..1_100).contains(&hits), "{hits}");
    }
}
