use std::{
    collections::BTreeMap,
    error::Error,
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use gold_eval::{
    AnswerSource, ApiKey, CollectError, HttpConfig, HttpConfigError, HttpEndpoint, HttpError, Question,
    TimedRow, TokenPrices, WireShape, collect,
};
use serde_json::json;
use task_spec::{PredictError, Predictor};

use crate::{
    model::speak,
    server::{Reply, Request, serve},
    world::{World, task},
};

pub(crate) fn endpoint(url: &str, shape: WireShape, change: impl FnOnce(&mut HttpConfig)) -> HttpEndpoint {
    let mut config = HttpConfig::new(url, shape);
    config.model = shape.names_a_model().then(|| "adapter".to_owned());
    config.first_pause_s = 0.01;
    change(&mut config);
    config.check(&task(3).with_system("Choose one.")).unwrap()
}

fn cause(error: &PredictError) -> &HttpError {
    error.source().unwrap().downcast_ref().unwrap()
}

#[test]
fn every_shape_is_asked_under_its_route_and_gives_the_answers_probability() {
    for shape in WireShape::ALL {
        let url = serve(move |request| {
            assert_eq!(request.path, shape.route());
            speak(shape, request)
        });
        let model = endpoint(&url, shape, |config| config.logprobs = true);
        let answers = model.predict(&["x label-02", "y label-01"]).unwrap();
        let found: Vec<(&str, f64)> = (answers.iter())
            .map(|answer| (answer.answer.as_str(), answer.confidence.unwrap()))
            .collect();
        assert!(
            (found[0].1 - 0.7).abs() < 1e-9 && (found[1].1 - 0.7).abs() < 1e-9,
            "{shape}: {found:?}"
        );
        assert_eq!((found[0].0, found[1].0), ("label-02", "label-01"), "{shape}");
        let has_distribution = !matches!(shape, WireShape::Chat | WireShape::Classify);
        assert_eq!(
            answers[0].probabilities.len(),
            if has_distribution { 3 } else { 0 }
        );
    }
}

#[test]
fn the_tasks_prompt_labels_and_the_models_name_are_what_is_asked_with() {
    let seen: Arc<Mutex<Vec<serde_json::Value>>> = Arc::default();
    for shape in [WireShape::Chat, WireShape::Decisions, WireShape::SystemOne] {
        let kept = seen.clone();
        let url = serve(move |request| {
            kept.lock().unwrap().push(request.body.clone());
            speak(shape, request)
        });
        let model = endpoint(&format!("{url}/v1"), shape, |config| {
            config.extra.insert("seed".to_owned(), json!(7));
            config.extra.insert("temperature".to_owned(), json!(null));
        });
        model.predict(&["x label-02"]).unwrap();
    }
    let seen = seen.lock().unwrap();
    let [chat, decisions, system_one] = &seen[..] else {
        panic!()
    };
    assert_eq!(
        *chat,
        json!({"model": "adapter", "seed": 7, "temperature": null, "messages": [
            {"role": "system", "content": "Choose one."}, {"role": "user", "content": "x label-02"}]})
    );
    assert_eq!(
        decisions["questions"][0]["choices"][2],
        json!({"value": "label-02"})
    );
    assert_eq!(decisions["questions"][0]["instructions"], "Choose one.");
    assert_eq!(
        system_one["questions"]["label"]["criteria"]["label-01"],
        json!(null)
    );
    assert_eq!(system_one["state"], "x label-02");
}

#[test]
fn an_answer_costs_what_its_tokens_cost() {
    let url = serve(|_| {
        Reply::json(&json!({"choices": [{"message": {"content": "label-01"}}],
            "usage": {"prompt_tokens": 200, "completion_tokens": 4}}))
    });
    let prices = |input, output| TokenPrices {
        input_usd_per_million: input,
        output_usd_per_million: output,
    };
    let priced = endpoint(&url, WireShape::Chat, |config| {
        config.prices = Some(prices(2.5, 10.0))
    });
    let unpriced = endpoint(&url, WireShape::Chat, |_| {});
    for (model, expected) in [
        (&priced, Some((200.0 * 2.5 + 4.0 * 10.0) / 1e6)),
        (&unpriced, None),
    ] {
        let mut costs = Vec::new();
        let question = Question {
            id: "1",
            input: "x".into(),
        };
        let mut keep = |answer: TimedRow| {
            costs.push(answer.cost_usd);
            ControlFlow::Continue(())
        };
        model.answer(&[question], &mut keep).unwrap();
        assert_eq!(costs, [expected]);
    }
    assert_ne!(priced.identity(), unpriced.identity());
    let refused = |shape: WireShape, prices| {
        let mut config = HttpConfig::new("http://localhost", shape).with_model("m");
        config.prices = Some(prices);
        config.check(&task(3)).unwrap_err()
    };
    assert!(matches!(
        refused(WireShape::Classify, prices(1.0, 1.0)),
        HttpConfigError::NoTokens { .. }
    ));
    for wrong in [f64::NAN, -1.0, f64::INFINITY] {
        assert!(matches!(
            refused(WireShape::Chat, prices(1.0, wrong)),
            HttpConfigError::Price { .. }
        ));
    }
}

#[test]
fn what_a_server_cannot_do_now_is_asked_again_after_the_pause_it_asks_for() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let url = serve(move |request| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::status(503, "busy"),
        1 => Reply::status(429, "slow down").with("Retry-After", "1"),
        // A date is compared with the server's own.
        2 => Reply::status(500, "oops")
            .with("Date", "Thu, 26 Nov 2026 10:00:00 GMT")
            .with("Retry-After", "Thu, 26 Nov 2026 10:00:01 GMT"),
        _ => speak(WireShape::Chat, request),
    });
    let from = Instant::now();
    let answers = endpoint(&url, WireShape::Chat, |_| {})
        .predict(&["x label-01"])
        .unwrap();
    assert_eq!(answers[0].answer, "label-01");
    assert_eq!(asked.load(Ordering::SeqCst), 4);
    assert!(from.elapsed() >= Duration::from_secs(2), "{:?}", from.elapsed());
}

