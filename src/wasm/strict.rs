//! Reads options strictly: a name that the schema does not know is refused, and what is wrong is
//! told by its path, its type and what was expected.
//!
//! The reader of serde-wasm-bindgen does neither. It asks an object only for the fields of the
//! struct, so `deny_unknown_fields` never sees another; it keeps no path; and its messages quote
//! the value, which may be a password. They also bring the formatting of numbers, a tenth of the
//! wasm. So each object is looked over here before it is read, sentences are made here, and serde's
//! own messages are dropped before they are formatted.
//!
//! What is generic stands once for each type in the wasm: it is kept thin.

use super::error::Refusal;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt::{self, Display, Formatter};
use core::slice;
use js_sys::{Array, Reflect};
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// js-sys has both only as functions that may not throw; a Proxy can make them.
    #[wasm_bindgen(catch, js_namespace = Object, js_name = keys)]
    fn keys_of(value: &JsValue) -> Result<Array, JsValue>;
    #[wasm_bindgen(catch, js_namespace = Array, js_name = isArray)]
    fn is_array(value: &JsValue) -> Result<bool, JsValue>;
}

/// Characters of an unknown name that a message quotes.
const NAME_CHARS_MAX: usize = 64;

/// A value by its name and with the names that it may have; `None` for all of the struct.
pub(super) struct Root {
    pub(super) name: &'static str,
    pub(super) fields: Option<&'static [&'static str]>,
}

/// Reads a value that the caller gave.
pub(super) fn read<T: DeserializeOwned>(root: &Root, value: JsValue) -> Result<T, Refusal> {
    let trail = Trail { root, path: RefCell::default(), refusal: RefCell::default() };
    let strict = Strict { value, trail: &trail, is_optional: false };
    T::deserialize(strict).map_err(|_| {
        let unread = || Refusal::new("invalid-argument", &format!("{} is wrong.", trail.place()));
        trail.refusal.take().unwrap_or_else(unread)
    })
}

/// The end of a reading; what was refused is kept by the [`Trail`].
#[derive(Debug)]
struct Refused;

impl Display for Refused {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("refused")
    }
}

impl core::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// Where the reading is, and what was refused there.
struct Trail<'a> {
    root: &'a Root,
    path: RefCell<Vec<&'static str>>,
    refusal: RefCell<Option<Refusal>>,
}

impl Trail<'_> {
    fn place(&self) -> String {
        let mut place = String::from(self.root.name);
        for name in self.path.borrow().iter() {
            place.push('.');
            place.push_str(name);
        }
        place
    }

    fn refuse(&self, refusal: Refusal) -> Refused {
        self.refusal.replace(Some(refusal));
        Refused
    }

    /// `invalid-argument` for what a program passes around, `invalid-option` for what it sets.
    #[inline(never)]
    fn wrong_type(&self, code: &'static str, expected: &str, value: &JsValue) -> Refused {
        let (place, found) = (self.place(), kind_of(value));
        self.refuse(Refusal::new(code, &format!("{place} must be {expected}, not {found}.")))
    }

    fn unknown(&self, name: &str, known: &[&str]) -> Refused {
        let visible = name.chars().filter(|letter| !letter.is_control());
        let shown: String = visible.take(NAME_CHARS_MAX).collect();
        let (place, known) = (self.place(), known.join(", "));
        let message = format!("{place} has no \"{shown}\"; there are {known}.");
        self.refuse(Refusal::new("unknown-option", &message))
    }

    /// A getter or a Proxy threw.
    fn unreadable(&self, cause: JsValue) -> Refused {
        let message = format!("{} threw an error when it was read; see the cause.", self.place());
        self.refuse(Refusal::new("invalid-argument", &message).because(cause))
    }
}

