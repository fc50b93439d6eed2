//! Single JavaScript values.

use super::collector::Collector;
use super::error::IntakeError;
use super::problem::ProblemReason;
use crate::id::CustomerId;
use crate::text::push_number;
use alloc::string::String;

/// Decimals of a number that is quoted; enough to recognise it.
const DECIMALS_QUOTED: u64 = 1_000;

pub fn long(long: i64, position: u64, out: &mut Collector) -> Result<(), IntakeError> {
    match CustomerId::new(long) {
        Ok(id) => out.id(id.get(), position),
        Err(error) => {
            let mut text = String::new();
            push_signed(&mut text, long < 0, long.unsigned_abs());
            out.problem(ProblemReason::Invalid(error), text.as_bytes(), position);
            Ok(())
        }
    }
}

pub fn number(number: f64, position: u64, out: &mut Collector) -> Result<(), IntakeError> {
    match CustomerId::from_number(number) {
        Ok(id) => out.id(id.get(), position),
        Err(error) => {
            let text = quoted(number);
            out.problem(ProblemReason::Invalid(error), text.as_bytes(), position);
            Ok(())
        }
    }
}

/// The number as far as it can be quoted without the formatting of floats, which alone would be
/// larger than this whole module: whole part and three decimals, cut, not rounded.
fn quoted(number: f64) -> String {
    let mut out = String::new();
    let size = number.abs();
    if number.is_nan() {
        out.push_str("NaN");
    } else if size >= 18_446_744_073_709_551_616.0 {
        out.push_str(if number < 0.0 { "below -2^64" } else { "above 2^64" });
    } else {
        // Both casts cut towards zero and fit by the test above.
        push_signed(&mut out, number < 0.0, size as u64);
        let decimals = (size % 1.0 * DECIMALS_QUOTED as f64) as u64;
        if size % 1.0 != 0.0 {
            out.push('.');
            push_number(decimals / 100, &mut out);
            push_number(decimals / 10 % 10, &mut out);
            push_number(decimals % 10, &mut out);
        }
    }
    out
}

fn push_signed(out: &mut String, negative: bool, size: u64) {
    if negative {
        out.push('-');
    }
    push_number(size, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_quoted_recognisably() {
        let cases = [
            (5.5, "5.500"),
            (-0.25, "-0.250"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e19, "10000000000000000000"),
            (-7.0, "-7"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "above 2^64"),
            (-1e300, "below -2^64"),
            (1e-9, "0.000"),
        ];
        for (number, text) in cases {
            assert_eq!(quoted(number), text);
        }
    }
}