#[test]
fn a_pause_longer_than_allowed_is_an_error_that_says_how_long() {
    let url = serve(|_| Reply::status(429, "tomorrow").with("Retry-After", "86400"));
    let error = endpoint(&url, WireShape::Chat, |_| {})
        .predict(&["x"])
        .unwrap_err();
    assert!(
        matches!(cause(&error), HttpError::Pause { seconds, .. } if *seconds == 86400.0),
        "{error:?}"
    );
}

#[test]
fn a_refused_request_is_not_repeated_and_the_key_is_nowhere() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let url = serve(move |request| {
        count.fetch_add(1, Ordering::SeqCst);
        let sent = &request.headers["authorization"];
        assert_eq!(sent, "Bearer sk-secret-1");
        Reply::status(401, &format!("wrong key {sent}"))
    });
    let model = endpoint(&url, WireShape::Chat, |config| config.parallel = 1)
        .with_api_key(ApiKey::new(" sk-secret-1\n").unwrap());
    let error = model.predict(&["x", "y", "z"]).unwrap_err();
    assert!(
        matches!(
            cause(&error),
            HttpError::Status {
                status: 401,
                attempts: 1,
                ..
            }
        ),
        "{error:?}"
    );
    let everything = format!("{error:?} {} {model:?}", cause(&error));
    assert!(!everything.contains("secret"), "{everything}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert!(ApiKey::new("a b").is_err() && ApiKey::new(" ").is_err() && ApiKey::new("a\nb: c").is_err());
}

#[test]
fn a_server_that_hangs_is_given_up_after_the_repetitions() {
    let url = serve(|_| {
        thread::sleep(Duration::from_secs(2));
        Reply::status(200, "{}")
    });
    let model = endpoint(&url, WireShape::Predict, |config| {
        config.timeout_s = 0.1;
        config.retries = 2;
    });
    let error = model.predict(&["x"]).unwrap_err();
    assert!(
        matches!(cause(&error), HttpError::Transport { attempts: 3, .. }),
        "{error:?}"
    );
}

#[test]
fn a_redirect_is_not_followed_and_another_shape_is_named() {
    let elsewhere = serve(|request| speak(WireShape::Predict, request));
    let url = serve(move |_| Reply::status(307, "").with("Location", &elsewhere));
    let error = endpoint(&url, WireShape::Predict, |_| {})
        .predict(&["x"])
        .unwrap_err();
    assert!(
        matches!(cause(&error), HttpError::Status { status: 307, .. }),
        "{error:?}"
    );

    for body in ["<html>", "{}", "[]", r#"{"choices":[]}"#] {
        let url = serve(move |_| Reply::status(200, body));
        let error = endpoint(&url, WireShape::Chat, |_| {})
            .predict(&["x"])
            .unwrap_err();
        assert!(matches!(cause(&error), HttpError::Wire { .. }), "{error:?}");
    }
}

