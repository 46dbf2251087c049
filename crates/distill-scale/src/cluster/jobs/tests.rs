use super::*;

fn kind(reason: &str) -> &'static str {
    match JobError::of("job", reason) {
        JobError::Failed { .. } => "failed",
        JobError::Lost { .. } => "lost",
        _ => "other",
    }
}

/// In the words of the scheduler of Ballista 55.0.0.
#[test]
fn a_lost_executor_is_told_from_data_that_fail_anywhere() {
    assert_eq!(kind("Cancelled"), "lost");
    let fetch = "Job failed due to stage 2 failed: Stage 2 has failed 1 times, most recent failure reason: \"Error \
                 connecting to Ballista scheduler or executor at http://127.0.0.1:4001: tonic::transport::Error\"\n";
    assert_eq!(kind(fetch), "lost");
    let data = "Job failed due to stage 1 failed: Task failed due to runtime execution error: \
                DataFusionError(Shared(ArrowError(JsonError(\"Truncated record whilst reading string\"), \
                Some(\"\"))))\n";
    assert_eq!(kind(data), "failed");
    let connection = "Job failed due to stage 2 failed: Task failed due to runtime execution error: \
                      DataFusionError(External(FlightError(Tonic(Status { message: \"h2 protocol error\" }))))";
    assert_eq!(kind(connection), "lost");
    assert_eq!(kind("Error planning job x: no such table"), "failed");
    assert_eq!(
        kind("all executors were lost and no executor re-registered within 6s"),
        "lost"
    );
}

#[test]
fn only_a_loss_and_a_limit_are_worth_another_try() {
    let job = || "job".to_owned();
    let worth = |error: JobError| is_worth_another_try(&DataFusionError::from(error).context("in a stage"));
    assert!(worth(JobError::Lost {
        job: job(),
        reason: String::new()
    }));
    assert!(worth(JobError::Limit {
        job: job(),
        seconds: 1
    }));
    assert!(!worth(JobError::of("job", "Error planning job")));
    assert!(!is_worth_another_try(&DataFusionError::Plan("no column".into())));
}
