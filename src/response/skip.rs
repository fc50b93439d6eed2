//! Skips values of unknown fields: validates them without recursion and without holding them.

use super::answer::Broken;
use super::step::{Step, Stop};
use crate::scan::token::Cursor;

/// The bounds that the skipper has left.
pub(super) struct Allowance {
    /// Deepest nesting; at most [`DEPTH_BITS`].
    pub depth_max: u32,
    /// Keys left before the answer counts as an attack.
    pub keys_left: u64,
}

/// One bit of nesting for each level: more levels than this are never allowed.
pub(super) const DEPTH_BITS: u32 = 64;

impl Allowance {
    /// For the inside of one entry or element, whose size is bounded otherwise.
    pub fn unit(depth_max: u32) -> Self {
        Self { depth_max, keys_left: u64::MAX }
    }

    pub fn enter(&self, depth: u32) -> Step<()> {
        if depth > self.depth_max { Err(Stop::Broken(Broken::TooDeep)) } else { Ok(()) }
    }

    pub fn count_key(&mut self) -> Step<()> {
        match self.keys_left.checked_sub(1) {
            Some(left) => self.keys_left = left,
            None => return Err(Stop::Broken(Broken::TooManyKeys)),
        }
        Ok(())
    }
}

/// The skipper's position in a value, so that it can go on in the next piece of the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Skipper {
    need: Need,
    /// Depth of the container that holds the value.
    outside: u32,
    /// Depth of the container that is open now.
    depth: u32,
    /// A bit for each open container, the innermost lowest: 1 for an object, 0 for an array.
    objects: u64,
}

#[derive(Clone, Copy, Debug)]
enum Need {
    Value,
    ValueOrClose,
    Key,
    KeyOrClose,
    CommaOrClose,
}

impl Skipper {
    /// Begins before a value inside a container of this depth.
    pub fn new(outside: u32) -> Self {
        Self { need: Need::Value, outside, depth: outside, objects: 0 }
    }

    /// Goes on to the end of the value. At [`Stop::More`] the cursor is before the first token
    /// that was not complete, and the skipper is ready to read it again.
    pub fn run(&mut self, cursor: &mut Cursor<'_>, allowance: &mut Allowance) -> Step<()> {
        loop {
            let start = cursor.at();
            match self.step(cursor, allowance) {
                Ok(()) => {}
                Err(stop) => {
                    cursor.rewind(start);
                    return Err(stop);
                }
            }
            if self.depth == self.outside && matches!(self.need, Need::CommaOrClose) {
                return Ok(());
            }
        }
    }

    fn step(&mut self, cursor: &mut Cursor<'_>, allowance: &mut Allowance) -> Step<()> {
        let byte = cursor.peek()?;
        let close = if self.objects & 1 == 1 { b'}' } else { b']' };
        match self.need {
            Need::ValueOrClose | Need::KeyOrClose if byte == close => {
                cursor.advance();
                self.leave();
            }
            Need::Value | Need::ValueOrClose => self.value(cursor, byte, allowance)?,
            Need::Key | Need::KeyOrClose => {
                cursor.key()?;
                allowance.count_key()?;
                self.need = Need::Value;
            }
            Need::CommaOrClose => {
                if cursor.another(close)? {
                    self.need = if self.objects & 1 == 1 { Need::Key } else { Need::Value };
                } else {
                    self.leave();
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, cursor: &mut Cursor<'_>, byte: u8, allowance: &Allowance) -> Step<()> {
        if byte != b'{' && byte != b'[' {
            cursor.scalar()?;
            self.need = Need::CommaOrClose;
            return Ok(());
        }
        let depth = self.depth.saturating_add(1);
        allowance.enter(depth)?;
        cursor.advance();
        self.depth = depth;
        self.objects = self.objects << 1 | u64::from(byte == b'{');
        self.need = if byte == b'{' { Need::KeyOrClose } else { Need::ValueOrClose };
        Ok(())
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
        self.need = Need::CommaOrClose;
    }
}

/// Skips one value that is complete in the cursor's bytes, inside a container of this depth.
#[inline]
pub(super) fn skip(cursor: &mut Cursor<'_>, outside: u32, depth_max: u32) -> Step<()> {
    match cursor.peek()? {
        b'{' | b'[' => Skipper::new(outside).run(cursor, &mut Allowance::unit(depth_max)),
        _ => Ok(cursor.scalar().map(|_| ())?),
    }
}

#[cfg(test)]
mod tests {
    use super::super::step::BAD;
    use super::*;

    const SAMPLE: &str = r#"{"a":[1,[],{},{"b":"]}\""}],"c":-1.5e3,"d":null , "e":[true,false]}"#;

    #[test]
    fn a_value_ends_where_it_ends_in_any_pieces() {
        let whole = format!("{SAMPLE},");
        for size in 1..whole.len() {
            let mut skipper = Skipper::new(1);
            let mut allowance = Allowance { depth_max: 8, keys_left: 100 };
            let (mut from, mut to) = (0, 0);
            loop {
                to = (to + size).min(whole.len());
                let mut cursor = Cursor::new(&whole.as_bytes()[from..to]);
                let result = skipper.run(&mut cursor, &mut allowance);
                from += cursor.at();
                if result != Err(Stop::More) {
                    assert_eq!((result, from), (Ok(()), SAMPLE.len()), "pieces of {size}");
                    break;
                }
            }
            assert_eq!(allowance.keys_left, 95, "pieces of {size}");
        }
    }

    #[test]
    fn wrong_structure_is_refused() {
        for bad in ["]", "}", ",", "[1}", "{]", r#"{"a":1]"#, "[1,]", r#"{"a":1,}"#, r#"{"a"}"#] {
            let text = format!("{bad}   ");
            assert_eq!(skip(&mut Cursor::new(text.as_bytes()), 1, 8), Err(BAD), "{bad}");
        }
        for bad in ["[1 2]", "[,1]", "{1:2}", "{a:1}", r#"{"a" 1}"#, "['a']", "[//\n]", "[01]"] {
            let text = format!("{bad}   ");
            assert_eq!(skip(&mut Cursor::new(text.as_bytes()), 1, 8), Err(BAD), "{bad}");
        }
    }

    #[test]
    fn depth_and_keys_are_bounded() {
        let deep = "[".repeat(100_000);
        let stop = skip(&mut Cursor::new(deep.as_bytes()), 1, 64);
        assert_eq!(stop, Err(Stop::Broken(Broken::TooDeep)));
        let at_the_bound = format!("{}{}", "[".repeat(63), "]".repeat(63));
        assert_eq!(skip(&mut Cursor::new(at_the_bound.as_bytes()), 1, 64), Ok(()));
        let mut allowance = Allowance { depth_max: 8, keys_left: 2 };
        let stop = Skipper::new(1).run(&mut Cursor::new(SAMPLE.as_bytes()), &mut allowance);
        assert_eq!(stop, Err(Stop::Broken(Broken::TooManyKeys)));
    }
}
