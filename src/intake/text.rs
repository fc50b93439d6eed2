//! Small things about names and values as text.

use alloc::string::String;
use alloc::vec::Vec;

/// Names of the column or field with the customers' ids, best first, as [`plain`] compares them.
/// Names of one row are equally good: two of them in one header are ambiguous. In Capillary's own
/// exports and APIs a user id is the customer's id.
const KNOWN: [&[&str]; 3] =
    [&["customerid", "custid", "customerids"], &["userid", "userids"], &["id", "ids"]];

/// Which of several names is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    One(usize),
    Several,
    None,
}

/// Trims blanks and line breaks, which spreadsheets add.
pub fn trimmed(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = text {
        text = rest;
    }
    text
}

/// Parts of a name that may mean the customer, too. Beside one of them an `id` may be the key of
/// the record, and a `user_id` another person.
const OF_CUSTOMERS: [&str; 14] = [
    "cust",
    "user",
    "member",
    "client",
    "account",
    "loyal",
    "profile",
    "person",
    "contact",
    "shopper",
    "buyer",
    "subscriber",
    "crm",
    "uid",
];

/// The best usual name of a customer's id, where no other name could be meant as well.
pub fn known_name<'a>(names: impl Iterator<Item = &'a [u8]> + Clone) -> Pick {
    let best = KNOWN.iter().enumerate().find_map(|(rank, row)| {
        let hit = only(names.clone().map(|name| is_one_of(name, row)));
        (hit != Pick::None).then_some((rank, hit))
    });
    let Some((rank, Pick::One(place))) = best else {
        return best.map_or(Pick::None, |(_, pick)| pick);
    };
    let others = names.enumerate().filter(|(other, _)| *other != place).map(|(_, name)| name);
    let mut rivals = others.filter(|name| !KNOWN.iter().any(|row| is_one_of(name, row)));
    let is_doubtful = match rank {
        0 => false,
        1 => rivals.any(is_of_customers),
        _ => rivals.any(|name| is_of_customers(name) || is_another_id(name)),
    };
    if is_doubtful { Pick::Several } else { Pick::One(place) }
}

/// True if a name means the customer, whatever other names there are.
pub fn is_certain(name: &[u8]) -> bool {
    KNOWN.first().is_some_and(|row| is_one_of(name, row))
}

/// True if exactly one name is a usual one.
pub fn is_known(name: &[u8]) -> bool {
    KNOWN.iter().any(|row| is_one_of(name, row))
}

fn is_one_of(name: &[u8], row: &[&str]) -> bool {
    row.iter().any(|known| plain(name, known))
}

fn is_of_customers(name: &[u8]) -> bool {
    let name: Vec<u8> = letters(name).collect();
    OF_CUSTOMERS.iter().any(|part| name.windows(part.len()).any(|at| at == part.as_bytes()))
}

/// `order_id`, `order id`, `orderId`; not `paid`.
fn is_another_id(name: &[u8]) -> bool {
    match trimmed(name) {
        [.., before, i @ (b'i' | b'I'), b'd' | b'D'] => {
            matches!(before, b'_' | b'-' | b' ') || (before.is_ascii_lowercase() && *i == b'I')
        }
        _ => false,
    }
}

/// The only name that is `wanted`, or else the only one that is it but for case, `_`, `-` and
/// blanks.
pub fn wanted_name<'a>(names: impl Iterator<Item = &'a [u8]> + Clone, wanted: &str) -> Pick {
    let wanted = trimmed(wanted.as_bytes());
    match only(names.clone().map(|name| trimmed(name) == wanted)) {
        Pick::None => only(names.map(|name| same(name, wanted))),
        exact => exact,
    }
}

fn only(hits: impl Iterator<Item = bool>) -> Pick {
    let mut pick = Pick::None;
    for (index, _) in hits.enumerate().filter(|(_, hit)| *hit) {
        if pick != Pick::None {
            return Pick::Several;
        }
        pick = Pick::One(index);
    }
    pick
}

/// True if a name is `known`, which has lower-case letters only.
fn plain(name: &[u8], known: &str) -> bool {
    same(name, known.as_bytes())
}

fn same(left: &[u8], right: &[u8]) -> bool {
    letters(left).eq(letters(right))
}

fn letters(name: &[u8]) -> impl Iterator<Item = u8> {
    let letters = name.iter().filter(|byte| !matches!(byte, b'_' | b'-' | b' ' | b'\t'));
    letters.map(u8::to_ascii_lowercase)
}

