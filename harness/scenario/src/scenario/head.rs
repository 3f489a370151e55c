use std::collections::{BTreeMap, BTreeSet};

use kdl::KdlNode;
use miette::SourceSpan;

use super::action::{USUAL, size};
use super::scope::Scope;
use super::verb::Verb;
use super::{ImageDeclaration, names, word};
use crate::text::{Line, Reader};
use imglock_core::{Backend, FileSystem, Hazard};

/// The words at the start of the lines of the head.
pub(super) const WORDS: [&str; 6] =
    ["summary", "about", "backends", "file-system", "hazard", "image"];

/// The words other than names of processes that can start a line.
pub(super) const FIRST_WORDS: [&str; 10] = [
    "summary",
    "about",
    "backends",
    "file-system",
    "hazard",
    "image",
    "held",
    "together",
    "repeat",
    "host",
];

/// The image of a scenario without an `image` line.
const USUAL_IMAGE: &str = "disk.img";

/// The contents of the head of a scenario.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub summary: String,
    pub about: String,
    pub backends: Vec<Backend>,
    pub file_systems: Vec<FileSystem>,
    pub hazards: BTreeMap<Backend, BTreeSet<Hazard>>,
    pub images: Vec<ImageDeclaration>,
}

impl Head {
    /// Reads the lines of the head among `nodes`, at any position.
    pub fn read(nodes: &[KdlNode], reader: &mut Reader<'_>) -> Head {
        let mut head = Head {
            summary: text(nodes, "summary", reader),
            about: text(nodes, "about", reader),
            ..Head::default()
        };
        head.backends = listed(
            nodes,
            "backends",
            ("backend", "a backend"),
            "`backends ofd` or `backends posix`, or leave out the line for both",
            &Backend::ALL.map(|backend| (backend.name(), backend)),
            reader,
        );
        if head.backends.is_empty() {
            head.backends = Backend::ALL.to_vec();
        }
        head.file_systems = listed(
            nodes,
            "file-system",
            ("file system", "a file system"),
            "`file-system overlay`, or leave out the line for all",
            &FileSystem::ALL.map(|one| (one.name(), one)),
            reader,
        );
        let lines =
            |word: &'static str| nodes.iter().filter(move |node| node.name().value() == word);
        for node in lines("hazard") {
            head.hazard(reader.line(node), reader);
        }
        for node in lines("image") {
            head.image(reader.line(node), reader);
        }
        if head.images.is_empty() {
            head.images.push(ImageDeclaration { name: USUAL_IMAGE.to_owned(), size: USUAL });
        }
        head
    }

    /// The defaults for the lines of the body.
    pub fn scope(&self) -> Scope {
        Scope {
            backends: self.backends.clone(),
            image: self.images.first().map(|image| image.name.clone()).unwrap_or_default(),
            counters: Vec::new(),
        }
    }

    fn hazard(&mut self, mut line: Line<'_>, reader: &mut Reader<'_>) {
        const USAGE: &str = "`hazard leaked-lock`, or `hazard posix=lock-loss`";
        let choices = Hazard::ALL.map(|hazard| (hazard.name(), hazard));
        let empty = line.is_used_up();
        if empty {
            line.required("a hazard", USAGE, reader);
        }
        while let Some(value) = line.argument() {
            if let Some(hazard) = value.choice("hazard", &choices, reader) {
                for backend in &self.backends {
                    self.hazards.entry(*backend).or_default().insert(hazard);
                }
            }
        }
        for backend in Backend::ALL {
            let Some(value) = line.property(backend.name(), reader) else {
                continue;
            };
            let hazard = value.choice("hazard", &choices, reader);
            if !self.backends.contains(&backend) {
                self.scope().has(backend, value.span, reader);
            } else if let Some(hazard) = hazard {
                self.hazards.entry(backend).or_default().insert(hazard);
            }
        }
        line.finish(USAGE, &Backend::ALL.map(Backend::name), reader);
    }

    fn image(&mut self, mut line: Line<'_>, reader: &mut Reader<'_>) {
        const USAGE: &str = "`image base.img size=4096`";
        let value = line.required("the image", USAGE, reader);
        let name = value.and_then(|value| names::image(value, &[], reader));
        // An image with a wrong size still exists for the lines that use it.
        let size = size(&mut line, reader).unwrap_or(USUAL);
        line.finish(USAGE, &["size"], reader);
        let (Some(value), Some(name)) = (value, name) else {
            return;
        };
        if self.images.iter().any(|image| image.name == name) {
            reader.problems.add(
                value.span,
                "declared before",
                format!("two images have the name `{name}`"),
                "remove one of them, or give it another name",
            );
        } else {
            self.images.push(ImageDeclaration { name, size });
        }
    }
}

/// The `choices` that the line `word` names, sorted; empty if there is no such line. `kind` is the
/// noun for a choice, without and with its article.
fn listed<T: Copy + Ord>(
    nodes: &[KdlNode],
    word: &str,
    (kind, one): (&str, &str),
    usage: &str,
    choices: &[(&'static str, T)],
    reader: &mut Reader<'_>,
) -> Vec<T> {
    let mut named = Vec::new();
    let Some(mut line) = reader.only(nodes, word) else {
        return named;
    };
    let mut next = line.required(one, usage, reader);
    while let Some(value) = next {
        match value.choice(kind, choices, reader) {
            Some(choice) if named.contains(&choice) => reader.problems.add(
                value.span,
                "named before",
                format!("`{}` is named twice", value.written()),
                "remove one of them",
            ),
            Some(choice) => named.push(choice),
            None => {}
        }
        next = line.argument();
    }
    line.finish(usage, &[], reader);
    named.sort();
    named
}

/// Returns whether a line without a verb is a misspelt `word`.
fn misspells(node: &KdlNode, word: &str) -> bool {
    let verb = node.entries().first().filter(|entry| entry.name().is_none());
    let verb = verb.and_then(|entry| entry.value().as_string()).and_then(Verb::named);
    let name = node.name().value();
    verb.is_none() && name != word && word::nearest(name, &FIRST_WORDS) == Some(word)
}

fn text(nodes: &[KdlNode], word: &str, reader: &mut Reader<'_>) -> String {
    let (usage, purpose) = match word {
        "summary" => {
            ("`summary \"Two writers exclude each other\"`", "states the result in one line")
        }
        _ => ("`about \"...\"`", "explains the reason in a few sentences"),
    };
    let Some(mut line) = reader.only(nodes, word) else {
        // A line that misspells the word is already reported.
        if nodes.iter().any(|node| misspells(node, word)) {
            return String::new();
        }
        reader.problems.add(
            SourceSpan::from((0, 0)),
            format!("no `{word}`"),
            format!("the scenario has no `{word}`"),
            format!("begin it with a line {usage} that {purpose}"),
        );
        return String::new();
    };
    let value = line.required("a text", usage, reader);
    line.finish(usage, &[], reader);
    let Some(value) = value else {
        return String::new();
    };
    let text = value.string(&format!("`{word}`"), reader).map(str::trim);
    let wrong = match text {
        Some("") => "is empty",
        Some(text) if word == "summary" && text.contains('\n') => "has more than one line",
        _ => return text.unwrap_or_default().to_owned(),
    };
    reader.problems.add(
        value.span,
        wrong,
        format!("the `{word}` {wrong}"),
        format!("write: {usage}; it {purpose}"),
    );
    String::new()
}
