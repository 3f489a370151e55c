//! Rust source as words and signs, without comments, texts and lifetimes.

use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Word(String),
    Sign(char),
    /// `::`
    PathSeparator,
}

impl Token {
    pub fn word(&self) -> Option<&str> {
        match self {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    pub fn is(&self, sign: char) -> bool {
        *self == Token::Sign(sign)
    }
}

pub fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(sign) = rest.next() {
        match sign {
            '/' if rest.peek() == Some(&'/') => skip_line(&mut rest),
            '/' if rest.peek() == Some(&'*') => skip_block(&mut rest),
            '"' => skip_text(&mut rest),
            '\'' => skip_quoted(&mut rest),
            ':' if rest.next_if_eq(&':').is_some() => found.push(Token::PathSeparator),
            _ if sign.is_alphanumeric() || sign == '_' => {
                let word = word(sign, &mut rest);
                let prefixes = ["r", "b", "c", "br", "cr"];
                match rest.peek() {
                    Some('"') if word.ends_with('r') && prefixes.contains(&word.as_str()) => {
                        skip_raw(&mut rest, 0);
                    }
                    Some('#') if word.ends_with('r') && prefixes.contains(&word.as_str()) => {
                        let mut hashes = 0;
                        while rest.next_if_eq(&'#').is_some() {
                            hashes += 1;
                        }
                        if rest.peek() == Some(&'"') {
                            skip_raw(&mut rest, hashes);
                        }
                    }
                    _ => found.push(Token::Word(word)),
                }
            }
            _ if sign.is_whitespace() => {}
            _ => found.push(Token::Sign(sign)),
        }
    }
    found
}

fn word(first: char, rest: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::from(first);
    while let Some(next) = rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
        word.push(next);
    }
    word
}

fn skip_line(rest: &mut Peekable<Chars<'_>>) {
    while rest.next().is_some_and(|sign| sign != '\n') {}
}

fn skip_block(rest: &mut Peekable<Chars<'_>>) {
    let (mut depth, mut last) = (0, '/');
    for sign in rest.by_ref() {
        match (last, sign) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                last = sign;
                continue;
            }
        }
        last = ' ';
        if depth == 0 {
            return;
        }
    }
}

fn skip_text(rest: &mut Peekable<Chars<'_>>) {
    while let Some(sign) = rest.next() {
        match sign {
            '\\' => drop(rest.next()),
            '"' => return,
            _ => {}
        }
    }
}

fn skip_raw(rest: &mut Peekable<Chars<'_>>, hashes: usize) {
    rest.next();
    while let Some(sign) = rest.next() {
        let mut seen = 0;
        while sign == '"' && seen < hashes && rest.next_if_eq(&'#').is_some() {
            seen += 1;
        }
        if sign == '"' && seen == hashes {
            return;
        }
    }
}

/// A character, or a lifetime.
fn skip_quoted(rest: &mut Peekable<Chars<'_>>) {
    match rest.next() {
        Some('\\') => {
            rest.next();
            while rest.next().is_some_and(|sign| sign != '\'') {}
        }
        Some(first) if rest.next_if_eq(&'\'').is_none() => drop(word(first, rest)),
        _ => {}
    }
}