/// True if a cell of the first row may be any title: it begins with a letter.
pub fn may_be_title(cell: &[u8]) -> bool {
    let text = core::str::from_utf8(cell).unwrap_or_default();
    text.chars().next().is_some_and(is_letter) || is_title(cell)
}

/// True if a cell of the first row is a title: a known name, or letters without any digit.
///
/// Whatever could be meant as an id (`00123`, `1e9`, full-width digits, `ABC123`) is not a title,
/// so that it is counted as invalid and seen, not swallowed.
pub fn is_title(cell: &[u8]) -> bool {
    if is_known(cell) {
        return true;
    }
    let text = core::str::from_utf8(cell).unwrap_or_default();
    text.chars().any(is_letter) && !text.chars().any(is_digit)
}

/// Letters, roughly: the exact Unicode table is not worth its bytes in the module.
fn is_letter(letter: char) -> bool {
    let blank = matches!(letter, '\u{2000}'..='\u{206f}' | '\u{3000}' | '\u{feff}');
    letter.is_ascii_alphabetic() || (letter >= '\u{c0}' && !blank && !is_digit(letter))
}

/// ASCII, Arabic, Persian, Devanagari and full-width digits: those of keyboards in use.
fn is_digit(letter: char) -> bool {
    matches!(
        letter,
        '0'..='9' | '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' | '\u{966}'..='\u{96f}'
            | '\u{ff10}'..='\u{ff19}'
    )
}

/// Truncates a text for display to so many bytes of whole characters. Invisible characters
/// (controls, blanks other than a space, marks of direction or width) become escapes such as
/// `\u{a0}`.
pub fn visible(text: &[u8], bytes_max: usize) -> String {
    let mut out = String::new();
    for letter in text.utf8_chunks().flat_map(|chunk| chunk.valid().chars()) {
        let before = out.len();
        if is_invisible(letter) {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
        if out.len() > bytes_max {
            out.truncate(before);
            break;
        }
    }
    out
}

fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{1680}'
                | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}'
                | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}'
                | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[&str]) -> Pick {
        known_name(names.iter().map(|name| name.as_bytes()))
    }

    #[test]
    fn the_best_known_name_wins_and_two_equal_ones_are_ambiguous() {
        assert_eq!(known(&["id", "Customer ID", "user_id"]), Pick::One(1));
        assert_eq!(known(&["name", "USER-ID", "id"]), Pick::One(1));
        assert_eq!(known(&["name", " Id "]), Pick::One(1));
        assert_eq!(known(&["customerId", "cust_id"]), Pick::Several);
        assert_eq!(known(&["identity", "__proto__", ""]), Pick::None);
    }

    #[test]
    fn a_wanted_name_is_exact_before_it_is_nearly_so() {
        let names = ["Member No", "member_no", "other"];
        let wanted = |name| wanted_name(names.iter().map(|name| name.as_bytes()), name);
        assert_eq!(wanted("member_no"), Pick::One(1));
        assert_eq!(wanted("MEMBERNO"), Pick::Several);
        assert_eq!(wanted("OTHER"), Pick::One(2));
        assert_eq!(wanted("none"), Pick::None);
    }

    #[test]
    fn what_nobody_sees_is_an_escape() {
        for (text, shown) in [
            ("566881001\u{a0}", "566881001\\u{a0}"),
            ("\u{200b}5\u{202e}6", "\\u{200b}5\\u{202e}6"),
            ("a\tb\r\n\u{7}\u{9f}", "a\\tb\\r\\n\\u{7}\\u{9f}"),
            ("\u{feff}\u{e0041}\u{3000}", "\\u{feff}\\u{e0041}\\u{3000}"),
            ("Zoë 顧客 🎁 \"a\\b\"", "Zoë 顧客 🎁 \"a\\b\""),
        ] {
            assert_eq!(visible(text.as_bytes(), 99), shown);
        }
        assert_eq!(visible("12\u{a0}34".as_bytes(), 7), "12");
        assert_eq!(visible("12\u{a0}34".as_bytes(), 9), "12\\u{a0}3");
        assert_eq!(visible(&"ä".as_bytes()[..1], 9), "");
    }

    #[test]
    fn titles_have_letters_and_no_digits() {
        for title in ["customer_id", "Kundennummer", "顧客番号", "идентификатор", "Member no."]
        {
            assert!(is_title(title.as_bytes()), "{title}");
        }
        for value in ["", "123", "00123", "1e9", "+5", "5.0", "0x1f", "１２３", "٣", "ABC123", "-"]
        {
            assert!(!is_title(value.as_bytes()), "{value}");
        }
        assert!(!is_title("\u{a0}\u{200b}".as_bytes()));
    }
}
