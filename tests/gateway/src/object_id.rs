//! The 24-hex ids the service gives to issued promotions.

use std::fmt;

/// A 12-byte id: 4 bytes of seconds, 5 of the maker, 3 of a counter. Its first 8 hex digits equal
/// `floor(eventTime / 1000)`, as in both documented examples (api.md 11).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ObjectId([u8; 12]);

const HEX: &[u8; 16] = b"0123456789abcdef";

impl ObjectId {
    /// The stored form.
    pub fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    /// The stored form.
    pub fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }

    /// Reads 24 lowercase or uppercase hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 24 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let wide = u128::from_str_radix(text, 16).ok()?;
        wide.to_be_bytes().last_chunk::<12>().copied().map(Self)
    }

    /// The 24 lowercase hex digits.
    pub fn hex(&self) -> [u8; 24] {
        let mut out = [b'0'; 24];
        for (pair, byte) in out.chunks_exact_mut(2).zip(self.0) {
            for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
            }
        }
        out
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hex().iter().try_for_each(|digit| fmt::Write::write_char(f, char::from(*digit)))
    }
}

/// Makes ids that differ within one account: the counter is never reset while the process lives
/// and starts behind the issuances of earlier ones.
#[derive(Debug)]
pub(crate) struct ObjectIdMaker {
    machine: [u8; 5],
    counter: u32,
}

impl ObjectIdMaker {
    /// `seed` fixes the 5 middle bytes; `issued` is how many ids the account already holds.
    pub(crate) fn new(seed: u64, issued: u64) -> Self {
        let mixed = crate::chance::mix(seed).to_be_bytes();
        let machine = mixed.first_chunk::<5>().copied().unwrap_or_default();
        Self { machine, counter: u32::try_from(issued & 0x00ff_ffff).unwrap_or(0) }
    }

    /// The next id for an event at `at_ms`.
    pub(crate) fn make(&mut self, at_ms: i64) -> ObjectId {
        self.counter = self.counter.wrapping_add(1);
        let seconds = u32::try_from(at_ms.div_euclid(1_000)).unwrap_or(0).to_be_bytes();
        let [_, high, middle, low] = self.counter.to_be_bytes();
        let mut bytes = [0_u8; 12];
        let parts = seconds.into_iter().chain(self.machine).chain([high, middle, low]);
        for (slot, byte) in bytes.iter_mut().zip(parts) {
            *slot = byte;
        }
        ObjectId(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trips_and_starts_with_the_second() {
        let mut maker = ObjectIdMaker::new(7, 0);
        let id = maker.make(1_742_553_655_678);
        let text = id.to_string();
        assert!(text.starts_with("67dd4237"));
        assert_eq!(ObjectId::parse(&text), Some(id));
        assert_eq!(ObjectId::parse("67dd4237ef21a64211227e0"), None);
        assert_eq!(ObjectId::parse("67dd4237ef21a64211227e0g"), None);
    }

    #[test]
    fn a_restarted_maker_continues_behind_the_issued_ones() {
        let mut first = ObjectIdMaker::new(7, 0);
        let ids = [first.make(1_000), first.make(1_000)];
        let third = ObjectIdMaker::new(7, 2).make(1_000);
        assert!(!ids.contains(&third));
        assert_ne!(ids[0], ids[1]);
    }
}
