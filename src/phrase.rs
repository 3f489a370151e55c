//! Small pieces of text that all output shares.

/// `1 scenario`, `2 scenarios`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `1,679,616`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let (first, rest) = digits.split_at((digits.len() - 1) % 3 + 1);
    let groups = rest.as_bytes().chunks(3).map(String::from_utf8_lossy);
    groups.fold(first.to_owned(), |text, group| text + "," + &group)
}

/// `1 round`, `1,679,616 rounds`.
pub fn grouped_count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// With a capital letter at its beginning.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `ofd`, `ofd and posix`, `ext4, xfs and btrfs`.
pub fn list<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    joined(words, "and")
}

/// `ofd`, `ofd or posix`, `ext4, xfs or btrfs`.
pub fn either<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    joined(words, "or")
}

fn joined<T: AsRef<str>>(words: impl IntoIterator<Item = T>, last_but_one: &str) -> String {
    let words: Vec<T> = words.into_iter().collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match &words[..] {
        [before @ .., last] if !before.is_empty() => {
            format!("{} {last_but_one} {last}", before.join(", "))
        }
        words => words.concat(),
    }
}

/// The one of `names` that is most similar to `word`, if one is similar enough
/// to be a misspelling.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name| (strsim::normalized_damerau_levenshtein(word, name), name);
    let similar = names.into_iter().map(likeness).filter(|(likeness, _)| *likeness > 0.5);
    similar.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, name)| name)
}

/// A word in shell syntax, quoted if necessary.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Text from an untrusted source, with control characters escaped, so that it
/// cannot control the reader's terminal.
pub fn printable(text: &str) -> String {
    let spelt = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(spelt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(0, "0")]
    #[case(999, "999")]
    #[case(1_000, "1,000")]
    #[case(65_536, "65,536")]
    #[case(1_679_616, "1,679,616")]
    fn a_large_number_is_grouped(#[case] number: u64, #[case] expected: &str) {
        assert_eq!(grouped(number), expected);
    }

    #[rstest::rstest]
    #[case(&[], "")]
    #[case(&["ofd"], "ofd")]
    #[case(&["ofd", "posix"], "ofd and posix")]
    #[case(&["ext4", "xfs", "btrfs"], "ext4, xfs and btrfs")]
    fn a_list_reads_as_a_sentence(#[case] words: &[&str], #[case] expected: &str) {
        assert_eq!(list(words), expected);
        assert_eq!(either(words), expected.replace(" and ", " or "));
    }

    #[rstest::rstest]
    #[case("posix/hot-unplug", "posix/hot-unplug")]
    #[case("my disk", "'my disk'")]
    #[case("it's", r"'it'\''s'")]
    #[case("", "''")]
    fn a_word_survives_the_shell(#[case] word: &str, #[case] expected: &str) {
        assert_eq!(quoted(word), expected);
    }
}
