//! A process with three threads: one that writes its questions, one that reads its answers, one that reads what it
//! says beside them. None of them waits for another, so that a process which writes much before it reads blocks nothing.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read, Write},
    process::{self, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{ProcessConfig, ProcessError};
use crate::Question;

/// The longest line that is an answer, in bytes.
pub(super) const MAX_LINE_BYTES: usize = 1 << 20;
/// Questions that wait for the writer.
pub(super) const LINES_AHEAD: usize = 16;
/// What is kept of the standard error, in bytes.
const LAST_WORDS: usize = 4096;
/// Events that wait for the loop.
const EVENTS_AHEAD: usize = 64;
/// How often a process that should end is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long the rest of the standard error is waited for after the process was ended.
const STDERR_GRACE: Duration = Duration::from_millis(500);

/// A line that the process wrote.
pub(super) struct OutputLine {
    /// From 1.
    pub(super) number: u64,
    /// `None` if it is longer than [`MAX_LINE_BYTES`].
    pub(super) bytes: Option<Vec<u8>>,
}

pub(super) enum Event {
    /// The question at this position begins to be written, at this time.
    Writing(usize, Instant),
    Line(OutputLine),
    OutputEnded,
    StderrEnded,
}

/// A running process. It is ended, with all that it started, when this is dropped.
pub(super) struct Child {
    process: process::Child,
    questions: Option<SyncSender<(usize, Vec<u8>)>>,
    events: Receiver<Event>,
    last_words: Arc<Mutex<VecDeque<u8>>>,
    stderr_ended: bool,
    status: Option<ExitStatus>,
}

#[derive(Serialize)]
struct QuestionLine<'a> {
    id: &'a str,
    input: &'a str,
}

impl Child {
    pub(super) fn start(
        config: &ProcessConfig,
        stderr_line: &Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Self, ProcessError> {
        let mut command = Command::new(&config.program);
        command
            .args(&config.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(folder) = &config.folder {
            command.current_dir(folder);
        }
        // A group of its own, so that it can be ended with all that it starts.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn().map_err(|source| ProcessError::Start {
            program: config.program.clone(),
            source,
        })?;
        let (sender, events) = sync_channel(EVENTS_AHEAD);
        let (questions, lines) = sync_channel(LINES_AHEAD);
        let last_words = Arc::new(Mutex::new(VecDeque::new()));
        // The threads are not waited for: something that outlives the process may hold a pipe open for ever.
        if let Some(stdin) = process.stdin.take() {
            let sender = sender.clone();
            thread::spawn(move || write_questions(stdin, &lines, &sender));
        }
        if let Some(stderr) = process.stderr.take() {
            let (words, pass_on, sender) = (last_words.clone(), stderr_line.clone(), sender.clone());
            thread::spawn(move || {
                read_stderr(stderr, &words, &*pass_on);
                let _nobody_listens = sender.send(Event::StderrEnded);
            });
        }
        if let Some(stdout) = process.stdout.take() {
            thread::spawn(move || read_output(stdout, &sender));
        }
        Ok(Self {
            process,
            questions: Some(questions),
            events,
            last_words,
            stderr_ended: false,
            status: None,
        })
    }

    /// Hands a question to the writer. At most [`LINES_AHEAD`] may be on their way to it.
    pub(super) fn ask(&self, position: usize, question: &Question<'_>) {
        let line = QuestionLine {
            id: question.id,
            input: &question.input,
        };
        let mut line = serde_json::to_vec(&line).expect("text is JSON");
        line.push(b'\n');
        if let Some(questions) = &self.questions {
            // Where the writer is gone, so is the reader of its lines, and the end of the output will tell.
            let _gone = questions.try_send((position, line));
        }
    }

    /// Closes the process's input after what was handed to the writer.
    pub(super) fn close_input(&mut self) {
        self.questions = None;
    }

    pub(super) fn next_event(&mut self, until: Instant) -> Result<Event, RecvTimeoutError> {
        let event = self
            .events
            .recv_timeout(until.saturating_duration_since(Instant::now()))?;
        self.stderr_ended |= matches!(event, Event::StderrEnded);
        Ok(event)
    }

