//! Redacts secrets in text of the service, which may repeat what it was sent.
//!
//! Secrets only go in: there is neither `Debug` nor `Display` nor a getter.

use crate::limits::{MESSAGE_BYTES_MAX, REQUEST_ID_MAX, SECRETS_RENEWED_KEPT};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

/// The secrets of a run.
#[derive(Default)]
pub struct Secrets {
    given: Vec<Box<str>>,
    /// The newest secrets of credentials that are renewed.
    renewed: VecDeque<Box<str>>,
}

/// The replacement of a secret.
const HIDDEN: &str = "[hidden]";
/// Length below which a secret is redacted only as a whole word: shorter ones occur within words.
const PART_BYTES_MIN: usize = 4;

impl Secrets {
    /// Redacts this secret in every text from now on.
    pub fn keep(&mut self, secret: &str) {
        if !secret.is_empty() {
            self.given.push(secret.into());
        }
    }

    /// Redacts a secret that is renewed from time to time, such as a token.
    pub fn keep_renewed(&mut self, secret: &str) {
        if secret.is_empty() || self.renewed.back().is_some_and(|newest| &**newest == secret) {
            return;
        }
        if self.renewed.len() >= SECRETS_RENEWED_KEPT {
            self.renewed.pop_front();
        }
        self.renewed.push_back(secret.into());
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.given.iter().chain(&self.renewed).map(|secret| &**secret)
    }

    /// The text with all secrets redacted, in any case of letters.
    pub fn hide(&self, text: &str) -> Box<str> {
        let mut rest = text;
        let mut shown = String::new();
        while let Some((start, end)) = self.next(rest) {
            shown.push_str(rest.get(..start).unwrap_or_default());
            shown.push_str(HIDDEN);
            rest = rest.get(end..).unwrap_or_default();
        }
        // The service's message was truncated, perhaps in the middle of a secret.
        let cut = text.len().saturating_add(PART_BYTES_MIN) > MESSAGE_BYTES_MAX;
        let begun = if cut { self.begun_at_the_end(rest) } else { 0 };
        let kept = rest.len().saturating_sub(begun);
        shown.push_str(rest.get(..kept).unwrap_or_default());
        if begun > 0 {
            shown.push_str(HIDDEN);
        }
        shown.into()
    }

    /// A request id: a word of at most [`REQUEST_ID_MAX`] characters. Redacts before truncating:
    /// half a secret would no longer match.
    pub fn hide_in_word(&self, text: &str) -> Option<Box<str>> {
        let word: String = self.hide(text).chars().filter(char::is_ascii_graphic).collect();
        // Characters that were removed may have split a secret.
        let word = self.hide(&word);
        let shown: String = word.chars().take(REQUEST_ID_MAX).collect();
        (!shown.is_empty()).then(|| shown.into())
    }

    /// The place of the first secret; of several at one place, the longest.
    fn next(&self, text: &str) -> Option<(usize, usize)> {
        let places = self.all().filter_map(|secret| {
            let found = find(text, secret)?;
            Some((found, found.saturating_add(secret.len())))
        });
        places.min_by_key(|(start, end)| (*start, core::cmp::Reverse(*end)))
    }

    /// Length of the longest end of the text that is the beginning of a secret.
    fn begun_at_the_end(&self, text: &str) -> usize {
        let begun = |secret: &str| {
            let longest = secret.len().min(text.len());
            (PART_BYTES_MIN..=longest).rev().find(|length| {
                let end = text.len().checked_sub(*length).and_then(|from| text.get(from..));
                matches!((end, secret.get(..*length)), (Some(end), Some(begin))
                    if end.eq_ignore_ascii_case(begin))
            })
        };
        self.all().filter_map(begun).max().unwrap_or(0)
    }
}

fn find(text: &str, secret: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    bytes.windows(secret.len()).enumerate().find_map(|(start, window)| {
        if !window.eq_ignore_ascii_case(secret.as_bytes()) {
            return None;
        }
        let end = start.saturating_add(secret.len());
        let inner = |at: Option<usize>| {
            at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric)
        };
        let is_word = !inner(start.checked_sub(1)) && !inner(Some(end));
        (secret.len() >= PART_BYTES_MIN || is_word).then_some(start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(all: &[&str]) -> Secrets {
        let mut secrets = Secrets::default();
        all.iter().for_each(|secret| secrets.keep(secret));
        secrets
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let known = secrets(&["hunter2!", "till:hunter2!", "x1", "\u{e4}\u{f6}\u{fc}\u{df}"]);
        for (text, shown) in [
            ("", ""),
            ("nothing here", "nothing here"),
            ("hunter2!", "[hidden]"),
            ("bad HUNTER2! and hunter2!.", "bad [hidden] and [hidden]."),
            ("Basic till:hunter2! refused", "Basic [hidden] refused"),
            ("x1, ax1, x1a, (x1)", "[hidden], ax1, x1a, ([hidden])"),
            ("p\u{e4}\u{f6}\u{fc}\u{df}!", "p[hidden]!"),
            ("hunter2", "hunter2"),
        ] {
            assert_eq!(&*known.hide(text), shown);
        }
        assert_eq!(&*secrets(&[]).hide("hunter2!"), "hunter2!");
    }

    #[test]
    fn a_secret_that_the_bound_cuts_is_hidden_as_far_as_it_stands() {
        let known = secrets(&["0123456789abcdef"]);
        for kept in PART_BYTES_MIN..16 {
            let filling = "m".repeat(MESSAGE_BYTES_MAX - kept);
            let text = format!("{filling}{}", &"0123456789abcdef"[..kept]);
            let shown = known.hide(&text);
            assert!(shown.ends_with("m[hidden]"), "{kept}: {shown}");
        }
        assert_eq!(&*known.hide("a short text 01234567"), "a short text 01234567");
    }

    #[test]
    fn a_word_is_hidden_before_it_is_cut() {
        let token = "eyJhbGciOiJIUzI1NiJ9.".repeat(20);
        let known = secrets(&[&token, "two words"]);
        for (text, shown) in [
            (String::new(), None),
            (" \t\u{e4}".into(), None),
            ("5 0-ab\u{e4}".into(), Some("50-ab".to_owned())),
            (token.clone(), Some("[hidden]".to_owned())),
            (format!("for {token}."), Some("for[hidden].".to_owned())),
            (token.replace('.', "\t."), Some("[hidden]".to_owned())),
            ("two words".into(), Some("[hidden]".to_owned())),
            ("i".repeat(200), Some("i".repeat(REQUEST_ID_MAX))),
        ] {
            assert_eq!(known.hide_in_word(&text).as_deref(), shown.as_deref(), "{text}");
        }
    }

    #[test]
    fn the_newest_of_those_renewed_are_kept() {
        let mut known = secrets(&["password"]);
        let tokens = (0..=SECRETS_RENEWED_KEPT).map(|number| format!("token-{number:04}"));
        tokens.for_each(|token| known.keep_renewed(&token));
        let shown = known.hide("password token-0000 token-0001");
        assert_eq!(&*shown, "[hidden] token-0000 [hidden]");
    }
}
