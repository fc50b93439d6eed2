//! Which customers the service knows.

use std::fmt;
use std::sync::Arc;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::long::parse_long;

/// The known customers. In JSON: absent or null for all, else an array of ids as strings or
/// integers.
#[derive(Clone, Debug, Default)]
pub enum Customers {
    /// Every positive Long is a customer.
    #[default]
    All,
    /// Only these, sorted and without repetition.
    Only(Arc<[i64]>),
}

impl Customers {
    /// Only these customers, in any order.
    pub fn only(mut ids: Vec<i64>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self::Only(ids.into())
    }

    /// Reads one id per line, or the first column of a CSV whose first line may be a header.
    /// Blank lines are skipped.
    ///
    /// # Errors
    /// The 1-based number of the first line whose first column is no positive Long.
    pub fn from_lines(text: &str) -> Result<Self, usize> {
        let mut ids = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let cell = line.split(',').next().unwrap_or("").trim().trim_matches('"');
            match parse_long(cell.as_bytes()) {
                Some(id) => ids.push(id),
                None if cell.is_empty() || index == 0 => {}
                None => return Err(index.saturating_add(1)),
            }
        }
        Ok(Self::only(ids))
    }

    /// Whether this id is a customer.
    pub fn contains(&self, id: i64) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.binary_search(&id).is_ok(),
        }
    }
}

impl Serialize for Customers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_none(),
            Self::Only(ids) => serializer.collect_seq(ids.iter().map(i64::to_string)),
        }
    }
}

impl<'de> Deserialize<'de> for Customers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CustomersVisitor)
    }
}

struct CustomersVisitor;

impl<'de> Visitor<'de> for CustomersVisitor {
    type Value = Customers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null or an array of customer ids")
    }

    fn visit_unit<E>(self) -> Result<Customers, E> {
        Ok(Customers::All)
    }

    fn visit_none<E>(self) -> Result<Customers, E> {
        Ok(Customers::All)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Customers, A::Error> {
        let mut ids = Vec::new();
        while let Some(id) = seq.next_element::<IdText>()? {
            ids.push(parse_long(id.text().as_bytes()).ok_or_else(|| {
                A::Error::custom("a customer id must be a positive Long in plain digits")
            })?);
        }
        Ok(Customers::only(ids))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum IdText {
    Number(u64),
    Text(String),
}

impl IdText {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_json_give_the_same_customers() {
        let lines = Customers::from_lines("customerId,name\n7,a\n\n9223372036854775807\n").unwrap();
        let json: Customers = serde_json::from_str(r#"["9223372036854775807",7]"#).unwrap();
        for customers in [lines, json] {
            assert!(customers.contains(7) && customers.contains(i64::MAX));
            assert!(!customers.contains(8));
        }
        assert_eq!(Customers::from_lines("1\n2x\n").unwrap_err(), 2);
        assert!(Customers::default().contains(8));
    }
}