    /// The lines that come until the output ends or `grace` is over.
    pub(super) fn until_output_ends(&mut self, grace: Duration) -> Vec<OutputLine> {
        let until = Instant::now() + grace;
        let mut lines = Vec::new();
        // A process that writes on and on is not listened to for ever.
        while lines.len() < EVENTS_AHEAD {
            match self.next_event(until) {
                Ok(Event::Line(line)) => lines.push(line),
                Ok(Event::OutputEnded) | Err(_) => break,
                Ok(_) => {}
            }
        }
        lines
    }

    /// Ends the process and all that it started, after it had `grace` to end by itself; the status if it did.
    pub(super) fn end(&mut self, grace: Duration) -> Option<ExitStatus> {
        self.close_input();
        let until = Instant::now() + grace;
        let mut by_itself = self.has_ended();
        while !by_itself && Instant::now() < until {
            thread::sleep(LOOK_EVERY);
            by_itself = self.has_ended();
        }
        self.kill();
        self.status.filter(|_| by_itself)
    }

    /// The end of what it wrote to its standard error; call it after [`Child::end`].
    pub(super) fn last_words(&mut self) -> String {
        let until = Instant::now() + STDERR_GRACE;
        while !self.stderr_ended && self.next_event(until).is_ok() {}
        let mut words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(words.make_contiguous()).trim().to_owned()
    }

    /// Whether the process has ended; it is not reaped, so that its group keeps its number until it is ended too.
    #[cfg(unix)]
    fn has_ended(&mut self) -> bool {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.status.is_some()
            || !matches!(
                waitid(WaitId::Pid(Pid::from_child(&self.process)), options),
                Ok(None)
            )
    }

    #[cfg(not(unix))]
    fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }

    fn kill(&mut self) {
        if self.status.is_some() {
            return;
        }
        // That it is gone already is no failure.
        #[cfg(unix)]
        let _gone = rustix::process::kill_process_group(
            rustix::process::Pid::from_child(&self.process),
            rustix::process::Signal::KILL,
        );
        #[cfg(not(unix))]
        let _gone = self.process.kill();
        self.status = self.process.wait().ok();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

fn write_questions(
    mut stdin: process::ChildStdin,
    lines: &Receiver<(usize, Vec<u8>)>,
    events: &SyncSender<Event>,
) {
    for (position, line) in lines {
        let listening = events.send(Event::Writing(position, Instant::now())).is_ok();
        // A process that has closed its input may answer all the same; if it does not, the loop notices.
        if !listening || stdin.write_all(&line).is_err() {
            // The loop hands over more as it hears of these.
            for (position, _) in lines {
                if events.send(Event::Writing(position, Instant::now())).is_err() {
                    break;
                }
            }
            return;
        }
    }
}

fn read_output(stdout: process::ChildStdout, events: &SyncSender<Event>) {
    let mut reader = BufReader::new(stdout);
    for number in 1.. {
        let Ok(Some(bytes)) = next_line(&mut reader) else {
            break;
        };
        if events.send(Event::Line(OutputLine { number, bytes })).is_err() {
            return;
        }
    }
    let _nobody_listens = events.send(Event::OutputEnded);
}

/// The next line without its line feed: `Some(None)` for one that is too long, which is read to its end but not kept.
fn next_line(reader: &mut impl BufRead) -> io::Result<Option<Option<Vec<u8>>>> {
    let mut line = Vec::new();
    let limit = MAX_LINE_BYTES as u64 + 1;
    if reader.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(Some(Some(line)));
    }
    if line.len() <= MAX_LINE_BYTES {
        return Ok(Some(Some(line)));
    }
    reader.skip_until(b'\n')?;
    Ok(Some(None))
}

fn read_stderr(
    stderr: process::ChildStderr,
    last_words: &Mutex<VecDeque<u8>>,
    pass_on: &(dyn Fn(&str) + Send + Sync),
) {
    let mut reader = BufReader::new(stderr);
    loop {
        let mut line = Vec::new();
        // A line without an end is passed on in pieces.
        match reader
            .by_ref()
            .take(LAST_WORDS as u64)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        {
            let mut kept = last_words.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(&line);
            let excess = kept.len().saturating_sub(LAST_WORDS);
            kept.drain(..excess);
        }
        pass_on(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']));
    }
}
