//! One call that must be refused: by which code, with which command to mend it, and with nothing changed.

use strongroom::{ResourceChange, ResourceHandle, ResourceView, VaultInfo};
use strongroom_base::Outcome as _;

use crate::failure::Failure;
use crate::verb::tour::patience;
use crate::verb::tour::report::Report;
use crate::verb::tour::second_process::words;
use crate::verb::tour::stage::Stage;

/// How every command begins.
const PROGRAM: &str = "strongroom ";

/// A change that must be refused.
pub(super) struct Case<'a> {
    pub(super) resource: &'a ResourceHandle,
    pub(super) change: ResourceChange,
    pub(super) expected: Expected<'a>,
    /// Whether the command that the refusal prints is typed then, and must mend it.
    pub(super) typed: bool,
}

/// How it must be refused.
pub(super) struct Expected<'a> {
    /// What is wrong, in a few words.
    pub(super) why: &'a str,
    /// The stable code.
    pub(super) code: &'static str,
    /// How the command begins, after the program's name.
    pub(super) mend: String,
}

/// What came of it.
pub(super) struct Refused {
    held: bool,
    says: String,
    /// The command that it printed, with a word on whether it was typed.
    command: Option<String>,
}

/// What a refusal must leave as it was: every resource and every vault.
#[derive(PartialEq)]
pub(super) struct Seen {
    resources: Vec<ResourceView>,
    vaults: Vec<VaultInfo>,
}

impl Seen {
    pub(super) async fn now(stage: &Stage) -> Result<Self, Failure> {
        Ok(Self {
            resources: stage.room.resources().await?,
            vaults: stage.operator().vaults().await?,
        })
    }
}

impl Case<'_> {
    /// Asks for the change; types the command, if it is to be typed, and asks whether it has helped.
    pub(super) async fn ask(self, stage: &Stage) -> Result<Refused, Failure> {
        let Self {
            resource,
            change,
            expected,
            typed,
        } = self;
        let before = Seen::now(stage).await?;
        let answer = match patience::change(resource, &change).await {
            Ok(_) => Ok(()),
            Err(Failure::Strongroom(error)) => Err(error),
            Err(failure) => return Err(failure),
        };
        let unchanged = Seen::now(stage).await? == before;
        let mut refused = expected.holds_of(answer, unchanged);
        if !typed || !refused.held {
            return Ok(refused);
        }
        if let Some(command) = &mut refused.command {
            let typed = command.strip_prefix(PROGRAM).unwrap_or_default();
            stage.second.ask_all(&[words(typed)]).await?;
            let explained = Box::pin(resource.explain(change, false)).await?;
            refused.held = explained.would_work();
            command.push_str(if refused.held {
                "  (typed: nothing stands against it now)"
            } else {
                "  (typed: it did not help)"
            });
        }
        Ok(refused)
    }
}

impl Expected<'_> {
    /// Holds an answer against what it must be.
    pub(super) fn holds_of(
        self,
        answer: Result<(), strongroom::Error>,
        unchanged: bool,
    ) -> Refused {
        let Self { why, code, mend } = self;
        let Err(error) = answer else {
            return Refused {
                held: false,
                says: format!("{why}: it was done"),
                command: None,
            };
        };
        let command = command(&error.to_string());
        let mends = command
            .as_deref()
            .and_then(|command| command.strip_prefix(PROGRAM))
            .is_some_and(|command| command.starts_with(&mend));
        let found = error.code();
        let but = if unchanged {
            ""
        } else {
            ", but something changed"
        };
        Refused {
            held: found == code && unchanged && mends,
            says: format!("{why} [{found}]{but}"),
            command,
        }
    }
}

/// The command that a message ends in.
fn command(message: &str) -> Option<String> {
    let (_, rest) = message.rsplit_once(PROGRAM)?;
    Some(format!("{PROGRAM}{rest}"))
}

/// One step for the cases of one rule.
pub(super) fn tell<const N: usize>(
    report: &mut Report<'_>,
    step: &'static str,
    rules: &'static [&'static str],
    refused: &[Refused; N],
) -> Result<(), Failure> {
    let ok = refused.iter().all(|one| one.held);
    let says: Vec<_> = refused.iter().map(|one| one.says.as_str()).collect();
    let detail = format!("refused: {}", says.join("; "));
    let mut commands: Vec<String> = Vec::new();
    for command in refused.iter().filter_map(|one| one.command.as_ref()) {
        // Two cases may have one remedy, which is typed once.
        commands.retain(|earlier| !command.starts_with(earlier.as_str()));
        commands.push(command.clone());
    }
    report.step_with(step, rules, ok, detail, &commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_command_of_a_message_is_the_one_that_mends() {
        assert_eq!(
            command("first: strongroom a, then: strongroom b c").as_deref(),
            Some("strongroom b c")
        );
        assert_eq!(command("nothing to type"), None);
    }

    #[test]
    fn control_what_was_done_or_refused_otherwise_does_not_hold() {
        let expected = |code, mend: &str| Expected {
            why: "a thing",
            code,
            mend: mend.to_owned(),
        };
        let absent = || expected("ResourceNotFound", "resource list");
        let refused = || Err(strongroom::Refusal::Absent.into());
        assert!(absent().holds_of(refused(), true).held);
        assert!(!absent().holds_of(Ok(()), true).held);
        assert!(!absent().holds_of(refused(), false).held);
        let other_code = expected("ResourceExists", "resource list");
        assert!(!other_code.holds_of(refused(), true).held);
        let other_command = expected("ResourceNotFound", "resource create");
        assert!(!other_command.holds_of(refused(), true).held);
    }
}
