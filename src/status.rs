//! The HTTP status of an answer.

/// The status of an answer's head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// A redirect that a page is not shown (`type` is `opaqueredirect`), so it has no number.
    #[default]
    HiddenRedirect,
    /// From 100 to 599, as [`Status::of_response`] reads it.
    Http(u16),
}

impl Status {
    /// The status that a transport resolved with. `None` unless it is an integer from 100 to 599;
    /// the attempt then failed. A network error (`Response.error()`) has status 0, and a number
    /// beyond 16 bits must not wrap to another.
    pub fn of_response(status: f64, is_hidden_redirect: bool) -> Option<Self> {
        if is_hidden_redirect {
            return Some(Self::HiddenRedirect);
        }
        let whole = status as u16;
        let is_http = f64::from(whole) == status && (100..=599).contains(&whole);
        is_http.then_some(Self::Http(whole))
    }

    /// The number for the report.
    pub const fn number(self) -> Option<u16> {
        match self {
            Self::HiddenRedirect => None,
            Self::Http(number) => Some(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_integer_from_100_to_599_is_a_status() {
        for status in [100, 200, 429, 599] {
            let found = Status::of_response(f64::from(status), false);
            assert_eq!(found, Some(Status::Http(status)));
        }
        // 65,965 is 429 modulo 2^16.
        let others = [0.0, -0.0, 99.0, 600.0, 65_965.0, 65_736.0, 4_294_967_496.0, -200.0, 200.5];
        for status in others.into_iter().chain([f64::NAN, f64::INFINITY, f64::MAX]) {
            assert_eq!(Status::of_response(status, false), None, "{status}");
        }
    }

    #[test]
    fn a_hidden_redirect_is_told_by_the_type_alone() {
        for status in [0.0, 200.0, f64::NAN] {
            let found = Status::of_response(status, true);
            assert_eq!((found, found.unwrap().number()), (Some(Status::HiddenRedirect), None));
        }
    }
}
