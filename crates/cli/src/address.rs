//! `RESOURCE/PATH`: how the command line names what a resource holds. The path is written as `ls` shows it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use clap::builder::{TypedValueParser, ValueParserFactory};
use object_store::path::Path as ObjectPath;
use strongroom_base::{InvalidName, ResourceName};

use crate::object_path::{ObjectKind, PathError, display, encode, encode_folder, read_shown};

/// Ends the path of a link where a file has the same path. No shown path ends so: `\` is doubled there.
pub(crate) const LINK: &str = "\\@";

/// A place in a resource. The path is bytes, as paths are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) resource: ResourceName,
    /// Without slashes at its ends; empty for the resource itself.
    pub(crate) path: Vec<u8>,
    /// Whether it ended in a slash: then it names a folder.
    pub(crate) folder: bool,
    /// Whether it ended in [`LINK`]: then it names no file.
    pub(crate) link: bool,
}

/// A text that names no place in a resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidAddress {
    #[error("the resource's name is not valid UTF-8: expected RESOURCE or RESOURCE/PATH")]
    NotText,
    #[error("expected RESOURCE or RESOURCE/PATH")]
    Name(#[from] InvalidName),
}

impl Address {
    fn parse(text: &OsStr) -> Result<Self, InvalidAddress> {
        let bytes = text.as_bytes();
        let end = bytes
            .iter()
            .position(|byte| *byte == b'/')
            .unwrap_or(bytes.len());
        let (name, path) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        let name = std::str::from_utf8(name).map_err(|_| InvalidAddress::NotText)?;
        let folder = path.last() == Some(&b'/');
        let path = path.trim_ascii_start_slashes();
        let (path, link) = match path.strip_suffix(LINK.as_bytes()) {
            Some(path) if !folder && ends_unescaped(path) => (path, true),
            _ => (path, false),
        };
        Ok(Self {
            resource: name.parse()?,
            path: read_shown(path),
            folder,
            link,
        })
    }

    /// A place below this one's resource.
    pub(crate) fn at(&self, path: Vec<u8>) -> Self {
        Self {
            path,
            folder: false,
            link: false,
            ..self.clone()
        }
    }

    /// As it can be given back.
    pub(crate) fn shown(&self) -> String {
        let path = display(&self.path);
        let end = match (self.link, self.folder) {
            (true, _) => LINK,
            (_, true) => "/",
            _ => "",
        };
        if self.path.is_empty() {
            return self.resource.to_string();
        }
        format!("{}/{path}{end}", self.resource)
    }

    /// The last name of the path.
    pub(crate) fn base_name(&self) -> &[u8] {
        let name = self.path.rsplit(|byte| *byte == b'/').next();
        name.unwrap_or(&self.path)
    }

    /// What an object at this address can be, what is meant first.
    pub(crate) fn kinds(&self) -> &'static [ObjectKind] {
        match (self.folder, self.link) {
            (true, _) => &[],
            (_, true) => &[ObjectKind::Link],
            _ => &[ObjectKind::File, ObjectKind::Link],
        }
    }

    /// The object path of a folder at this address; the root for the resource itself.
    pub(crate) fn as_folder(&self) -> Result<ObjectPath, PathError> {
        if self.path.is_empty() {
            return Ok(ObjectPath::default());
        }
        encode_folder(&self.path)
    }

    /// The object path of what lies at `below` under this address.
    pub(crate) fn join(&self, below: &[u8], kind: ObjectKind) -> Result<ObjectPath, PathError> {
        encode(&self.joined(below), kind)
    }

    /// The path of what lies at `below` under this address.
    pub(crate) fn joined(&self, below: &[u8]) -> Vec<u8> {
        let mut path = self.path.clone();
        if !path.is_empty() && !below.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(below);
        path
    }
}

/// Whether no escape goes on after a shown text.
fn ends_unescaped(shown: &[u8]) -> bool {
    let backslashes = shown.iter().rev().take_while(|byte| **byte == b'\\');
    backslashes.count().is_multiple_of(2)
}

trait TrimSlashes {
    fn trim_ascii_start_slashes(&self) -> &[u8];
}

impl TrimSlashes for [u8] {
    fn trim_ascii_start_slashes(&self) -> &[u8] {
        let mut path = self;
        while let Some(rest) = path.strip_prefix(b"/") {
            path = rest;
        }
        while let Some(rest) = path.strip_suffix(b"/") {
            path = rest;
        }
        path
    }
}

/// Lets clap read addresses from the operating system's own strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AddressParser;

impl ValueParserFactory for Address {
    type Parser = AddressParser;

    fn value_parser() -> AddressParser {
        AddressParser
    }
}

impl TypedValueParser for AddressParser {
    type Value = Address;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Address, clap::Error> {
        Address::parse(value).map_err(|error| {
            let argument = argument.map_or_else(|| "ADDRESS".to_owned(), ToString::to_string);
            let text = display(value.as_bytes());
            let source = std::error::Error::source(&error).map(|s| format!("\n{s}"));
            let message = format!(
                "invalid value '{text}' for '{argument}': {error}{}\n",
                source.unwrap_or_default()
            );
            clap::Error::raw(clap::error::ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Result<Address, InvalidAddress> {
        Address::parse(OsStr::from_bytes(text))
    }

    #[test]
    fn an_address_is_a_name_and_the_bytes_of_a_path() {
        let whole = parse(b"notes").unwrap();
        assert_eq!(
            (whole.resource.as_str(), whole.path.as_slice()),
            ("notes", &b""[..])
        );
        assert!(!whole.folder);
        let file = parse(b"notes/a b/\xff.txt").unwrap();
        assert_eq!(
            (file.path.as_slice(), file.folder),
            (&b"a b/\xff.txt"[..], false)
        );
        let folder = parse(b"notes/a/").unwrap();
        assert_eq!((folder.path.as_slice(), folder.folder), (&b"a"[..], true));
        assert_eq!(folder.joined(b"b"), b"a/b");
        assert_eq!(whole.joined(b"b"), b"b");
    }

    #[test]
    fn a_path_is_read_as_it_is_shown() {
        let path = |text: &[u8]| parse(text).unwrap().path;
        assert_eq!(
            path(br"notes/a\\b\n\u{202e}\xff\u{20}"),
            b"a\\b\n\xe2\x80\xae\xff "
        );
        let link = parse(br"notes/a\@").unwrap();
        assert_eq!((link.path.as_slice(), link.link), (&b"a"[..], true));
        assert_eq!(link.shown(), r"notes/a\@");
        let file = parse(br"notes/a\\@").unwrap();
        assert_eq!((file.path.as_slice(), file.link), (&br"a\@"[..], false));
        assert_eq!(file.shown(), r"notes/a\\@");
    }

    #[test]
    fn what_names_no_resource_is_refused() {
        assert_eq!(parse(b"\xff/x"), Err(InvalidAddress::NotText));
        assert!(matches!(
            parse(b"/etc/passwd"),
            Err(InvalidAddress::Name(_))
        ));
    }
}
