//! Who disables the key and enables it again: this process, or one that is told to on its standard input.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use strongroom::{Danger, Operator, Strongroom, VersionChange};
use strongroom_benches::customer;
use tokio::runtime::Runtime;

use crate::probe::moment;
use crate::scene;

/// Tells a process of this program in which installation it changes the key.
const OWNER_OF: &str = "STRONGROOM_BENCH_OWNER_OF";

/// Whoever changes the key.
pub(crate) enum Owner {
    Here(Operator),
    There(Process),
}

impl Owner {
    /// Changes it; the moment at which the vault had acknowledged that.
    pub(crate) async fn enable(&mut self, enabled: bool) -> u64 {
        match self {
            Self::Here(operator) => enable(operator, enabled).await,
            Self::There(process) => process.enable(enabled),
        }
    }
}

async fn enable(operator: &Operator, enabled: bool) -> u64 {
    let name = "docs".parse().expect("a key's name");
    let change = VersionChange {
        enabled: Some(enabled),
        ..VersionChange::default()
    };
    operator
        .update_key(&customer::vault(), &name, None, change)
        .await
        .unwrap();
    moment()
}

/// Another process, with the same installation open.
pub(crate) struct Process {
    child: Child,
    tell: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .env(OWNER_OF, data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let told = BufReader::new(child.stdout.take().expect("its output"));
        let tell = child.stdin.take();
        let mut process = Self { child, tell, told };
        assert_eq!(process.line(), "ready");
        process
    }

    /// The child reads the clock, which is one for the machine: how long its word takes is no part of
    /// what is measured.
    fn enable(&mut self, enabled: bool) -> u64 {
        let tell = self.tell.as_mut().expect("an open pipe");
        writeln!(tell, "{enabled}").expect("a child that listens");
        self.line().parse().expect("a moment")
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.told
            .read_line(&mut line)
            .expect("a child that answers");
        line.trim_end().to_owned()
    }
}

impl Drop for Process {
    /// It ends when nothing more can be said to it.
    fn drop(&mut self) {
        self.tell.take();
        let _ = self.child.wait();
    }
}

/// The installation whose key this process is to change, if it is there for that.
pub(crate) fn asked_for() -> Option<PathBuf> {
    std::env::var_os(OWNER_OF)
        .filter(|data| *data != OsString::new())
        .map(PathBuf::from)
}

/// Changes the key as it is told, and answers when that was done.
pub(crate) fn serve(data: &Path) {
    let runtime = Runtime::new().expect("a runtime");
    let room = runtime
        .block_on(Strongroom::open(data, &scene::options(Danger::default())))
        .unwrap();
    answer("ready");
    for line in io::stdin().lines() {
        let enabled = line.expect("a line").parse().expect("true or false");
        let done = runtime.block_on(enable(room.administrator(), enabled));
        answer(&done.to_string());
    }
    runtime.block_on(room.close()).unwrap();
}

fn answer(line: &str) {
    let mut out = io::stdout().lock();
    let answered = writeln!(out, "{line}").and_then(|()| out.flush());
    answered.expect("somebody who listens");
}
