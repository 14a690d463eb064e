//! What a search found, by window and form.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::form::{Form, window_and_shape};
use super::search::{Hits, Place};

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// How many files were searched.
    pub(crate) files: u64,
    /// How many bytes were searched.
    pub(crate) bytes: u64,
    hits: BTreeMap<(u32, Form), Hit>,
}

/// Where a canary was seen in one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// How often.
    pub(crate) count: u64,
    /// The file of the first time, in the order of the places searched; `None` for bytes in memory.
    pub(crate) file: Option<PathBuf>,
    /// How many bytes stand before it in the file.
    pub(crate) offset: u64,
}

impl Findings {
    /// Gathers what was found by text into windows and forms.
    pub(super) fn of(files: &[(PathBuf, u64)], bytes: u64, found: Hits) -> Self {
        let mut forms = BTreeMap::<_, (u64, Place)>::new();
        for (number, (count, first)) in found.by_text {
            let Some((window, shape)) = window_and_shape(number) else {
                continue;
            };
            let form = forms.entry((window, shape.form)).or_insert((0, first));
            form.0 += count;
            form.1 = form.1.min(first);
        }
        let hit = |(count, (file, offset)): (u64, Place)| Hit {
            count,
            file: files.get(file).map(|(path, _)| path.clone()),
            offset,
        };
        let hits = forms
            .into_iter()
            .map(|(form, found)| (form, hit(found)))
            .collect();
        Self {
            files: files.len() as u64,
            bytes,
            hits,
        }
    }

    /// How often any canary was seen in any form; one that files share counts as one.
    pub(crate) fn total(&self) -> u64 {
        self.hits.values().map(|hit| hit.count).sum()
    }

    /// The numbers of the windows that were seen.
    pub(super) fn windows(&self) -> impl Iterator<Item = u32> {
        self.hits.keys().map(|(window, _)| *window)
    }

    /// In which forms a window was seen.
    pub(super) fn of_window(&self, window: u32) -> impl Iterator<Item = (Form, &Hit)> {
        let forms = (window, Form::Raw)..=(window, Form::Base64Url);
        self.hits.range(forms).map(|((_, form), hit)| (*form, hit))
    }
}
