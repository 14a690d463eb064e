//! What a killed process may have left: what was acknowledged, and what was under way.
//!
//! The worker tells a line before each operation and one after it: `begin LANE WHAT …`, `done LANE`.

use std::collections::BTreeMap;

use strongroom::{ResourceState, ResourceView};

/// What an object holds: a seed and a length, or nothing.
pub(crate) type Content = Option<(u64, usize)>;

/// The bytes that a content stands for.
pub(crate) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let step = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..length).map(step).collect()
}

/// One object: what was acknowledged, and what an operation under way may have made of it.
#[derive(Debug, Default)]
pub(crate) struct Object {
    acknowledged: Content,
    under_way: Option<Content>,
}

impl Object {
    /// Holds what was found against what is allowed, and takes it for the truth from here on.
    pub(crate) fn settle(&mut self, found: Option<&[u8]>) {
        let allowed = std::iter::once(self.acknowledged).chain(self.under_way);
        let is = |content: &Content| match (content, found) {
            (None, None) => true,
            (Some((seed, length)), Some(found)) => bytes(*seed, *length) == found,
            (None, Some(_)) | (Some(_), None) => false,
        };
        let settled = allowed.clone().find(is);
        self.acknowledged = settled.unwrap_or_else(|| {
            panic!(
                "{self:?} is neither the old nor the new: {:?} bytes",
                found.map(<[u8]>::len)
            )
        });
        self.under_way = None;
    }
}

/// What is known of a resource that comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Absent,
    Active,
    Deleted,
}

/// Everything that the worker has told.
#[derive(Debug, Default)]
pub(crate) struct Model {
    objects: BTreeMap<String, BTreeMap<String, Object>>,
    lives: BTreeMap<String, (Life, Option<Life>)>,
    /// What each lane has begun.
    lanes: BTreeMap<String, Vec<String>>,
}

impl Model {
    /// Takes in a line. Answers whether it acknowledges an operation.
    pub(crate) fn hear(&mut self, told: &str) -> bool {
        let words: Vec<String> = told.split(' ').map(str::to_owned).collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["begin", lane, ..] => {
                self.begin(&words[2..]);
                self.lanes.insert(lane.to_owned(), words[2..].to_vec());
                false
            }
            ["done", lane] => {
                let begun = self.lanes.remove(lane).expect("begun before done");
                self.done(&begun);
                true
            }
            // What the test runner says.
            _ => false,
        }
    }

    fn begin(&mut self, words: &[String]) {
        match read(words) {
            What::Object(resource, path, content) => {
                let objects = self.objects.entry(resource).or_default();
                objects.entry(path).or_default().under_way = Some(content);
            }
            What::Resource(name, life) => {
                self.lives.entry(name).or_insert((Life::Absent, None)).1 = Some(life);
            }
        }
    }

    fn done(&mut self, words: &[String]) {
        match read(words) {
            What::Object(resource, path, content) => {
                let objects = self.objects.entry(resource).or_default();
                objects.insert(
                    path,
                    Object {
                        acknowledged: content,
                        under_way: None,
                    },
                );
            }
            What::Resource(name, life) => {
                self.lives.insert(name, (life, None));
            }
        }
    }

    /// The resources whose objects are known, and these.
    pub(crate) fn objects(
        &mut self,
    ) -> impl Iterator<Item = (&String, &mut BTreeMap<String, Object>)> {
        self.lanes.clear();
        self.objects.iter_mut()
    }

    /// Holds the resources that come and go against what was told of them.
    pub(crate) fn check_resources(&mut self, found: &[ResourceView]) {
        for (name, (acknowledged, under_way)) in &mut self.lives {
            let life = match found.iter().find(|view| view.name.as_str() == name) {
                None => Life::Absent,
                Some(view) if view.state == ResourceState::Active => Life::Active,
                Some(_) => Life::Deleted,
            };
            let allowed = *acknowledged == life || *under_way == Some(life);
            assert!(
                allowed,
                "{name} is {life:?}, not {acknowledged:?} or {under_way:?}"
            );
            (*acknowledged, *under_way) = (life, None);
        }
    }
}

enum What {
    Object(String, String, Content),
    Resource(String, Life),
}

/// `put RESOURCE PATH SEED LENGTH`, `remove RESOURCE PATH`, `create|delete|recover|purge RESOURCE`.
fn read(words: &[String]) -> What {
    let number = |at: usize| words[at].parse::<u64>().unwrap();
    match words[0].as_str() {
        "put" => {
            let content = Some((number(3), usize::try_from(number(4)).unwrap()));
            What::Object(words[1].clone(), words[2].clone(), content)
        }
        "remove" => What::Object(words[1].clone(), words[2].clone(), None),
        "create" | "recover" => What::Resource(words[1].clone(), Life::Active),
        "delete" => What::Resource(words[1].clone(), Life::Deleted),
        "purge" => What::Resource(words[1].clone(), Life::Absent),
        other => panic!("{other}"),
    }
}
