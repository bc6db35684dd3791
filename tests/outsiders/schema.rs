//! The JSON Schema for editors, judged by python's jsonschema: it takes what irsactl takes, and refuses
//! names, types and bounds as irsactl does.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python::program;

#[test]
fn the_schema_of_config_files_judges_as_irsactl_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["README.md", "docs", "src/config", "tests/cli"] {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    let output = Command::new(program("python"))
        .arg(root.join("tests/outsiders/schema.py"))
        .arg(env!("CARGO_BIN_EXE_irsactl"))
        .arg(root.join("docs/config-file.schema.json"))
        .args(files)
        .output()
        .expect("python runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let told = String::from_utf8_lossy(&output.stdout);
    let counts: Vec<usize> = told
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [taken, refused, spoiled] = counts[..] else {
        panic!("they judge differently:\n{told}");
    };
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(taken > 20 && refused > 1 && spoiled > 60, "{told}");
}

/// The files that may hold config files.
fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).expect("a folder");
        entries.for_each(|entry| collect(&entry.expect("a file").path(), files));
        return;
    }
    let is_text = |end: &std::ffi::OsStr| ["md", "rs", "yaml"].iter().any(|it| end == *it);
    if path.extension().is_some_and(is_text) {
        files.push(path.to_owned());
    }
}
