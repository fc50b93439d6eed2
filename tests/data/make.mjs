// Makes customers-10k.csv: 10,000 sample customers, the same bytes every time.
//   node tests/data/make.mjs            writes the file
//   node tests/data/make.mjs --check    fails if the file is not what this makes

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** How many customers the file holds. */
export const CUSTOMERS = 10_000;

/** Ids that must be there: the one of the API's own example, and two that no double can hold. */
const FIXED = [555_567_088n, 9_007_199_254_740_993n, 9_223_372_036_854_775_807n];

/** Every this many customers one has an id of 18 or 19 digits. */
const LONG_ID_EVERY = 20;

const NAMES = ["Adaeze", "Björn", "Chen", "Divya", "Émile", "Fatima", "Goran", "Hana"];
const FAMILIES = ["Okafor", "Lindqvist", "Wei", "Sharma", "O'Neill", "Haddad", "Kovač", "Suzuki"];
const CITIES = ["Pune", "Köln", "Austin, TX", "Lagos", "São Paulo", "Reading, UK", "Kyoto", "Oslo"];

/** The top of a signed 64-bit integer. */
const ID_MAX = 9_223_372_036_854_775_807n;

/** Makes the file. */
export function make() {
  const random = splitMix64(20_250_321n);
  const ids = new Set(FIXED);
  while (ids.size < CUSTOMERS) ids.add(nextId(random, ids.size));
  const lines = [...shuffled([...ids], random)].map((id) => row(id, random));
  return `customer_id,name,city\n${lines.join("\n")}\n`;
}

/**
 * @param {() => bigint} random
 * @param {number} index
 */
function nextId(random, index) {
  if (index % LONG_ID_EVERY !== 0) return 100_000_000n + (random() % 900_000_000n);
  const low = 10n ** 17n;
  return low + (random() % (ID_MAX - low));
}

/**
 * @param {bigint} id
 * @param {() => bigint} random
 */
function row(id, random) {
  const given = pick(NAMES, random);
  const family = pick(FAMILIES, random);
  const form = random() % 4n;
  const name = form === 0n ? `${family}, ${given}` : `${given} ${family}`;
  const full = form === 1n ? `${given} "${family.slice(0, 3)}" ${family}` : name;
  return [String(id), field(full), field(pick(CITIES, random))].join(",");
}

/**
 * A CSV field, quoted only where RFC 4180 demands it.
 *
 * @param {string} text
 */
function field(text) {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * @param {string[]} list
 * @param {() => bigint} random
 */
function pick(list, random) {
  return String(list[Number(random() % BigInt(list.length))]);
}

/**
 * @template T
 * @param {T[]} list
 * @param {() => bigint} random
 */
function* shuffled(list, random) {
  const rest = [...list];
  while (rest.length > 0) {
    const index = Number(random() % BigInt(rest.length));
    const last = /** @type {T} */ (rest.pop());
    if (index === rest.length) {
      yield last;
    } else {
      yield /** @type {T} */ (rest[index]);
      rest[index] = last;
    }
  }
}

/**
 * A small generator of 64-bit numbers (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators", 2014).
 *
 * @param {bigint} seed
 * @returns {() => bigint}
 */
function splitMix64(seed) {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let mixed = BigInt.asUintN(64, (state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return mixed ^ (mixed >> 31n);
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL("customers-10k.csv", import.meta.url);
  if (!process.argv.includes("--check")) writeFileSync(file, make());
  else if (readFileSync(file, "utf8") !== make()) throw new Error("customers-10k.csv differs");
}
