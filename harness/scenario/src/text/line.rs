use std::collections::VecDeque;
use std::ops::RangeInclusive;

use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};
use miette::SourceSpan;

use super::{Problems, source};
use crate::word;

/// A text that is being read: the starts of its lines, and the problems so far.
pub(crate) struct Reader<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// The problems so far.
    pub problems: Problems,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Reader<'t> {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(newlines).collect();
        Reader { text, starts, problems: Problems::default() }
    }

    /// Parses the text as KDL. If it is not KDL, it reports a problem and returns `None`.
    pub fn document(&mut self) -> Option<KdlDocument> {
        source::parse(self.text, &mut self.problems)
    }

    /// Splits a KDL node into its words.
    pub fn line<'d>(&self, node: &'d KdlNode) -> Line<'d> {
        let mut line = Line {
            name: node.name().value(),
            span: node.name().span(),
            anchor: node.name().span(),
            number: self.starts.partition_point(|start| *start <= node.name().span().offset()),
            words: Vec::new(),
            arguments: VecDeque::new(),
            properties: Vec::new(),
            children: node.children(),
        };
        for entry in node.entries() {
            let value = Value { value: entry.value(), span: self.value_span(entry) };
            line.words.extend(entry.value().as_string());
            match entry.name() {
                Some(name) => line.properties.push((name.value(), name.span(), value)),
                None => line.arguments.push_back(value),
            }
        }
        line
    }

    /// The single line among `nodes` that begins with `word`. Further ones are reported.
    pub fn only<'d>(&mut self, nodes: &'d [KdlNode], word: &str) -> Option<Line<'d>> {
        let mut found = None;
        for node in nodes.iter().filter(|node| node.name().value() == word) {
            if found.is_none() {
                found = Some(self.line(node));
            } else {
                self.problems.add(
                    node.name().span(),
                    "the second one",
                    format!("there are two lines `{word}`"),
                    "remove one of them",
                );
            }
        }
        found
    }

    /// The position of `word` within `span`. All of `span` if it is not found, for example because the
    /// text contains escapes.
    pub fn within(&self, span: SourceSpan, word: &str) -> SourceSpan {
        let text = self.text.get(span.offset()..span.offset() + span.len()).unwrap_or_default();
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let whole = |at: usize| {
            let (before, after) = (&text[..at], &text[at + word.len()..]);
            !before.ends_with(inner) && !after.starts_with(inner)
        };
        match text.match_indices(word).find(|(at, _)| whole(*at)) {
            Some((at, word)) => (span.offset() + at, word.len()).into(),
            None => span,
        }
    }

    /// The bytes of the value itself, without `name=`.
    fn value_span(&self, entry: &KdlEntry) -> SourceSpan {
        let whole = entry.span();
        let end = whole.offset() + whole.len();
        let written = entry.format().map(|format| format.value_repr.as_str()).unwrap_or_default();
        let start = end.saturating_sub(written.len());
        match self.text.get(start..end) {
            Some(text) if text == written && !text.is_empty() => (start, end - start).into(),
            _ => whole,
        }
    }
}

/// An argument or the value of a property.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'d> {
    value: &'d KdlValue,
    /// Its position.
    pub span: SourceSpan,
}

