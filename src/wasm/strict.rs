//! Reads options strictly: a name that the schema does not know is refused, and what is wrong is
//! told by its path, its type and what was expected.
//!
//! serde-wasm-bindgen alone does neither. It asks an object only for the fields of the struct, so
//! `deny_unknown_fields` never sees another; it keeps no path; and its messages quote the value,
//! which may be a password. So each object is looked over here before it is read, sentences are
//! made here, and the crate's own messages are dropped.

use super::error::Refusal;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::slice;
use js_sys::{Array, Reflect};
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Visitor};
use serde_wasm_bindgen as swb;
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

    fn refuse(&self, refusal: Refusal) -> swb::Error {
        self.refusal.replace(Some(refusal));
        swb::Error::custom("")
    }

    /// `invalid-argument` for what a program passes around, `invalid-option` for what it sets.
    #[inline(never)]
    fn wrong_type(&self, code: &'static str, expected: &str, value: &JsValue) -> swb::Error {
        let (place, found) = (self.place(), kind_of(value));
        self.refuse(Refusal::new(code, &format!("{place} must be {expected}, not {found}.")))
    }

    fn unknown(&self, name: &str, known: &[&str]) -> swb::Error {
        let visible = name.chars().filter(|letter| !letter.is_control());
        let shown: String = visible.take(NAME_CHARS_MAX).collect();
        let (place, known) = (self.place(), known.join(", "));
        let message = format!("{place} has no \"{shown}\"; there are {known}.");
        self.refuse(Refusal::new("unknown-option", &message))
    }

    /// A getter or a Proxy threw.
    fn unreadable(&self, cause: JsValue) -> swb::Error {
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

impl Strict<'_> {
    /// Leaves a text, a number or a flag to serde-wasm-bindgen.
    fn plain<T>(
        self,
        expected: &str,
        read: impl FnOnce(swb::Deserializer) -> Result<T, swb::Error>,
    ) -> Result<T, swb::Error> {
        let Self { value, trail, .. } = self;
        read(value.clone().into()).map_err(|_| trail.wrong_type("invalid-option", expected, &value))
    }

    fn is_object(&self) -> bool {
        self.value.is_object() && !is_array(&self.value).unwrap_or(false)
    }

    /// Looks an object over before it is read.
    fn check_names(&self, fields: &[&str]) -> Result<(), swb::Error> {
        if !self.is_object() {
            let code = if self.is_optional { "invalid-option" } else { "invalid-argument" };
            return Err(self.trail.wrong_type(code, "an object", &self.value));
        }
        let names = keys_of(&self.value).map_err(|cause| self.trail.unreadable(cause))?;
        let mut names = names.iter().filter_map(|name| name.as_string());
        let stranger = names.find(|name| !fields.contains(&&**name));
        stranger.map_or(Ok(()), |name| Err(self.trail.unknown(&name, fields)))
    }
}

impl<'de> Deserializer<'de> for Strict<'_> {
    type Error = swb::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, swb::Error> {
        let is_root = self.trail.path.borrow().is_empty();
        let fields = self.trail.root.fields.filter(|_| is_root).unwrap_or(fields);
        self.check_names(fields)?;
        let Self { value: object, trail, .. } = self;
        visitor.visit_map(Fields { object, fields: fields.iter(), value: None, trail })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, swb::Error> {
        if self.value.is_null() || self.value.is_undefined() {
            return visitor.visit_none();
        }
        visitor.visit_some(Strict { is_optional: true, ..self })
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, swb::Error> {
        self.plain("a string", |plain| plain.deserialize_string(visitor))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, swb::Error> {
        self.plain("a number", |plain| plain.deserialize_f64(visitor))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, swb::Error> {
        self.plain("a boolean", |plain| plain.deserialize_bool(visitor))
    }

    /// A name or a number: the one value of the options that may be either.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, swb::Error> {
        let is_text = self.value.is_string();
        self.plain("a string or a number", |plain| match is_text {
            true => plain.deserialize_string(visitor),
            false => plain.deserialize_f64(visitor),
        })
    }

    /// A function, which stays in JavaScript.
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, swb::Error> {
        if self.value.is_function() {
            return visitor.visit_unit();
        }
        Err(self.trail.wrong_type("invalid-argument", "a function", &self.value))
    }

    /// Anything, for JavaScript to look at.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, swb::Error> {
        visitor.visit_unit()
    }

    /// A function or an object, which are variants of these names.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, swb::Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 char str bytes byte_buf unit_struct
        newtype_struct seq tuple tuple_struct map identifier
    }
}

impl<'de> de::EnumAccess<'de> for Strict<'_> {
    type Error = swb::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), swb::Error> {
        let name = match () {
            () if self.value.is_function() => "Function",
            () if self.is_object() => "Object",
            () => {
                let expected = "a function or an object";
                return Err(self.trail.wrong_type("invalid-argument", expected, &self.value));
            }
        };
        let variant = seed.deserialize(StrDeserializer::<swb::Error>::new(name))?;
        Ok((variant, self))
    }
}

impl<'de> de::VariantAccess<'de> for Strict<'_> {
    type Error = swb::Error;

    fn unit_variant(self) -> Result<(), swb::Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, swb::Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, swb::Error> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, swb::Error> {
        self.deserialize_any(visitor)
    }
}

/// The fields of an object, read in the order of the schema, inherited ones and getters included.
struct Fields<'a> {
    object: JsValue,
    fields: slice::Iter<'static, &'static str>,
    value: Option<JsValue>,
    trail: &'a Trail<'a>,
}

impl<'de> de::MapAccess<'de> for Fields<'_> {
    type Error = swb::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, swb::Error> {
        for field in self.fields.by_ref() {
            self.trail.path.borrow_mut().push(field);
            let value = Reflect::get(&self.object, &JsValue::from_str(field))
                .map_err(|cause| self.trail.unreadable(cause))?;
            if !value.is_undefined() {
                self.value = Some(value);
                return seed.deserialize(StrDeserializer::new(field)).map(Some);
            }
            self.trail.path.borrow_mut().pop();
        }
        Ok(None)
    }

    #[inline(never)]
    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, swb::Error> {
        let value = self.value.take().unwrap_or_default();
        let read = seed.deserialize(Strict { value, trail: self.trail, is_optional: false })?;
        self.trail.path.borrow_mut().pop();
        Ok(read)
    }
}
