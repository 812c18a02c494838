//! The domain's top-level modules import each other in no circle, so that each can be read after those it builds on.
//!
//! Read are paths that begin with `crate::`, in `use` and inline, and `super::` where it leads as far up. Left out are
//! comments, tests, and `lib.rs`, which knows all modules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Each module with those that it imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let mut imports = Imports::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut imports);
    for (module, imported) in &imports {
        let stranger = imported.iter().find(|name| !imports.contains_key(*name));
        assert_eq!(stranger, None, "what {module} imports from crate:: is no module's");
    }
    if let Some(circle) = imports.keys().find_map(|module| circle(&imports, &[module])) {
        panic!("modules import each other in a circle: {}", circle.join(" -> "));
    }
}

#[test]
fn paths_are_read_in_lists_over_lines_and_inline_but_not_in_comments_and_tests() {
    let source = "//! [`crate::a`]\nuse crate::{\n    b::{self, C, D},\n    e::F,\n};\nuse super::g;\n\
                  fn f() -> crate::h::I {}\n#[cfg(test)]\nmod tests {\n    use crate::j;\n}";
    assert_eq!(imported_by(source, 1), ["b", "e", "g", "h"]);
    assert_eq!(imported_by(source, 2), ["b", "e", "h"]);
}

/// Reads the sources in a folder, which is that of the innermost of these modules.
fn read(folder: &Path, parents: &[String], imports: &mut Imports) {
    for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        if name == "lib" || name == "tests" {
            continue;
        }
        let modules = [parents, &[name]].concat();
        if path.is_dir() {
            read(&path, &modules, imports);
        } else {
            let imported = imported_by(&fs::read_to_string(&path).expect("a source"), modules.len());
            let others = imported.into_iter().filter(|name| *name != modules[0]);
            imports.entry(modules[0].clone()).or_default().extend(others);
        }
    }
}

/// The top-level modules that a source names, which is itself so many modules below the crate's root.
fn imported_by(source: &str, depth: usize) -> Vec<String> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().lines();
    let code: Vec<_> = code.filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n").replace(&"super::".repeat(depth), "crate::");
    code.split("crate::").skip(1).flat_map(first_names).collect()
}

/// The first name of a path, or of each path of a list in braces.
fn first_names(path: &str) -> Vec<String> {
    let mut depth = 0;
    let mut ends = |char: char, end: char| {
        depth += i32::from(char == '{') - i32::from(char == '}');
        depth == 0 && char == end
    };
    let paths = match path.strip_prefix('{') {
        None => vec![path],
        Some(list) => {
            let end = path.find(|char| ends(char, '}')).expect("a list that ends");
            list[..end - 1].split(|char| ends(char, ',')).collect()
        }
    };
    let is_name = |char: char| char.is_alphanumeric() || char == '_';
    let names = paths.into_iter().filter_map(|path| path.trim_start().split(|char| !is_name(char)).next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The circle, if there is one, that some continuation of a path of imports comes to; its first module is its last, too.
fn circle<'a>(imports: &'a Imports, path: &[&'a str]) -> Option<Vec<&'a str>> {
    imports[*path.last()?].iter().find_map(|next| {
        let longer = [path, &[next]].concat();
        match path.iter().position(|module| module == next) {
            Some(begin) => Some(longer[begin..].to_vec()),
            None => circle(imports, &longer),
        }
    })
}
