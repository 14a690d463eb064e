//! What criterion wrote, and what benchmarks of our own wrote beside it, read back.

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One figure.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Measure {
    pub name: String,
    pub value: f64,
    pub unit: Cow<'static, str>,
}

/// `benchmark.json`, as far as it matters here.
#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
    throughput: Option<serde_json::Map<String, serde_json::Value>>,
}

/// `estimates.json`, as far as it matters here; nanoseconds for one iteration.
#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// Reads the figures under criterion's folder that are no older than `since`, by name.
pub fn read(folder: &Path, since: SystemTime) -> Result<Vec<Measure>> {
    let mut measures = Vec::new();
    collect(folder, since, &mut measures)?;
    measures.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(measures)
}

fn collect(folder: &Path, since: SystemTime, measures: &mut Vec<Measure>) -> Result<()> {
    let (estimates, benchmark) = (folder.join("estimates.json"), folder.join("benchmark.json"));
    let is_new = folder.file_name().is_some_and(|name| name == "new");
    if is_new && estimates.is_file() && benchmark.is_file() {
        if fs::metadata(&estimates)?.modified()? >= since {
            measures.push(measure(&read_json(&benchmark)?, &read_json(&estimates)?));
        }
        return Ok(());
    }
    // A list of figures, of a benchmark that criterion does not run.
    let figures = folder.join("figures.json");
    if figures.is_file() && fs::metadata(&figures)?.modified()? >= since {
        measures.extend(read_json::<Vec<Measure>>(&figures)?);
    }
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, since, measures)?;
        }
    }
    Ok(())
}

fn measure(benchmark: &Benchmark, estimates: &Estimates) -> Measure {
    let nanoseconds = estimates.median.point_estimate;
    let bytes = benchmark
        .throughput
        .as_ref()
        .and_then(|declared| declared.get("Bytes"))
        .and_then(serde_json::Value::as_f64);
    let (value, unit) = match bytes {
        // Bytes a nanosecond are gigabytes a second.
        Some(bytes) => (bytes / nanoseconds, "GB/s"),
        None => (nanoseconds, "ns"),
    };
    Measure {
        name: benchmark.full_id.clone(),
        value,
        unit: unit.into(),
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, bytes: Option<u64>, median: f64) {
        let folder = folder.join(name).join("new");
        fs::create_dir_all(&folder).unwrap();
        let throughput = bytes.map(|bytes| serde_json::json!({ "Bytes": bytes }));
        let benchmark = serde_json::json!({ "full_id": name, "throughput": throughput });
        fs::write(folder.join("benchmark.json"), benchmark.to_string()).unwrap();
        let estimates = serde_json::json!({ "median": { "point_estimate": median }, "mean": {} });
        fs::write(folder.join("estimates.json"), estimates.to_string()).unwrap();
    }

    #[test]
    fn declared_bytes_become_gigabytes_a_second_and_the_rest_stays_time() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "seal/1MiB", Some(1_000_000), 125_000.0);
        write(folder.path(), "lease", None, 80.0);
        let measures = read(folder.path(), SystemTime::UNIX_EPOCH).unwrap();
        let lines: Vec<_> = measures
            .iter()
            .map(|measure| serde_json::to_string(measure).unwrap())
            .collect();
        assert_eq!(
            lines,
            [
                r#"{"name":"lease","value":80.0,"unit":"ns"}"#,
                r#"{"name":"seal/1MiB","value":8.0,"unit":"GB/s"}"#
            ]
        );
    }

    #[test]
    fn figures_of_our_own_stand_beside_those_of_criterion() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "lease", None, 80.0);
        let own = folder.path().join("memory");
        fs::create_dir_all(&own).unwrap();
        let figures = r#"[{"name":"memory/put","value":8.5,"unit":"MiB"}]"#;
        fs::write(own.join("figures.json"), figures).unwrap();
        let measures = read(folder.path(), SystemTime::UNIX_EPOCH).unwrap();
        let names: Vec<_> = measures.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["lease", "memory/put"]);
    }

    #[test]
    fn figures_of_an_earlier_run_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "old", None, 1.0);
        let file = folder.path().join("old/new/estimates.json");
        let written = fs::metadata(file).unwrap().modified().unwrap();
        let later = written + std::time::Duration::from_secs(1);
        assert_eq!(read(folder.path(), later).unwrap(), []);
    }
}
