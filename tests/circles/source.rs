//! One file: its modules, and the definitions, imports and mentions of each.
//! Test code is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{Token, tokens};

/// The contents of one module: a file, or a block within a file.
#[derive(Debug, Default)]
pub struct Source {
    /// Types, functions, traits, constants and macros.
    pub items: BTreeSet<String>,
    /// Methods that are added to types, by the type as it is named.
    pub methods: Vec<(String, BTreeSet<String>)>,
    pub imports: Vec<Import>,
    /// Modules with a file of their own.
    pub declared: Vec<String>,
    /// Modules in braces.
    pub inline: BTreeMap<String, Source>,
    /// Everything else.
    pub body: Vec<Token>,
}

/// One name of a `use`.
#[derive(Debug, Clone)]
pub struct Import {
    pub path: Vec<String>,
    /// The name that it has here; `None` for `*`.
    pub name: Option<String>,
    /// `pub use`, in any of its forms: it passes the name on.
    pub passed_on: bool,
}

/// Words before the name of an item.
const ITEMS: [&str; 9] =
    ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules"];

impl Source {
    pub fn read(text: &str) -> Source {
        Source::of(&tokens(text))
    }

    fn of(tokens: &[Token]) -> Source {
        let mut source = Source::default();
        let (mut at, mut depth, mut public) = (0, 0_i32, false);
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1);
            match token.word() {
                Some("use") if next.is_some_and(|next| !next.is('<')) => {
                    let end = end(tokens, at, |token| token.is(';'));
                    let tree = &tokens[at + 1..end];
                    import(tree, &mut Vec::new(), public, &mut source.imports);
                    at = end;
                    public = false;
                }
                Some("mod") => {
                    let name = next.and_then(Token::word).unwrap_or_default().to_owned();
                    if tokens.get(at + 2).is_some_and(|token| token.is('{')) {
                        let end = closing(tokens, at + 2);
                        source.inline.insert(name, Source::of(&tokens[at + 3..end]));
                        at = end;
                    } else {
                        source.declared.push(name);
                        at += 2;
                    }
                }
                Some("pub") => {
                    public = true;
                    // `pub(in path)` imports nothing.
                    if next.is_some_and(|next| next.is('(')) {
                        at = closing(tokens, at + 1);
                    }
                }
                Some("impl") if depth == 0 => {
                    source.note_methods(&tokens[at..]);
                    source.body.push(token.clone());
                }
                _ if token.is('#') && is_test(&tokens[at..]) => {
                    at = end_of_item(tokens, closing(tokens, at + 1) + 1);
                }
                word => {
                    if depth == 0 && word.is_some_and(|word| ITEMS.contains(&word)) {
                        let name = tokens[at + 1..].iter().find_map(Token::word);
                        source.items.extend(name.map(str::to_owned));
                    }
                    depth += i32::from(opens(token)) - i32::from(closes(token));
                    public = false;
                    source.body.push(token.clone());
                }
            }
            at += 1;
        }
        source
    }

    /// The methods of an `impl` without a trait.
    fn note_methods(&mut self, tokens: &[Token]) {
        let start = end(tokens, 0, |token| token.is('{'));
        let mut head = &tokens[1..start];
        if head.first().is_some_and(|token| token.is('<')) {
            let mut depth = 0_i32;
            let after = head.iter().position(|token| {
                depth += i32::from(token.is('<')) - i32::from(token.is('>'));
                depth == 0
            });
            head = &head[after.map_or(head.len(), |after| after + 1)..];
        }
        let words = || head.iter().filter_map(Token::word);
        let Some(name) = words().next().filter(|_| !words().any(|word| word == "for")) else {
            return;
        };
        let block = &tokens[start..=closing(tokens, start)];
        let named = block.windows(2).filter(|pair| pair[0].word() == Some("fn"));
        let methods = named.filter_map(|pair| pair[1].word()).map(str::to_owned).collect();
        self.methods.push((name.to_owned(), methods));
    }
}

fn opens(token: &Token) -> bool {
    ['(', '[', '{'].iter().any(|sign| token.is(*sign))
}

fn closes(token: &Token) -> bool {
    [')', ']', '}'].iter().any(|sign| token.is(*sign))
}

/// The position of the token that closes the bracket at `start`.
fn closing(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0;
    end(tokens, start, |token| {
        depth += i32::from(opens(token)) - i32::from(closes(token));
        depth == 0
    })
}

fn end(tokens: &[Token], start: usize, is_end: impl FnMut(&Token) -> bool) -> usize {
    tokens[start..].iter().position(is_end).map_or(tokens.len(), |length| start + length)
}

/// Whether an attribute is `#[cfg(test)]`.
fn is_test(tokens: &[Token]) -> bool {
    let words = tokens.iter().take(6).filter_map(Token::word);
    words.eq(["cfg", "test"])
}

/// The last token of the item or the field that begins at `start`.
fn end_of_item(tokens: &[Token], start: usize) -> usize {
    let words = tokens[start..].iter().filter_map(Token::word);
    let first = words.into_iter().find(|word| !["pub", "super", "crate"].contains(word));
    let ends_with_block = |word| !["use", "const", "static", "type", "let"].contains(&word);
    let is_field = !first.is_some_and(|word| {
        ITEMS.contains(&word) || ["use", "mod", "impl", "let", "unsafe"].contains(&word)
    });
    let mut depth = 0;
    end(tokens, start, |token| {
        depth += i32::from(opens(token)) - i32::from(closes(token));
        let block = token.is('}') && first.is_some_and(ends_with_block);
        depth <= 0 && (block || token.is(';') || (is_field && token.is(',')))
    })
}

/// The names of a `use` tree below `prefix`.
fn import(tree: &[Token], prefix: &mut Vec<String>, passed_on: bool, found: &mut Vec<Import>) {
    let outer = prefix.len();
    let mut at = 0;
    while let Some(token) = tree.get(at) {
        match token {
            Token::Word(word) if word == "as" => at += 1,
            Token::Word(word) => prefix.push(word.clone()),
            token if token.is('{') => {
                let end = closing(tree, at);
                for branch in branches(&tree[at + 1..end]) {
                    import(branch, prefix, passed_on, found);
                }
                prefix.truncate(outer);
                return;
            }
            token if token.is('*') => {
                found.push(Import { path: prefix.clone(), name: None, passed_on });
                prefix.truncate(outer);
                return;
            }
            _ => {}
        }
        at += 1;
    }
    if prefix.last().is_some_and(|last| last == "self") && prefix.len() > 1 {
        prefix.pop();
    }
    let alias = tree.iter().position(|token| token.word() == Some("as"));
    let alias = alias.and_then(|at| tree.get(at + 1)).and_then(Token::word);
    let name = alias.map(str::to_owned).or_else(|| prefix.last().cloned());
    if prefix.len() > 1 || name != prefix.last().cloned() {
        found.push(Import { path: prefix.clone(), name, passed_on });
    }
    prefix.truncate(outer);
}

fn branches(tree: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0;
    let branches = tree.split(|token| {
        depth += i32::from(opens(token)) - i32::from(closes(token));
        depth == 0 && token.is(',')
    });
    branches.filter(|branch| !branch.is_empty()).collect()
}
