//! A crate as a tree of modules, and which file a path leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::source::Source;
use super::tokens::Token;

/// One module.
struct Room {
    file: PathBuf,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    source: Source,
}

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// To something that a module defines.
    Item(usize),
    /// To a module itself.
    Module(usize),
}

/// The modules of one crate.
pub struct House {
    rooms: Vec<Room>,
}

/// For each file, the files that it uses, each with names that it uses.
pub type Edges = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// The modules and paths that were followed already.
type Seen = BTreeSet<(usize, String)>;

impl House {
    /// The crate with the root file `root`, limited to the files that `read` finds.
    pub fn built(root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> House {
        let mut house = House { rooms: Vec::new() };
        let source = Source::read(&read(root).unwrap_or_default());
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        house.add(root.to_owned(), &folder, None, source, read);
        house
    }

    fn add(
        &mut self,
        file: PathBuf,
        folder: &Path,
        parent: Option<usize>,
        mut source: Source,
        read: &dyn Fn(&Path) -> Option<String>,
    ) -> usize {
        let (declared, inline) =
            (std::mem::take(&mut source.declared), std::mem::take(&mut source.inline));
        let room = self.rooms.len();
        self.rooms.push(Room { file: file.clone(), parent, children: BTreeMap::new(), source });
        for (name, source) in inline {
            let child = self.add(file.clone(), &folder.join(&name), Some(room), source, read);
            self.rooms[room].children.insert(name, child);
        }
        for name in declared {
            let inner = folder.join(&name);
            let files = [folder.join(format!("{name}.rs")), inner.join("mod.rs")];
            let found = files.into_iter().find_map(|file| Some((read(&file)?, file)));
            let (text, file) = found.unwrap_or_else(|| panic!("no file for {}", inner.display()));
            let child = self.add(file, &inner, Some(room), Source::read(&text), read);
            self.rooms[room].children.insert(name, child);
        }
        room
    }

    /// Which file uses which.
    pub fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for room in 0..self.rooms.len() {
            self.add_uses_of(room, &mut edges);
            self.add_methods_of(room, &mut edges);
        }
        edges
    }

    fn add_uses_of(&self, room: usize, edges: &mut Edges) {
        let Room { source, file, .. } = &self.rooms[room];
        let mut add = |target: Option<Target>, name: &str| {
            if let Some(Target::Item(other)) = target
                && self.rooms[other].file != *file
            {
                let uses = edges.entry(file.clone()).or_default();
                uses.entry(self.rooms[other].file.clone()).or_default().insert(name.to_owned());
            }
        };
        let paths = paths(&source.body);
        for import in &source.imports {
            let Some(name) = &import.name else {
                let Some(Target::Module(other)) = self.resolve(room, &import.path) else {
                    continue;
                };
                for path in &paths {
                    if !self.is_known(room, path[0]) {
                        add(self.within(other, path, &mut Seen::new()), path[0]);
                    }
                }
                continue;
            };
            // A name that is only passed on is not used. A module and an item
            // may share a name: the kind of mention then decides which of them
            // is used.
            let is_module = self.leads_to_module(room, &import.path);
            let mentioned =
                paths.iter().any(|path| path[0] == name && (path.len() == 1 || !is_module));
            if mentioned || !(import.passed_on || is_module) {
                add(self.resolve(room, &import.path), name);
            }
        }
        for path in paths.iter().filter(|path| path.len() > 1) {
            add(self.resolve(room, path), path[path.len() - 1]);
        }
    }

