//! What a program asked of the kernel, in order, as `strace -f -y` records it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The calls that decide what survives a power cut.
const CALLS: &str = "trace=write,pwrite64,writev,pwritev,fsync,fdatasync,rename,renameat,renameat2,\
                     link,linkat,unlink,unlinkat,mkdir,mkdirat";

/// One call: from when to when it ran, as line numbers of the record.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) args: String,
    pub(crate) begun: usize,
    pub(crate) ended: usize,
}

/// All calls of one run, in the order in which they began.
#[derive(Debug)]
pub(crate) struct Trace(Vec<Call>);

impl Trace {
    /// Runs a command under strace. A missing strace is a failure: `cargo xtask test` installs it.
    pub(crate) fn of(command: &Command, record: &Path) -> Self {
        let mut strace = Command::new("strace");
        // Without a limit on paths, and with the path of every descriptor.
        strace
            .args(["-f", "-y", "-s", "64", "-e", CALLS, "-o"])
            .arg(record);
        strace.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                strace.env(name, value);
            }
        }
        if let Some(folder) = command.get_current_dir() {
            strace.current_dir(folder);
        }
        let output = strace
            .output()
            .expect("strace runs: install it as `cargo xtask test` does");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self::parse(&std::fs::read_to_string(record).expect("a record"))
    }

    fn parse(record: &str) -> Self {
        let mut calls: Vec<Call> = Vec::new();
        let mut unfinished: Vec<(String, usize)> = Vec::new();
        for (number, line) in record.lines().enumerate() {
            let Some((thread, rest)) = line.split_once(' ') else {
                continue;
            };
            let rest = rest.trim_start();
            if rest.starts_with("<... ") {
                // The call of this thread that was cut in two has ended.
                let at = unfinished.iter().position(|(of, _)| of == thread);
                if let Some(at) = at {
                    let (_, call) = unfinished.remove(at);
                    calls[call].ended = number;
                    calls[call].args.push_str(rest);
                }
            } else if let Some((name, args)) = rest.split_once('(') {
                if rest.ends_with("<unfinished ...>") {
                    unfinished.push((thread.to_owned(), calls.len()));
                }
                let (name, args) = (name.to_owned(), whole_paths(args));
                calls.push(Call {
                    name,
                    args,
                    begun: number,
                    ended: number,
                });
            }
        }
        Self(calls)
    }

    /// The calls of one of these names whose arguments hold `text`.
    fn calls<'a, 'n>(
        &'a self,
        names: &'n [&'n str],
        text: &'n str,
    ) -> impl Iterator<Item = &'a Call> + use<'a, 'n> {
        self.0
            .iter()
            .filter(move |call| names.contains(&call.name.as_str()) && call.args.contains(text))
    }

    /// When the answer began to be written to standard output.
    pub(crate) fn answered(&self) -> usize {
        let answer = self
            .calls(&["write"], "")
            .find(|call| call.args.starts_with("1<"));
        answer.expect("an answer").begun
    }

    /// When the last byte was written to a file.
    pub(crate) fn written(&self, file: &Path) -> Option<usize> {
        self.written_before(file, usize::MAX)
    }

    /// When the last byte was written to a file before this moment.
    pub(crate) fn written_before(&self, file: &Path, before: usize) -> Option<usize> {
        let text = descriptor(file);
        let writes = ["write", "pwrite64", "writev", "pwritev"];
        let calls = self.calls(&writes, &text);
        calls
            .map(|call| call.ended)
            .filter(|ended| *ended < before)
            .max()
    }

    /// Whether a file or folder was synced, wholly within these moments.
    pub(crate) fn synced_between(&self, file: &Path, after: usize, before: usize) -> bool {
        let text = descriptor(file);
        self.calls(&["fsync", "fdatasync"], &text)
            .any(|call| after < call.begun && call.ended < before)
    }

    /// The call that gave a file its name, and the name it had before.
    pub(crate) fn published(&self, file: &Path) -> Option<(&Call, PathBuf)> {
        let text = quoted(file);
        let names = ["rename", "renameat", "renameat2", "link", "linkat"];
        let call: &Call = self.calls(&names, &text).find(|call: &&Call| {
            // The new name is the last of the two.
            call.args
                .rfind('"')
                .is_some_and(|end| call.args[..=end].ends_with(&text))
        })?;
        let first = call.args.split('"').nth(1)?;
        Some((call, PathBuf::from(first)))
    }

    /// When a file's name was taken away.
    pub(crate) fn removed(&self, file: &Path) -> Option<usize> {
        let text = quoted(file);
        self.calls(&["unlink", "unlinkat"], &text)
            .map(|call| call.ended)
            .max()
    }

    /// The folders that were made below `folder`, and when.
    pub(crate) fn folders_made(&self, folder: &Path) -> Vec<(PathBuf, usize)> {
        let made = self.calls(&["mkdir", "mkdirat"], "= 0").filter_map(|call| {
            let path = PathBuf::from(call.args.split('"').nth(1)?);
            path.starts_with(folder).then_some((path, call.ended))
        });
        made.collect()
    }

    /// What is missing for `file` to be durable under its name before `before`: its bytes synced
    /// before it had the name, and its folder synced after.
    pub(crate) fn missing_for(&self, file: &Path, before: usize) -> Vec<&'static str> {
        let Some((named, unfinished)) = self.published(file) else {
            return vec!["a name given to a finished file"];
        };
        let mut missing = Vec::new();
        match self.written(&unfinished) {
            None => missing.push("bytes"),
            Some(written) => {
                if named.begun <= written {
                    missing.push("bytes before the name");
                }
                if !self.synced_between(&unfinished, written, named.begun) {
                    missing.push("a sync of the file before the name");
                }
            }
        }
        let folder = file.parent().expect("a folder");
        if !self.synced_between(folder, named.ended, before) {
            missing.push("a sync of the folder after the name");
        }
        missing
    }
}

/// The arguments of a call with each path that is relative to a descriptor's folder made whole.
fn whole_paths(args: &str) -> String {
    let mut parts = args.split(">, \"");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let folder = whole.rsplit_once('<').filter(|(before, _)| {
            let is_number = |last: char| last.is_ascii_digit();
            before.ends_with(is_number)
        });
        let folder = folder.map(|(_, folder)| folder.to_owned());
        whole.push_str(">, \"");
        if let Some(folder) = folder.filter(|_| !part.starts_with('/')) {
            whole.push_str(&folder);
            whole.push('/');
        }
        whole.push_str(part);
    }
    whole
}

/// A path as strace shows the descriptor of it.
fn descriptor(file: &Path) -> String {
    format!("<{}>", file.display())
}

/// A path as strace shows it as an argument.
fn quoted(file: &Path) -> String {
    format!("\"{}\"", file.display())
}
