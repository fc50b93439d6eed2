// Answers of the service, written in the documented form and in others that it might use.

/** Of the service's own example; 183 bytes an entry with ids of nine digits. */
export const PROMOTION = "67dd4210ef21a64211227e04";
export const CONTEXT = "973";

const EVENT_TIME = 1_742_553_655_678;
const VALID_TILL = 1_746_046_799_999;

/**
 * @typedef {"documented" | "compact" | "reordered" | "pretty" | "extra" | "shuffled" | "varied"}
 *   Shape
 */

/** What each shape is, for people. @type {Record<Shape, string>} */
export const SHAPES = {
  documented: "the fields and the order of the documentation, without white space",
  compact: "only id, customerId, promotionId and eventTime",
  reordered: "the documented fields in another order",
  pretty: "indented by two, one field a line",
  extra: "five more fields, an array and an object among them",
  shuffled: "documented entries in another order than the ids were asked for",
  varied: "every entry has another order, other spaces and other fields than the one before",
};

/**
 * The issuance id at a place: 24 hex digits.
 *
 * @param {number} at
 */
export function issuanceAt(at) {
  return `67dd4237ef21a642${(at + 1).toString(16).padStart(8, "0")}`;
}

/** @param {number} at */
export function eventTimeAt(at) {
  return EVENT_TIME + (at % 100_000);
}

/** @typedef {[name: string, value: string]} Field */

/**
 * @param {string} id
 * @param {number} at
 * @returns {[Field, Field, Field, Field, Field, Field]} in the documented order
 */
function fieldsOf(id, at) {
  return [
    ["id", `"${issuanceAt(at)}"`],
    ["customerId", id],
    ["promotionId", `"${PROMOTION}"`],
    ["earnedFromId", `"${CONTEXT}"`],
    ["eventTime", String(eventTimeAt(at))],
    ["validTill", String(VALID_TILL)],
  ];
}

/** @param {number} at @returns {Field[]} */
function extraFields(at) {
  return [
    ["status", '"ISSUED"'],
    ["orgId", "50583"],
    ["sequence", String(at)],
    ["tags", '["summer","app"]'],
    ["source", '{"channel":"api","till":null}'],
  ];
}

/** @param {readonly Field[]} fields */
function plain(fields) {
  return `{${fields.map(([name, value]) => `"${name}":${value}`).join(",")}}`;
}

/** @type {Record<Shape, (id: string, at: number) => string>} */
const ENTRIES = {
  documented: (id, at) => `"${id}":${plain(fieldsOf(id, at))}`,
  shuffled: (id, at) => `"${id}":${plain(fieldsOf(id, at))}`,
  compact: (id, at) => {
    const [issuance, customer, promotion, , eventTime] = fieldsOf(id, at);
    return `"${id}":${plain([issuance, customer, promotion, eventTime])}`;
  },
  reordered: (id, at) => {
    const [issuance, customer, promotion, context, eventTime, validTill] = fieldsOf(id, at);
    const fields = [validTill, promotion, eventTime, customer, context, issuance];
    return `"${id}":${plain(fields)}`;
  },
  pretty: (id, at) => {
    const lines = fieldsOf(id, at).map(([name, value]) => `      "${name}": ${value}`);
    return `\n    "${id}": {\n${lines.join(",\n")}\n    }`;
  },
  extra: (id, at) => `"${id}":${plain([...fieldsOf(id, at), ...extraFields(at)])}`,
  varied,
};

/**
 * Rotates the fields, and takes the extra ones and the white space from the digits of `at`, so
 * that two entries of one form are 192 apart.
 *
 * @param {string} id
 * @param {number} at
 */
function varied(id, at) {
  const more = extraFields(at).filter((_, index) => ((at >> index) & 1) === 1);
  const fields = [...fieldsOf(id, at), ...more];
  const turn = at % 6;
  const turned = [...fields.slice(turn), ...fields.slice(0, turn)];
  const blank = " ".repeat(at % 2);
  const text = turned.map(([name, value]) => `"${name}":${blank}${value}`).join(`,${blank}`);
  return `"${id}":${blank}{${text}}`;
}

/**
 * The answer to one batch: the id at index `i` has the issuance `issuanceAt(from + i)`.
 *
 * @param {readonly string[]} ids digits
 * @param {number} from place of the first id
 * @param {Shape} shape
 * @returns {Uint8Array}
 */
export function answerTo(ids, from, shape) {
  const entries = ids.map((id, index) => ENTRIES[shape](id, from + index));
  // By digits in the middle of the id, which follow no order that was asked for.
  if (shape === "shuffled") entries.sort((a, b) => (a.slice(6, 10) < b.slice(6, 10) ? -1 : 1));
  const [open, close] = shape === "pretty" ? ['{\n  "data": {', "\n  }\n}"] : ['{"data":{', "}}"];
  return new TextEncoder().encode(`${open}${entries.join(",")}${close}`);
}
