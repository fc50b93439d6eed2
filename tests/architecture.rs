//! The shape of the crate, held by a test: levels, wasm crates only in the shell, file sizes.

#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};

/// Lowest first; a module may use those of lower levels only. Levels are those of the crate
/// documentation.
const LEVELS: [&[&str]; 10] = [
    &["scan", "decimal", "text", "time", "rng", "id"],
    &[
        "limits",
        "backoff",
        "budget",
        "retry_after",
        "clock",
        "outcome",
        "policy",
        "json",
        "csv",
        "secrets",
        "status",
        "digest",
    ],
    &["intake", "request", "response"],
    &["attribution", "batch", "verdict"],
    &["plan", "ledger"],
    &["journal"],
    &["traffic"],
    &["job"],
    &["forecast", "auth", "report", "reconcile", "promotion", "revoke"],
    &["wasm"],
];

/// Uses within a level that are no cycle: a bound's user stands beside it.
const NEIGHBOURS: [(&str, &str); 9] = [
    ("text", "decimal"),
    ("id", "text"),
    ("time", "decimal"),
    ("id", "decimal"),
    ("id", "scan"),
    ("backoff", "limits"),
    ("budget", "limits"),
    ("policy", "limits"),
    ("secrets", "limits"),
];

const LINES_MAX: usize = 500;
const WASM_CRATES: [&str; 5] =
    ["wasm_bindgen", "js_sys", "web_sys", "serde_wasm_bindgen", "serde::"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    const NOT_OURS: [&str; 6] = ["node_modules", "target", "dist", ".tools", ".git", ".wrangler"];
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !NOT_OURS.contains(&name.as_str()) {
            found.extend(files(&path, endings));
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

fn modules() -> Vec<PathBuf> {
    files(&root().join("src"), &[".rs"])
}

fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn level_of(module: &str) -> usize {
    LEVELS
        .iter()
        .position(|level| level.contains(&module))
        .unwrap_or_else(|| panic!("{module} stands in no level: add it to LEVELS"))
}

/// Modules named by `crate::name` in the code, comments and tests left out.
fn uses(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

#[test]
fn a_module_uses_lower_levels_only() {
    for path in modules() {
        let module = module_of(&path);
        if module == "lib" {
            continue;
        }
        for used in uses(&fs::read_to_string(&path).unwrap()) {
            let lower = level_of(&used) < level_of(&module);
            let neighbour = NEIGHBOURS.contains(&(module.as_str(), used.as_str()));
            let fits = used == module || lower || neighbour;
            assert!(fits, "{} uses crate::{used}, which is no lower level", path.display());
        }
    }
}

#[test]
fn only_the_shell_names_a_wasm_crate() {
    for path in modules() {
        if module_of(&path) == "wasm" {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for name in WASM_CRATES {
            assert!(!source.contains(name), "{} names {name}", path.display());
        }
    }
}

#[test]
fn no_source_file_is_over_500_lines() {
    let ours = files(&root(), &[".rs", ".js", ".mjs", ".cjs", ".ts", ".cts", ".css", ".html"]);
    assert!(ours.len() > 50, "the search for source files is broken");
    for path in ours {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", path.display());
    }
}

/// Texts between backticks of a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether a word stands in a text as a whole identifier.
fn names(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// A row of a table in ARCHITECTURE.md names a file first and then what to look for in it.
#[test]
fn the_guide_names_files_and_functions_that_exist() {
    let guide = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows: Vec<&str> = guide.lines().filter(|line| line.starts_with("| ")).collect();
    let mut followed = 0;
    for row in rows {
        let mut found = quoted(row);
        let Some(file) = found.next().filter(|file| file.contains('/')) else { continue };
        let path = root().join(file);
        assert!(path.exists(), "ARCHITECTURE.md names {file}, which is not there");
        if path.is_dir() {
            continue;
        }
        let source = fs::read_to_string(path).unwrap();
        for name in found {
            let last = name.rsplit([':', '.']).next().unwrap_or(name).trim_end_matches("()");
            assert!(names(&source, last), "ARCHITECTURE.md looks for {name} in {file}");
            followed += 1;
        }
    }
    assert!(followed > 20, "the search for names is broken");
}
