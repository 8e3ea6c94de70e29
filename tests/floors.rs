//! A module imports only from lower floors and from modules to its left on its own floor.
//!
//! The floors are drawn in docs/DESIGN.md; this test reads them there, so that the drawing cannot go stale.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Module name → (floor, place on the floor).
fn floors(design: &str) -> HashMap<String, (usize, usize)> {
    let drawing = design
        .split("```floors\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a floors drawing");
    let mut places = HashMap::new();
    for line in drawing.lines() {
        let (floor, modules) = line.split_once(' ').expect("a floor's number, then its modules");
        let floor: usize = floor.parse().expect("a number");
        for (place, module) in modules.split_whitespace().enumerate() {
            let name = module.trim_end_matches(['+', '/']);
            assert!(
                places.insert(name.to_owned(), (floor, place)).is_none(),
                "{name} stands twice in the drawing"
            );
        }
    }
    places
}

/// Files that hold tests alone.
const TESTS: &[&str] = &[
    "crashes.rs",
    "errnos.rs",
    "planted.rs",
    "mem.rs",
    "model.rs",
    "models.rs",
    "tests.rs",
    "fuzz.rs",
    "samples.rs",
    "drawn.rs",
    "sealed.rs",
    "notations.rs",
    "sample.rs",
    "corpus.rs",
    "stories.rs",
    "stories_keyed.rs",
    "stories_signed.rs",
    "stories_full.rs",
    "stories_overload.rs",
    "stories_tamper.rs",
    "stories_waiting.rs",
    "stories_watch.rs",
    "promises.rs",
    "agrees.rs",
];

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The modules that a source names behind `crate::`, outside its own tests.
fn imports(source: &str) -> Vec<String> {
    let source = source.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut found = Vec::new();
    for line in source.lines() {
        let code = line.split("//").next().unwrap_or_default();
        for (at, _) in code.match_indices("crate::") {
            if code[..at].ends_with(['$', '_']) {
                continue;
            }
            let name: String = code[at + 7..]
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect();
            if name.starts_with(|first: char| first.is_lowercase()) {
                found.push(name);
            }
        }
    }
    found
}

fn violations(root: &Path, places: &HashMap<String, (usize, usize)>) -> Vec<String> {
    let mut files = Vec::new();
    sources(root, &mut files);
    let mut wrong = Vec::new();
    for path in files {
        let inside = path.strip_prefix(root).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        // Files of tests alone may look anywhere.
        let tests = TESTS.iter().any(|name| inside.ends_with(name));
        if tests || matches!(module, "lib" | "bin") {
            continue;
        }
        let Some(own) = places.get(module) else {
            wrong.push(format!("{module} has no place in the drawing"));
            continue;
        };
        for import in imports(&fs::read_to_string(&path).unwrap()) {
            match places.get(&import) {
                _ if import == module => {}
                Some(place) if place < own => {}
                Some(_) => wrong.push(format!(
                    "{} imports {import}, which stands above it or to its right",
                    inside.display()
                )),
                None => wrong.push(format!(
                    "{} imports {import}, which has no place in the drawing",
                    inside.display()
                )),
            }
        }
    }
    wrong
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn imports_point_down_or_left() {
    let places = floors(&fs::read_to_string(root().join("docs/DESIGN.md")).unwrap());
    let wrong = violations(&root().join("src"), &places);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The control: with the drawing upside down nearly every import is wrong.
#[test]
fn an_import_that_points_up_is_found() {
    let mut places = floors(&fs::read_to_string(root().join("docs/DESIGN.md")).unwrap());
    for (floor, _) in places.values_mut() {
        *floor = 9 - *floor;
    }
    assert!(violations(&root().join("src"), &places).len() > 20);
}

#[test]
fn every_drawn_module_exists() {
    let places = floors(&fs::read_to_string(root().join("docs/DESIGN.md")).unwrap());
    for module in places.keys() {
        let file = root().join("src").join(format!("{module}.rs"));
        let folder = root().join("src").join(module).join("mod.rs");
        assert!(file.exists() || folder.exists(), "{module} is drawn and does not exist");
    }
}

#[test]
fn no_source_file_passes_six_hundred_lines_without_its_tests() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    for path in files {
        if TESTS.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let lines = text
            .split("\n#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default()
            .lines()
            .count();
        assert!(lines <= 600, "{} has {lines} lines", path.display());
    }
}
