use super::*;
use crate::{Category, World, task};

struct Measured {
    right: f64,
    invented: f64,
    confidence: f64,
    area: f64,
    same_wrong_again: f64,
    rare_right: f64,
    common_right: f64,
}

fn measure(seed: u64) -> Measured {
    let (world, teacher, task) = (World::new(seed), Teacher::of_transactions(seed), task());
    let labels = task.labels();
    let n = 20_000;
    let (mut invented, mut again) = (0, 0);
    let (mut scores, mut rare, mut common) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..n {
        let line = world.line("test", index);
        let answer = teacher.answer(line.case(), index);
        let right = answer.means(line.category as usize, labels);
        invented += u32::from(
            answer
                .said
                .as_deref()
                .is_some_and(|said| labels.resolve(said).is_none()),
        );
        if !right {
            again +=
                u32::from((1..4).all(|k| teacher.answer(line.case(), index + k * n).said == answer.said));
        }
        scores.push((answer.confidence.unwrap_or(0.5), right));
        let group = if line.category.share() < 0.01 {
            &mut rare
        } else {
            &mut common
        };
        group.push(right);
    }
    let share = |rights: &[bool]| rights.iter().filter(|&&right| right).count() as f64 / rights.len() as f64;
    Measured {
        right: scores.iter().filter(|(_, right)| *right).count() as f64 / n as f64,
        invented: f64::from(invented) / n as f64,
        confidence: scores.iter().map(|(confidence, _)| confidence).sum::<f64>() / n as f64,
        area: area_under_curve(&scores),
        same_wrong_again: f64::from(again) / n as f64,
        rare_right: share(&rare),
        common_right: share(&common),
    }
}

/// The chance that a right answer is surer than a wrong one, ties counting half.
fn area_under_curve(scores: &[(f64, bool)]) -> f64 {
    let (mut wins, mut pairs) = (0.0, 0.0);
    for (wrong, _) in scores.iter().filter(|(_, right)| !right) {
        for (right, _) in scores.iter().filter(|(_, right)| *right) {
            pairs += 1.0;
            wins += match right.total_cmp(wrong) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
        }
    }
    wins / pairs
}

#[test]
fn the_teacher_is_as_good_and_as_bad_as_promised() {
    for seed in [1, 2] {
        let Measured {
            right,
            invented,
            confidence,
            area,
            same_wrong_again,
            rare_right,
            common_right,
        } = measure(seed);
        assert!((0.94..=0.96).contains(&right), "right: {right}");
        assert!((0.004..=0.012).contains(&invented), "invented: {invented}");
        // Surer than it is right.
        assert!(
            confidence > right + 0.01,
            "confidence: {confidence}, right: {right}"
        );
        assert!((0.73..=0.82).contains(&area), "area under the curve: {area}");
        // The same mistake four times running: habits, and a little chance.
        assert!(
            (0.002..=0.01).contains(&same_wrong_again),
            "habits: {same_wrong_again}"
        );
        assert!(
            rare_right < common_right - 0.01,
            "rare: {rare_right}, common: {common_right}"
        );
    }
}

#[test]
fn the_same_ask_has_the_same_answer_and_another_may_not() {
    let (world, teacher) = (World::new(1), Teacher::of_transactions(1));
    let lines: Vec<_> = (0..400).map(|index| world.line("test", index)).collect();
    let all = |ask| {
        lines
            .iter()
            .map(|line| teacher.answer(line.case(), ask))
            .collect::<Vec<_>>()
    };
    assert_eq!(all(0), all(0));
    let said =
        |answers: Vec<TeacherAnswer>| answers.into_iter().map(|answer| answer.said).collect::<Vec<_>>();
    assert_ne!(said(all(0)), said(all(1)));
    assert_ne!(
        all(0),
        lines
            .iter()
            .map(|line| Teacher::of_transactions(2).answer(line.case(), 0))
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_teacher_without_faults_is_always_right() {
    let config = TeacherConfig {
        error_if_hard: 0.0,
        error_if_easy: 0.0,
        habits: 0.0,
        refused: 0.0,
        cut_off: 0.0,
        ..TeacherConfig::default()
    };
    let task = task();
    let teacher = config.check(&task, Confusions::of_transactions()).unwrap();
    let world = World::new(1);
    for index in 0..2_000 {
        let line = world.line("test", index);
        let answer = teacher.answer(line.case(), index);
        assert!(answer.means(line.category as usize, task.labels()), "{answer:?}");
    }
}

#[test]
fn refusals_and_cut_off_answers_hold_no_category() {
    let case = Case {
        text: "SHOP",
        label: Category::Toys as usize,
        source: "SHOP",
        hardness: 1.0,
    };
    let task = task();
    let teacher = |refused, cut_off| {
        TeacherConfig {
            refused,
            cut_off,
            ..TeacherConfig::default()
        }
        .check(&task, Confusions::of_transactions())
        .unwrap()
    };
    let refusal = teacher(1.0, 0.0).answer(case, 0);
    assert_eq!(
        (&refusal.content, &refusal.said, refusal.finish_reason),
        (&None, &None, "stop")
    );
    assert!(refusal.refusal.is_some());
    for ask in 0..50 {
        let cut = teacher(0.0, 1.0).answer(case, ask);
        assert_eq!((&cut.said, cut.finish_reason), (&None, "length"));
        assert!(serde_json::from_str::<serde_json::Value>(&cut.content.unwrap()).is_err());
    }
}

#[test]
fn settings_that_are_no_probabilities_are_named() {
    let check = |config: TeacherConfig| {
        config
            .check(&task(), Confusions::of_transactions())
            .unwrap_err()
            .to_string()
    };
    let error = check(TeacherConfig {
        habits: 1.5,
        ..TeacherConfig::default()
    });
    assert!(error.contains("habits") && error.contains("1.5"), "{error}");
    let error = check(TeacherConfig {
        vagueness: f64::NAN,
        ..TeacherConfig::default()
    });
    assert!(error.contains("vagueness"), "{error}");
    let two = task_spec::LabelSet::from_names(["a", "b"]).unwrap();
    let error = TeacherConfig::default()
        .check(&task(), Confusions::by_shared_words(&two))
        .unwrap_err();
    assert_eq!(
        error,
        TeacherConfigError::Confusions {
            confusions: 2,
            labels: 47
        }
    );
}

#[test]
fn a_spelling_that_differs_in_case_still_means_the_label() {
    let task = task();
    let mut dice = Dice::new(0, "respell", 0);
    for category in Category::ALL {
        for _ in 0..6 {
            let said = respell(category.name(), &mut dice);
            assert_eq!(task.labels().resolve(&said), Some(category as usize), "{said}");
        }
    }
}

#[test]
fn a_teacher_of_another_task_errs_alike() {
    let labels = (0..77).map(|n| task_spec::Label::new(format!("topic_{}_{}", n / 4, n % 4)));
    let task = Task::of_labels("other", labels.collect()).unwrap();
    let confusions = Confusions::by_shared_words(task.labels());
    let teacher = TeacherConfig::default().check(&task, confusions).unwrap();
    let right = (0..10_000)
        .filter(|n| {
            let text = format!("question {n}");
            let case = Case {
                text: &text,
                label: n % 77,
                source: &text,
                hardness: 1.0,
            };
            teacher.answer(case, 0).means(n % 77, task.labels())
        })
        .count();
    assert!((9_200..9_600).contains(&right), "{right}");
}
