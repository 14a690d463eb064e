//! Options that take several words or none, as people type them: `--ops wrapKey unwrapKey contoso docs`,
//! `--purge-protection contoso`. Left to itself, such an option takes the names behind it as well.

use std::ffi::{OsStr, OsString};

use strongroom::{KeyOperation, KeyPermission};

/// Whether a text is a word of a list.
type IsWord = fn(&str) -> bool;

/// Options that take a list, and what is a word of it.
const LISTS: [(&str, IsWord); 2] = [
    ("--ops", |word| word.parse::<KeyOperation>().is_ok()),
    ("--key-permissions", |word| {
        KeyPermission::parse_set(word).is_ok()
    }),
];

/// Options that stand alone or before a truth value.
const SWITCHES: [&str; 6] = [
    "--purge-protection",
    "--enable-purge-protection",
    "--soft-delete",
    "--enable-soft-delete",
    "--rbac",
    "--enable-rbac-authorization",
];

/// The command line with each of these options and what is its own in one argument. A list that has a
/// comma in it is whole; without one, it goes on for as long as its words do.
pub(super) fn gathered(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words = words.into_iter().peekable();
    let mut gathered = Vec::new();
    while let Some(word) = words.next() {
        if word == "--" {
            gathered.push(word);
            gathered.extend(words);
            break;
        }
        let text = word.to_str();
        let list = LISTS.iter().find(|(option, _)| text == Some(*option));
        if let Some((_, is_word)) = list
            && let Some(first) = words.next_if(|next| !is_option(next))
        {
            let mut list = vec![first];
            let whole = list.iter().any(|first| has_comma_within(first));
            while !whole && let Some(next) = words.next_if(|next| are_words(next, *is_word)) {
                list.push(next);
            }
            gathered.push(joined(word, list));
        } else if text.is_some_and(|text| SWITCHES.contains(&text))
            && let Some(truth) = words.next_if(|next| next == "true" || next == "false")
        {
            gathered.push(joined(word, vec![truth]));
        } else {
            gathered.push(word);
        }
    }
    gathered
}

fn is_option(word: &OsStr) -> bool {
    word.to_str().is_some_and(|text| text.starts_with('-'))
}

fn has_comma_within(word: &OsStr) -> bool {
    let text = word.to_string_lossy();
    text.trim_end_matches(',').contains(',') && !text.ends_with(',')
}

fn are_words(word: &OsStr, is_word: fn(&str) -> bool) -> bool {
    let text = word.to_str().unwrap_or_default().trim_matches(',');
    !text.is_empty() && text.split(',').all(is_word)
}

fn joined(option: OsString, list: Vec<OsString>) -> OsString {
    let mut joined = option;
    let mut before = "=";
    for word in list {
        joined.push(before);
        joined.push(
            word.to_str()
                .map_or(&*word, |text| OsStr::new(text.trim_matches(','))),
        );
        before = ",";
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_takes_its_own_words_and_leaves_what_follows() {
        for (typed, meant) in [
            (
                "key create --ops wrapKey unwrapKey contoso docs",
                "key create --ops=wrapKey,unwrapKey contoso docs",
            ),
            (
                "key create --ops wrapKey,sign verify docs",
                "key create --ops=wrapKey,sign verify docs",
            ),
            (
                "key create --ops wrapKey, unwrapKey contoso docs",
                "key create --ops=wrapKey,unwrapKey contoso docs",
            ),
            (
                "key create a b --ops wrapkey --disabled",
                "key create a b --ops=wrapkey --disabled",
            ),
            (
                "key create --ops fly contoso docs",
                "key create --ops=fly contoso docs",
            ),
            ("key create a b --ops --json", "key create a b --ops --json"),
            (
                "vault grant --key-permissions get list contoso --object-id x",
                "vault grant --key-permissions=get,list contoso --object-id x",
            ),
            (
                "vault create --purge-protection contoso",
                "vault create --purge-protection contoso",
            ),
            (
                "vault create --soft-delete false contoso",
                "vault create --soft-delete=false contoso",
            ),
            ("put -- --ops get put", "put -- --ops get put"),
            ("key create a b --ops=sign", "key create a b --ops=sign"),
        ] {
            let typed = gathered(typed.split(' ').map(OsString::from));
            let typed: Vec<_> = typed.iter().map(|word| word.to_str().unwrap()).collect();
            assert_eq!(typed.join(" "), meant);
        }
    }
}
