use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use distill_scale::{Calls, Engine, Limits, ScalePlan, ScaleReport, curate_at_scale};

use super::{log, outcome};

/// A scheduler and executors, ended with the test.
struct Processes {
    port: u16,
    scheduler: Child,
    executors: Vec<Child>,
}

impl Processes {
    fn start(folder: &Path, executors: usize) -> Self {
        let binary = env!("CARGO_BIN_EXE_distill-scale");
        let port = free_ports(1)[0];
        let address = format!("127.0.0.1:{port}");
        let mut scheduler = Command::new(binary);
        scheduler.args(["scheduler", "--address", &address, "--executor-timeout", "6"]);
        let scheduler = scheduler.stderr(Stdio::null()).spawn().unwrap();
        let executors = (0..executors)
            .map(|number| {
                let own = folder.join(format!("executor-{number}"));
                std::fs::create_dir(&own).unwrap();
                let mut executor = Command::new(binary);
                executor.args(["executor", "--scheduler", &address, "--memory", "256", "--folder"]);
                executor.arg(&own).args(["--port", &free_ports(2)[0].to_string()]);
                executor.stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        let begin = Instant::now();
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(30), "no scheduler");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self {
            port,
            scheduler,
            executors,
        }
    }

    fn curate(&self, calls: &Path, out: &Path) -> Result<ScaleReport, distill_scale::ScaleError> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let engine = Engine::on_cluster(&format!("http://127.0.0.1:{}", self.port), 6).unwrap();
            let engine = engine.with_stage_limit(Duration::from_secs(20));
            curate_at_scale(
                &engine,
                &Calls::at(calls),
                &log::labels(),
                &ScalePlan::default(),
                out,
            )
            .await
        })
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for process in self.executors.iter_mut().chain([&mut self.scheduler]) {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

/// The first of so many ports in a row that nobody listens at.
fn free_ports(count: u16) -> Vec<u16> {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        let others: Vec<_> = (1..count)
            .map(|next| TcpListener::bind(("127.0.0.1", port.saturating_add(next))))
            .collect();
        if others.iter().all(Result::is_ok) {
            return (port..port + count).collect();
        }
    }
}

fn here(calls: &Path) -> std::collections::BTreeMap<String, outcome::Row> {
    let out = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::here(&Limits::default()).unwrap();
        curate_at_scale(
            &engine,
            &Calls::at(calls),
            &log::labels(),
            &ScalePlan::default(),
            out.path(),
        )
        .await
        .unwrap();
        outcome::read(out.path()).await
    })
}

fn rows(out: &Path) -> std::collections::BTreeMap<String, outcome::Row> {
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(outcome::read(out))
}

#[test]
fn a_cluster_decides_as_one_process_does_and_a_killed_executor_may_cost_the_run_and_never_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls.jsonl");
    log::write(&calls, 6000, 26);
    let expected = here(&calls);
    let mut processes = Processes::start(folder.path(), 2);
    let out = folder.path().join("whole");
    let report = processes.curate(&calls, &out).unwrap();
    assert!(report.balances());
    assert_eq!(rows(&out), expected);

    let out = folder.path().join("killed");
    let mut victim = processes.executors.remove(0);
    let is_done = AtomicBool::new(false);
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Once the first fold has begun to write: later stages are still to come.
            let rows = out.join("work/rows");
            while std::fs::read_dir(&rows).map_or(0, Iterator::count) == 0 {
                assert!(
                    !is_done.load(Ordering::Relaxed),
                    "the run was over before an executor was killed"
                );
                std::thread::sleep(Duration::from_millis(2));
            }
            victim.kill().unwrap();
            victim.wait().unwrap();
        });
        let report = processes.curate(&calls, &out);
        is_done.store(true, Ordering::Relaxed);
        report
    });
    match report {
        Ok(report) => {
            assert!(report.balances());
            assert_eq!(rows(&out), expected);
        }
        // Ballista's scheduler sometimes does not go on, not with new plans either: then the run says so.
        Err(error) => {
            assert!(
                matches!(error, distill_scale::ScaleError::Engine { .. }),
                "{error}"
            );
            assert!(!out.join("scale.json").exists());
        }
    }
}

#[test]
fn without_a_scheduler_a_run_fails() {
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls.jsonl");
    log::write(&calls, 10, 1);
    let port = free_ports(1)[0];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let failed = runtime.block_on(async {
        let engine = Engine::on_cluster(&format!("http://127.0.0.1:{port}"), 2).unwrap();
        let out = folder.path().join("out");
        curate_at_scale(
            &engine,
            &Calls::at(&calls),
            &log::labels(),
            &ScalePlan::default(),
            &out,
        )
        .await
    });
    assert!(failed.is_err());
}