#[test]
fn no_more_requests_are_under_way_than_allowed_and_batches_hold_many_inputs() {
    let (now, most, requests) = <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
    let counts = (now.clone(), most.clone(), requests.clone());
    let url = serve(move |request| {
        let (now, most, requests) = &counts;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        requests.fetch_add(1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(20));
        now.fetch_sub(1, Ordering::SeqCst);
        speak(WireShape::Classify, request)
    });
    let model = endpoint(&url, WireShape::Classify, |config| {
        config.parallel = 3;
        config.batch = 4;
    });
    let inputs: Vec<String> = (0..42).map(|i| format!("row {i} label-{:02}", i % 3)).collect();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let answers = model.predict(&inputs).unwrap();
    assert!(
        inputs
            .iter()
            .zip(&answers)
            .all(|(input, answer)| input.ends_with(&answer.answer))
    );
    assert_eq!(requests.load(Ordering::SeqCst), 11);
    let most = most.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most} at once");
}

#[test]
fn a_stopped_run_goes_on_with_what_is_missing() {
    let world = World::new(&[10, 10, 10]);
    let seen: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let counts = seen.clone();
    let broken = Arc::new(Mutex::new(true));
    let is_broken = broken.clone();
    let url = serve(move |request: &Request| {
        let input = request.body["messages"].as_array().unwrap().last().unwrap()["content"].to_string();
        if counts.lock().unwrap().len() >= 12 && *is_broken.lock().unwrap() {
            return Reply::status(400, "no more");
        }
        *counts.lock().unwrap().entry(input).or_default() += 1;
        speak(WireShape::Chat, request)
    });
    let model = endpoint(&url, WireShape::Chat, |_| {});
    let path = world.path("predictions.jsonl");
    let error = collect(&model, &world.gold, &path, &mut |_, _| {}).unwrap_err();
    let CollectError::Stopped {
        answered, rows: 30, ..
    } = error
    else {
        panic!("{error:?}");
    };
    // The requests that were under way when one failed are kept: they were paid for.
    assert_eq!(answered, seen.lock().unwrap().len());
    assert!(!path.exists());

    *broken.lock().unwrap() = false;
    let collected = collect(&model, &world.gold, &path, &mut |_, _| {}).unwrap();
    assert_eq!((collected.asked, collected.account.rows), (30 - answered, 30));
    assert!(seen.lock().unwrap().values().all(|&times| times == 1));
    let times = collected.account.times.unwrap();
    assert!(times.count == 30 && times.p50_ms > 0.0 && times.p50_ms <= times.p99_ms);

    let again = collect(&model, &world.gold, &path, &mut |_, _| {}).unwrap();
    assert_eq!(again.asked, 0);
    let other = endpoint(&url, WireShape::Chat, |config| {
        config.model = Some("another".to_owned())
    });
    let error = collect(&other, &world.gold, &path, &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, CollectError::OtherRun { .. }), "{error}");
}

#[test]
fn settings_that_cannot_be_are_named() {
    let check = |url: &str, shape, change: fn(&mut HttpConfig)| {
        let mut config = HttpConfig::new(url, shape).with_model("m");
        change(&mut config);
        config.check(&task(3)).unwrap_err()
    };
    for url in [
        "",
        "localhost:8000",
        "ftp://host",
        "http://",
        "http://u:p@host",
        "http://host/?key=1",
    ] {
        let error = check(url, WireShape::Chat, |_| {});
        assert!(matches!(error, HttpConfigError::Url { .. }), "{url}: {error}");
    }
    let url = "http://host";
    let error = check(url, WireShape::Chat, |config| config.model = None);
    assert!(matches!(error, HttpConfigError::NoModel { .. }), "{error}");
    let error = check(url, WireShape::Chat, |config| config.batch = 2);
    assert!(matches!(error, HttpConfigError::Batch { .. }), "{error}");
    let error = check(url, WireShape::Predict, |config| config.parallel = 0);
    assert!(
        matches!(error, HttpConfigError::Count { key: "parallel", .. }),
        "{error}"
    );
    let error = check(url, WireShape::Predict, |config| config.timeout_s = f64::NAN);
    assert!(
        matches!(error, HttpConfigError::Seconds { key: "timeout_s", .. }),
        "{error}"
    );
}

#[test]
fn an_address_may_be_the_servers_a_base_or_the_whole_one() {
    let whole = |url: &str, shape| endpoint(url, shape, |_| {}).url().to_owned();
    for url in [
        "http://h:1",
        "http://h:1/",
        "http://h:1/v1",
        "http://h:1/v1/chat/completions",
    ] {
        assert_eq!(whole(url, WireShape::Chat), "http://h:1/v1/chat/completions");
    }
    assert_eq!(
        whole("http://h/models/a", WireShape::Predict),
        "http://h/models/a/predict"
    );
}