/// A value by its type, never by its content.
fn kind_of(value: &JsValue) -> String {
    if value.is_null() {
        return "null".into();
    }
    if is_array(value).unwrap_or(false) {
        return "an array".into();
    }
    let kind = value.js_typeof().as_string().unwrap_or_default();
    match &*kind {
        "undefined" => kind,
        "object" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

struct Strict<'a> {
    value: JsValue,
    trail: &'a Trail<'a>,
    /// Whether null is as good as absent here.
    is_optional: bool,
}

impl<'a> Strict<'a> {
    #[inline(never)]
    fn text(&self) -> Result<String, Refused> {
        self.value.as_string().ok_or_else(|| self.not("a string"))
    }

    #[inline(never)]
    fn number(&self) -> Result<f64, Refused> {
        self.value.as_f64().ok_or_else(|| self.not("a number"))
    }

    fn flag(&self) -> Result<bool, Refused> {
        self.value.as_bool().ok_or_else(|| self.not("a boolean"))
    }

    /// Plain data that is of another type.
    fn not(&self, expected: &str) -> Refused {
        self.trail.wrong_type("invalid-option", expected, &self.value)
    }

    fn is_object(&self) -> bool {
        self.value.is_object() && !is_array(&self.value).unwrap_or(false)
    }

    /// An object, looked over before it is read; undefined has no fields.
    #[inline(never)]
    fn into_fields(self, all: &'static [&'static str]) -> Result<Fields<'a>, Refused> {
        let is_root = self.trail.path.borrow().is_empty();
        let known = self.trail.root.fields.filter(|_| is_root).unwrap_or(all);
        if is_root || !self.value.is_undefined() {
            self.check_names(known)?;
        }
        let Self { value: object, trail, .. } = self;
        Ok(Fields { object, fields: all.iter(), known, trail })
    }

    fn check_names(&self, known: &[&str]) -> Result<(), Refused> {
        if !self.is_object() {
            let code = if self.is_optional { "invalid-option" } else { "invalid-argument" };
            return Err(self.trail.wrong_type(code, "an object", &self.value));
        }
        let names = keys_of(&self.value).map_err(|cause| self.trail.unreadable(cause))?;
        let mut names = names.iter().filter_map(|name| name.as_string());
        let stranger = names.find(|name| !known.contains(&&**name));
        stranger.map_or(Ok(()), |name| Err(self.trail.unknown(&name, known)))
    }

    /// The variant that a value of several kinds is.
    #[inline(never)]
    fn form(&self) -> Result<&'static str, Refused> {
        if self.value.is_undefined() {
            return Ok("Absent");
        }
        if self.value.is_function() {
            return Ok("Function");
        }
        if self.is_object() {
            return Ok("Object");
        }
        let expected = "a function or an object";
        Err(self.trail.wrong_type("invalid-argument", expected, &self.value))
    }
}

impl<'de> Deserializer<'de> for Strict<'_> {
    type Error = Refused;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_seq(self.into_fields(fields)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.value.is_null() || self.value.is_undefined() {
            return visitor.visit_none();
        }
        visitor.visit_some(Strict { is_optional: true, ..self })
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_f64(self.number()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_bool(self.flag()?)
    }

    /// A name or a number: the one value of the options that may be either.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if let Some(number) = self.value.as_f64() {
            return visitor.visit_f64(number);
        }
        let name = self.value.as_string();
        visitor.visit_string(name.ok_or_else(|| self.not("a string or a number"))?)
    }

    /// A function, which stays in JavaScript.
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.value.is_undefined() {
            return visitor.visit_none();
        }
        if self.value.is_function() {
            return visitor.visit_unit();
        }
        Err(self.trail.wrong_type("invalid-argument", "a function", &self.value))
    }

    /// Anything, for JavaScript to look at.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.value.is_undefined() { visitor.visit_none() } else { visitor.visit_unit() }
    }

    /// A function, an object or nothing, which are variants of these names.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 char str bytes byte_buf unit_struct
        newtype_struct seq tuple tuple_struct map identifier
    }
}

impl<'de> de::EnumAccess<'de> for Strict<'_> {
    type Error = Refused;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refused> {
        let variant = seed.deserialize(StrDeserializer::<Refused>::new(self.form()?))?;
        Ok((variant, self))
    }
}

impl<'de> de::VariantAccess<'de> for Strict<'_> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refused> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.deserialize_any(visitor)
    }
}

/// The fields of an object, read in the order of the schema, inherited ones and getters included.
struct Fields<'a> {
    object: JsValue,
    fields: slice::Iter<'static, &'static str>,
    /// Those that are read; the others are absent.
    known: &'static [&'static str],
    trail: &'a Trail<'a>,
}

impl Fields<'_> {
    /// The value of the next field, undefined where it is absent.
    #[inline(never)]
    fn next_value(&mut self) -> Result<JsValue, Refused> {
        let Some(field) = self.fields.next() else { return Err(Refused) };
        self.trail.path.borrow_mut().push(field);
        if self.object.is_undefined() || !self.known.contains(field) {
            return Ok(JsValue::UNDEFINED);
        }
        Reflect::get(&self.object, &JsValue::from_str(field))
            .map_err(|cause| self.trail.unreadable(cause))
    }
}

impl<'de> SeqAccess<'de> for Fields<'_> {
    type Error = Refused;

    #[inline(never)]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        let value = self.next_value()?;
        let read = seed.deserialize(Strict { value, trail: self.trail, is_optional: false })?;
        self.trail.path.borrow_mut().pop();
        Ok(Some(read))
    }
}
