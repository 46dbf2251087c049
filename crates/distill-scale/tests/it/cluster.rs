use std::{
    collections::BTreeMap,
    error::Error,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use distill_data::{CurateConfig, CurateInput, ReviewedRow, SplitBy, SplitConfig, curate};
use distill_scale::{
    Calls, Engine, ExportReport, Limits, ReadInput, ScaleConfig, ScaleError, ScaleInput, ScalePlan,
    ScaleReport, cluster::JobError, curate_at_scale, export_examples, read_logs,
};

use super::{log, outcome, raw, reviewed::answers};

/// A scheduler and executors, ended with the test.
struct Processes {
    folder: PathBuf,
    address: String,
    scheduler: Child,
    executors: Vec<Child>,
    started: usize,
}

impl Processes {
    fn start(folder: &Path, executors: usize) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let mut scheduler = Command::new(env!("CARGO_BIN_EXE_distill-scale"));
        scheduler.args(["scheduler", "--address", &address, "--executor-timeout", "10"]);
        let mut processes = Self {
            folder: folder.to_owned(),
            address,
            scheduler: scheduler.stderr(Stdio::null()).spawn().unwrap(),
            executors: Vec::new(),
            started: 0,
        };
        (0..executors).for_each(|_| processes.start_executor("127.0.0.1"));
        let begin = Instant::now();
        while std::net::TcpStream::connect(&processes.address).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(30), "no scheduler");
            std::thread::sleep(Duration::from_millis(50));
        }
        processes
    }

    fn start_executor(&mut self, host: &str) {
        self.started += 1;
        let own = self.folder.join(format!("executor-{}", self.started));
        std::fs::create_dir(&own).unwrap();
        let mut executor = Command::new(env!("CARGO_BIN_EXE_distill-scale"));
        executor.args(["executor", "--scheduler", &self.address, "--memory", "256"]);
        executor.args([
            "--host",
            host,
            "--bind",
            host,
            "--port",
            &free_port().to_string(),
            "--folder",
        ]);
        executor.arg(&own).stderr(Stdio::null());
        self.executors.push(executor.spawn().unwrap());
    }

    fn curate(&self, calls: &Path, out: &Path) -> Result<ScaleReport, ScaleError> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let engine = Engine::on_cluster(&format!("http://{}", self.address), 6).unwrap();
            let engine = engine.with_stage_limit(Duration::from_secs(120));
            let (labels, gold) = (log::labels(), log::gold(calls, 30, 26));
            let calls = Calls::at(calls);
            let input = ScaleInput::new(&calls, &labels).with_gold(&gold);
            curate_at_scale(&engine, &input, &ScalePlan::default(), out).await
        })
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.executors
            .iter_mut()
            .chain([&mut self.scheduler])
            .for_each(end);
    }
}

/// SIGKILL.
fn end(process: &mut Child) {
    process.kill().ok();
    process.wait().ok();
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn here(calls: &Path) -> (ScaleReport, BTreeMap<String, outcome::Row>) {
    let out = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::here(&Limits::default()).unwrap();
        let (labels, gold) = (log::labels(), log::gold(calls, 30, 26));
        let calls = Calls::at(calls);
        let input = ScaleInput::new(&calls, &labels).with_gold(&gold);
        let report = curate_at_scale(&engine, &input, &ScalePlan::default(), out.path()).await;
        let report = report.unwrap();
        assert!(report.repeats.is_empty() && report.rejected["leaks_gold"] > 0);
        (report, outcome::read(out.path()).await)
    })
}

fn rows(out: &Path) -> BTreeMap<String, outcome::Row> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(outcome::read(out))
}

/// What the job on the cluster came to, inside of what the run came to.
fn job_error(error: &ScaleError) -> Option<&JobError> {
    let mut error: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(found) = error {
        if let Some(job) = found.downcast_ref() {
            return Some(job);
        }
        error = found.source();
    }
    None
}

/// One cluster lives through all kills: each time, another executor takes the place of the one that is gone.
///
/// `DISTILL_SCALE_KILLS` is how many there are, 3 unless it is set, at moments that are spread over a run.
#[test]
fn an_executor_that_is_killed_at_any_moment_costs_no_row() {
    let kills = std::env::var("DISTILL_SCALE_KILLS").map_or(3, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls.jsonl");
    log::write(&calls, 6000, 26);
    let (single, expected) = here(&calls);
    let mut processes = Processes::start(folder.path(), 2);
    let begin = Instant::now();
    let whole = folder.path().join("whole");
    let report = processes.curate(&calls, &whole).unwrap();
    let time_of_run = begin.elapsed();
    assert!(report.balances() && report.repeats.is_empty(), "{report}");
    assert_eq!(rows(&whole), expected);

    let mut repeats = 0;
    for kill in 0..kills {
        let moment = time_of_run.mul_f64((f64::from(kill) + 0.5) / f64::from(kills));
        let out = folder.path().join(format!("killed-{kill}"));
        let mut victim = processes.executors.remove(0);
        let report = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(moment);
                end(&mut victim);
            });
            processes.curate(&calls, &out)
        });
        let report = report
            .unwrap_or_else(|error| panic!("killed after {moment:?}: {error}: {:?}", job_error(&error)));
        println!(
            "killed after {moment:?} of {time_of_run:?}: done again: {:?}",
            report.repeats
        );
        assert!(report.balances(), "killed after {moment:?}: {report}");
        assert_eq!(rows(&out), expected, "killed after {moment:?}");
        assert_eq!(report.leakage, single.leakage, "killed after {moment:?}");
        repeats += report.repeats.values().sum::<u64>();
        processes.start_executor("127.0.0.1");
    }
    assert!(repeats > 0, "no kill met the cluster at work");
}