    /// A file that calls a method of its type uses the file that adds the method.
    fn add_methods_of(&self, room: usize, edges: &mut Edges) {
        let Room { source, file, .. } = &self.rooms[room];
        for (name, methods) in &source.methods {
            let Some(Target::Item(owner)) = self.resolve(room, &[name.as_str()]) else { continue };
            let Room { source: owner, file: of_type, .. } = &self.rooms[owner];
            // By its name alone: in another file the name may belong to another type.
            let own_type = ["self", "Self", name.as_str()];
            let calls = owner.body.windows(4).filter(|four| {
                let on_it = four[0].word().is_some_and(|word| own_type.contains(&word));
                on_it && (four[1].is('.') || four[1] == Token::PathSeparator) && four[3].is('(')
            });
            let called: BTreeSet<&str> = calls.filter_map(|four| four[2].word()).collect();
            let own: BTreeSet<&String> =
                owner.methods.iter().flat_map(|(_, methods)| methods).collect();
            let added = methods.iter().filter(|method| !own.contains(method));
            for method in added.filter(|method| called.contains(method.as_str())) {
                if of_type != file {
                    let uses = edges.entry(of_type.clone()).or_default();
                    uses.entry(file.clone()).or_default().insert(format!(".{method}()"));
                }
            }
        }
    }

    /// Whether a module defines or imports a name other than by `*`.
    fn is_known(&self, room: usize, name: &str) -> bool {
        let Room { source, children, .. } = &self.rooms[room];
        let imported = |import: &super::source::Import| import.name.as_deref() == Some(name);
        source.items.contains(name)
            || children.contains_key(name)
            || source.imports.iter().any(imported)
    }

    /// Whether a path names a module, even if an item has the same name.
    fn leads_to_module(&self, room: usize, path: &[String]) -> bool {
        let Some((name, outer)) = path.split_last() else { return false };
        match self.resolve(room, outer) {
            Some(Target::Module(outer)) => self.rooms[outer].children.contains_key(name),
            _ => false,
        }
    }

    fn resolve<S: AsRef<str>>(&self, room: usize, path: &[S]) -> Option<Target> {
        let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
        self.from(room, &path, &mut Seen::new())
    }

    /// Follows a path as code in a module writes it.
    fn from(&self, room: usize, path: &[&str], seen: &mut Seen) -> Option<Target> {
        let (mut room, mut path) = (room, path);
        loop {
            match path.first().copied() {
                Some("crate") => room = 0,
                Some("super") => room = self.rooms[room].parent?,
                Some("self") => {}
                _ => return self.within(room, path, seen),
            }
            path = &path[1..];
        }
    }

    /// Follows a path below a module.
    fn within(&self, room: usize, path: &[&str], seen: &mut Seen) -> Option<Target> {
        let Some((name, rest)) = path.split_first() else { return Some(Target::Module(room)) };
        // Modules may pass names on to each other in a circle.
        if !seen.insert((room, path.join("::"))) {
            return None;
        }
        let Room { source, children, .. } = &self.rooms[room];
        if let Some(child) = children.get(*name)
            && (!rest.is_empty() || !source.items.contains(*name))
        {
            return self.within(*child, rest, seen);
        }
        if source.items.contains(*name) {
            return Some(Target::Item(room));
        }
        let named = source.imports.iter().filter(|import| import.name.as_deref() == Some(name));
        for import in named {
            let mut longer: Vec<&str> = import.path.iter().map(String::as_str).collect();
            if longer.first() == Some(name) {
                // Its own name is that of another crate.
                continue;
            }
            longer.extend(rest);
            if let Some(target) = self.from(room, &longer, seen) {
                return Some(target);
            }
        }
        let globs = source.imports.iter().filter(|import| import.name.is_none());
        globs.into_iter().find_map(|import| {
            let whole: Vec<&str> = import.path.iter().map(String::as_str).collect();
            match self.from(room, &whole, seen)? {
                Target::Module(other) if other != room => self.within(other, path, seen),
                _ => None,
            }
        })
    }
}

/// The paths in code, each with all its names.
fn paths(body: &[Token]) -> Vec<Vec<&str>> {
    let mut paths: Vec<Vec<&str>> = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let after = at.checked_sub(1).map(|before| &body[before]);
        let is_part = after.is_some_and(|before| before.is('.') || *before == Token::PathSeparator);
        let Some(first) = body[at].word().filter(|_| !is_part) else {
            at += 1;
            continue;
        };
        let mut path = vec![first];
        while body.get(at + 1) == Some(&Token::PathSeparator)
            && let Some(next) = body.get(at + 2).and_then(Token::word)
        {
            path.push(next);
            at += 2;
        }
        paths.push(path);
        at += 1;
    }
    paths
}
