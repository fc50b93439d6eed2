//! How the success body is written.

use serde::{Deserialize, Serialize};

/// The documented body has its fields in the documented order, no white space and nothing beside
/// `data`; everything else here is what another version of the service might do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Shape {
    /// Order of the six fields of an entry; one left out is not written.
    pub fields: Vec<String>,
    /// Indented over several lines.
    pub pretty: bool,
    /// A blank after each colon and comma.
    pub spaces: bool,
    pub entry_order: EntryOrder,
    /// `errors` beside `data`.
    pub errors: ListForm,
    /// `warnings` beside `data`.
    pub warnings: ListForm,
    /// `errors` and `warnings` before `data`.
    pub errors_first: bool,
    /// Adds an object, an array, a null and escaped text to each entry, and a field to the top.
    pub extra_fields: bool,
    /// Adds `eventTimeISO` and `validTillISO`.
    pub iso_twins: bool,
    /// `customerId` as a string.
    pub string_customer_ids: bool,
    /// `eventTime` and `validTill` as strings.
    pub string_times: bool,
    /// `"error":null` in every issued entry.
    pub null_error: bool,
    /// Every character outside ASCII, and `/`, as an escape.
    pub escape_all: bool,
    /// A byte order mark first.
    pub bom: bool,
    /// No Content-Length: chunked on HTTP/1.1.
    pub chunked: bool,
}

/// Order of the entries in `data`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EntryOrder {
    /// As in the request.
    Request,
    Reverse,
    /// Ascending by id.
    Sorted,
    /// By a hash of the id: as a hash map would.
    Shuffled,
}

/// What a list beside `data` looks like when there is nothing to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ListForm {
    Absent,
    Null,
    Empty,
    /// One item that concerns no id.
    Filled,
}

/// The documented order.
const FIELDS: [&str; 6] =
    ["id", "customerId", "promotionId", "earnedFromId", "eventTime", "validTill"];

impl Default for Shape {
    fn default() -> Self {
        Self {
            fields: FIELDS.map(String::from).to_vec(),
            pretty: false,
            spaces: false,
            entry_order: EntryOrder::Request,
            errors: ListForm::Absent,
            warnings: ListForm::Absent,
            errors_first: false,
            extra_fields: false,
            iso_twins: false,
            string_customer_ids: false,
            string_times: false,
            null_error: false,
            escape_all: false,
            bom: false,
            chunked: false,
        }
    }
}

impl Shape {
    /// Whether entries look as documented, so that the fast writer applies.
    pub(crate) fn is_documented(&self) -> bool {
        // How the body is framed does not touch its bytes.
        Self { chunked: false, ..self.clone() } == Self::default()
    }
}
