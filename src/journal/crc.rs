//! The journal's checksum: CRC-32C (Castagnoli; RFC 3720, appendix B.4).

use crc::{Algorithm, CRC_32_ISCSI, Crc};

/// The journal stores the running state of the checksum, so it skips the inversion at the end.
const STATE: Algorithm<u32> = Algorithm { xorout: 0, ..CRC_32_ISCSI };

static CRC: Crc<u32> = Crc::<u32>::new(&STATE);

/// The state before the first byte.
pub(super) const START: u32 = STATE.init;

/// The state after more bytes.
pub(super) fn extend(state: u32, bytes: &[u8]) -> u32 {
    // The crate takes the start with its bits in reverse, and gives the state as it is.
    let mut digest = CRC.digest_with_initial(state.reverse_bits());
    digest.update(bytes);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_check_values_come_out() {
        let cases: [(&[u8], u32); 4] = [
            (b"123456789", 0xe306_9283),
            (&[0; 32], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (b"", 0),
        ];
        for (bytes, check) in cases {
            assert_eq!(!extend(START, bytes), check);
            for middle in 0..bytes.len() {
                let (head, rest) = bytes.split_at(middle);
                assert_eq!(!extend(extend(START, head), rest), check);
            }
        }
    }
}