/// What this engine makes of calls and answers by a split and a class cap, beside the rows, and the hashes of its files.
fn parts(
    engine: &Engine,
    (calls, reviewed): (&Calls, &[ReviewedRow]),
    by: SplitBy,
    out: &Path,
) -> (ScaleReport, ExportReport) {
    let config = ScaleConfig {
        class_cap: Some(60),
        near_threshold: 0.5,
        ..ScaleConfig::default()
    };
    let split = SplitConfig {
        by,
        ..SplitConfig::held_out(0.2)
    };
    let plan = config.check().unwrap().with_split(split.check().unwrap());
    let task = raw::task();
    let input = ScaleInput::new(calls, task.labels()).with_reviewed(reviewed);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let report = curate_at_scale(engine, &input, &plan.unwrap(), out).await;
        let set = out.with_extension("set");
        let exported = export_examples(engine, &task, out, &set).await;
        (report.unwrap(), exported.unwrap())
    })
}

#[test]
fn a_cluster_keeps_from_training_asks_and_tells_teachers_apart_as_one_process_does() {
    let folder = tempfile::tempdir().unwrap();
    let (task, logs) = (raw::task(), raw::write(folder.path(), 2000, 7));
    let read = folder.path().join("read");
    let plan = CurateConfig {
        max_damaged_share: 0.5,
        ..CurateConfig::default()
    };
    let plan = plan.check().unwrap();
    read_logs(&ReadInput::new(&task, &logs, &plan), &read, &|_| {}).unwrap();
    let curated = curate(&CurateInput::new(&task, &logs), &plan).unwrap();
    let reviewed = answers(&curated, 25, 7);
    let processes = Processes::start(folder.path(), 2);
    let cluster = Engine::on_cluster(&format!("http://{}", processes.address), 6).unwrap();
    let here = Engine::here(&Limits::default()).unwrap();
    let calls = Calls::at(&read);
    for by in [SplitBy::Cluster, SplitBy::Group, SplitBy::Time, SplitBy::LogOrder] {
        let [out, single] = ["cluster", "here"].map(|name| folder.path().join(format!("{name}-{by:?}")));
        let (found, files) = parts(&cluster, (&calls, &reviewed), by, &out);
        let (expected, expected_files) = parts(&here, (&calls, &reviewed), by, &single);
        assert_eq!(files, expected_files, "{by:?}");
        assert_eq!(
            (&found.reviewed, &found.review, &found.audit),
            (&expected.reviewed, &expected.review, &expected.audit)
        );
        assert!(files.rows["review.jsonl"] > 20 && files.rows["audit.jsonl"] > 20);
        assert_eq!(rows(&out), rows(&single), "{by:?}");
        assert_eq!(
            (&found.split, &found.teachers),
            (&expected.split, &expected.teachers)
        );
        assert_eq!(found.class_limits, expected.class_limits);
        assert!(
            found.fates["heldout"] > 50 && found.fates["over_class_cap"] > 50,
            "{found}"
        );
        assert_eq!(found.teachers.unwrap().count(), 3);
    }
}

#[test]
fn damaged_calls_end_a_run_on_a_cluster_at_the_first_try() {
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls.jsonl");
    std::fs::write(
        &calls,
        "{\"input\": \"where is my card\", \"answer\": \"arrival\"}\n{\"input\": \"cut",
    )
    .unwrap();
    let processes = Processes::start(folder.path(), 1);
    let out = folder.path().join("out");
    let error = processes.curate(&calls, &out).unwrap_err();
    assert!(
        matches!(job_error(&error), Some(JobError::Failed { .. })),
        "{error:?}"
    );
    assert!(!out.join("scale.json").exists());
}

#[test]
fn a_run_without_executors_ends() {
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls.jsonl");
    log::write(&calls, 6000, 26);
    let mut processes = Processes::start(folder.path(), 2);
    let out = folder.path().join("out");
    let mut victims = std::mem::take(&mut processes.executors);
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Once the first try has begun.
            while !out.join("work").exists() {
                std::thread::sleep(Duration::from_millis(2));
            }
            victims.iter_mut().for_each(end);
        });
        processes.curate(&calls, &out).unwrap_err()
    });
    assert!(
        matches!(job_error(&error), Some(JobError::Lost { .. })),
        "{error:?}"
    );
    assert!(!out.join("scale.json").exists());
}

/// Linux has all of 127.0.0.0/8 without being asked.
#[cfg(target_os = "linux")]
#[test]
fn executors_are_reached_under_the_address_that_they_name() {
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls.jsonl");
    log::write(&calls, 500, 3);
    let mut processes = Processes::start(folder.path(), 0);
    processes.start_executor("127.0.0.2");
    processes.start_executor("127.0.0.3");
    let out = folder.path().join("out");
    let report = processes.curate(&calls, &out).unwrap();
    let (single, expected) = here(&calls);
    assert_eq!((rows(&out), report.leakage), (expected, single.leakage));
}

#[test]
fn without_a_scheduler_a_run_fails() {
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls.jsonl");
    log::write(&calls, 10, 1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let failed = runtime.block_on(async {
        let engine = Engine::on_cluster(&format!("http://127.0.0.1:{}", free_port()), 2).unwrap();
        let out = folder.path().join("out");
        let (calls, labels) = (Calls::at(&calls), log::labels());
        curate_at_scale(
            &engine,
            &ScaleInput::new(&calls, &labels),
            &ScalePlan::default(),
            &out,
        )
        .await
    });
    let error = failed.unwrap_err();
    assert!(
        matches!(job_error(&error), Some(JobError::NoScheduler { .. })),
        "{error:?}"
    );
}