impl<'d> Value<'d> {
    /// Its text, or `None` if it is not a text.
    pub fn plain(&self) -> Option<&'d str> {
        self.value.as_string()
    }

    /// Its text, number or boolean as text.
    pub fn written(&self) -> String {
        self.plain().map_or_else(|| self.value.to_string(), str::to_owned)
    }

    /// Its text; reports a problem if it is not a text.
    pub fn string(&self, what: &str, reader: &mut Reader<'_>) -> Option<&'d str> {
        let text = self.value.as_string();
        if text.is_none() {
            self.mistyped(
                what,
                "a text",
                &format!("write it in quotes: \"{}\"", self.value),
                reader,
            );
        }
        text
    }

    /// Its number, if it is within `range`; otherwise reports a problem.
    pub fn integer(
        &self,
        what: &str,
        range: RangeInclusive<i128>,
        reader: &mut Reader<'_>,
    ) -> Option<i128> {
        let Some(number) = self.value.as_integer() else {
            let help = match self.value.as_string().map(str::parse::<i128>) {
                Some(Ok(number)) => format!("write {number} without quotes"),
                _ => "write a whole number, such as 4096".to_owned(),
            };
            self.mistyped(what, "a whole number", &help, reader);
            return None;
        };
        if range.contains(&number) {
            return Some(number);
        }
        reader.problems.add(
            self.span,
            "out of range",
            format!("{what} cannot be {number}"),
            format!("it is a number from {} to {}", range.start(), range.end()),
        );
        None
    }

    /// Its boolean; reports a problem if it is not a boolean.
    pub fn boolean(&self, what: &str, reader: &mut Reader<'_>) -> Option<bool> {
        let answer = self.value.as_bool();
        if answer.is_none() {
            self.mistyped(what, "`#true` or `#false`", "write `#true` or `#false`", reader);
        }
        answer
    }

    /// The choice that it names; reports a problem if there is none.
    pub fn choice<T: Copy>(
        &self,
        kind: &str,
        choices: &[(&'static str, T)],
        reader: &mut Reader<'_>,
    ) -> Option<T> {
        let text = self.string(&format!("the {kind}"), reader)?;
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text) {
            return Some(*choice);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let help = word::advice(text, &names);
        reader.problems.add(
            self.span,
            format!("unknown {kind}"),
            format!("there is no {kind} `{text}`"),
            help,
        );
        None
    }

    fn mistyped(&self, what: &str, wanted: &str, help: &str, reader: &mut Reader<'_>) {
        let got = match self.value {
            KdlValue::String(_) => "a text",
            KdlValue::Integer(_) => "a number",
            KdlValue::Float(_) => "a decimal number",
            KdlValue::Bool(_) => "a boolean",
            KdlValue::Null => "`#null`",
        };
        reader.problems.add(
            self.span,
            format!("must be {wanted}"),
            format!("{what} must be {wanted}, not {got}"),
            help,
        );
    }
}

/// A KDL node whose words are consumed as they are interpreted. The words that remain at the end are
/// reported.
pub(crate) struct Line<'d> {
    /// The first word.
    pub name: &'d str,
    /// The position of the first word.
    pub span: SourceSpan,
    /// The position for reporting a missing word: that of the verb, once it is known.
    pub anchor: SourceSpan,
    /// The number of its line in the text, from 1.
    pub number: usize,
    /// All texts in the line.
    pub words: Vec<&'d str>,
    arguments: VecDeque<Value<'d>>,
    properties: Vec<(&'d str, SourceSpan, Value<'d>)>,
    children: Option<&'d KdlDocument>,
}

impl<'d> Line<'d> {
    /// The next argument.
    pub fn argument(&mut self) -> Option<Value<'d>> {
        self.arguments.pop_front()
    }

    /// The next argument, which is required.
    pub fn required(
        &mut self,
        what: &str,
        usage: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Value<'d>> {
        let argument = self.argument();
        if argument.is_none() {
            reader.problems.add(
                self.anchor,
                format!("{what} is missing"),
                format!("this line does not state {what}"),
                format!("write: {usage}"),
            );
        }
        argument
    }

    /// The value of property `name`, if it is given.
    pub fn property(&mut self, name: &str, reader: &mut Reader<'_>) -> Option<Value<'d>> {
        let mut found = None;
        self.properties.retain(|(key, span, value)| {
            if *key != name {
                return true;
            }
            if found.is_some() {
                reader.problems.add(
                    *span,
                    "given before",
                    format!("`{name}` is given twice"),
                    "remove one of them",
                );
            } else {
                found = Some(*value);
            }
            false
        });
        found
    }

    /// Its block.
    pub fn children(&mut self) -> Option<&'d KdlDocument> {
        self.children.take()
    }

    /// Whether it has a block.
    pub fn has_children(&self) -> bool {
        self.children.is_some()
    }

    /// Returns whether every word was consumed.
    pub fn is_used_up(&self) -> bool {
        self.arguments.is_empty() && self.properties.is_empty()
    }

    /// Reports all words that were not consumed.
    pub fn finish(self, usage: &str, known: &[&str], reader: &mut Reader<'_>) {
        for value in self.arguments {
            reader.problems.add(
                value.span,
                "unexpected word",
                "this line has a word too many",
                format!("write: {usage}"),
            );
        }
        for (name, span, _) in self.properties {
            let help = match known {
                [] => format!("write: {usage}"),
                known => word::advice(name, known),
            };
            reader.problems.add(
                span,
                "unknown property",
                format!("this line has no property `{name}`"),
                help,
            );
        }
        if let Some(children) = self.children {
            let span = match children.nodes().first() {
                Some(first) => first.name().span(),
                None => self.span,
            };
            reader.problems.add(
                span,
                "unexpected block",
                format!("`{}` takes no block", self.name),
                format!("write: {usage}"),
            );
        }
    }
}
