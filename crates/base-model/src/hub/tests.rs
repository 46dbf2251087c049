//! Against a server on this machine that speaks as much of the Hub's protocol as the client asks for.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::json;
use tempfile::TempDir;

use super::*;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A repository on a server, and the paths that were asked for.
struct Server {
    endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn of(files: &[(&str, &str)]) -> Self {
        let files: BTreeMap<String, String> = files
            .iter()
            .map(|&(name, content)| (name.to_owned(), content.to_owned()))
            .collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        // Ends with the process: nobody is left to connect.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = answer(stream.unwrap(), &files, &log);
            }
        });
        Self { endpoint, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(
    mut stream: TcpStream,
    files: &BTreeMap<String, String>,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut start = 0;
    let mut end = usize::MAX;
    for line in lines {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some((from, to)) = line
            .strip_prefix("range: bytes=")
            .and_then(|range| range.split_once('-'))
        {
            start = from.parse().unwrap();
            end = to.parse::<usize>().map_or(usize::MAX, |to| to + 1);
        }
    }
    log.lock().unwrap().push(path.clone());
    let mut send = |status: &str, headers: &str, body: &str| {
        write!(
            stream,
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            body.len()
        )
    };
    if path.starts_with("/api/models/") {
        if !path.starts_with("/api/models/org/tiny/revision/") {
            return send("404 Not Found", "", "{}");
        }
        let siblings: Vec<_> = files.keys().map(|name| json!({ "rfilename": name })).collect();
        let info = json!({ "sha": COMMIT, "siblings": siblings }).to_string();
        return send("200 OK", "content-type: application/json\r\n", &info);
    }
    let prefix = format!("/org/tiny/resolve/{COMMIT}/");
    match path
        .strip_prefix(&prefix)
        .and_then(|name| files.get(name).map(|content| (name, content)))
    {
        // A file that breaks off.
        Some((_, content)) if content == "BROKEN" && end == usize::MAX => {
            write!(
                stream,
                "HTTP/1.1 206 Partial Content\r\ncontent-length: 100\r\n\r\nhalf"
            )
        }
        Some((name, content)) => {
            let part = &content[start.min(content.len())..end.min(content.len())];
            let headers = format!(
                "etag: \"{}\"\r\nx-repo-commit: {COMMIT}\r\ncontent-range: bytes {start}-{}/{}\r\n",
                name.replace('.', "-"),
                (start + part.len()).saturating_sub(1),
                content.len(),
            );
            send("206 Partial Content", &headers, part)
        }
        None => send("404 Not Found", "", ""),
    }
}

const SINGLE: &[(&str, &str)] = &[
    ("README.md", "# Tiny"),
    ("chat_template.jinja", "{{ messages }}"),
    ("config.json", "{}"),
    ("model.safetensors", "weights"),
    ("pytorch_model.bin", "pickle"),
    ("tokenizer.json", "{\"a\": 1}"),
    ("tokenizer_config.json", "{\"b\": 2}"),
];
const INDEX_JSON: &str =
    r#"{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"#;

fn hub(server: &Server) -> (TempDir, Hub) {
    let cache = tempfile::tempdir().unwrap();
    let hub = Hub::new(cache.path()).with_endpoint(&server.endpoint);
    (cache, hub)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The whole chain of an error, for people.
fn chain(error: &dyn std::error::Error) -> String {
    let source = error.source().map_or(String::new(), chain);
    format!("{error}: {source}")
}

#[test]
fn a_model_is_fetched_once_and_then_found() {
    let server = Server::of(SINGLE);
    let (_cache, hub) = hub(&server);
    let folder = hub.resolve("org/tiny").unwrap();
    assert_eq!(
        names(&folder),
        [
            "chat_template.jinja",
            "config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json"
        ]
    );
    for (name, content) in SINGLE.iter().filter(|(name, _)| folder.join(name).exists()) {
        assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), *content);
    }
    let asked = server.asked().len();
    let offline = hub.with_offline(true);
    for name in ["org/tiny", "org/tiny@main", &format!("org/tiny@{COMMIT}")] {
        assert_eq!(offline.resolve(name).unwrap(), folder);
    }
    assert_eq!(server.asked().len(), asked, "what is in the cache asks nobody");
}

#[test]
fn sharded_weights_come_with_all_their_shards() {
    let files = [
        ("config.json", "{}"),
        ("tokenizer.json", "{}"),
        ("model.safetensors.index.json", INDEX_JSON),
        ("model-00001-of-00002.safetensors", "one"),
        ("model-00002-of-00002.safetensors", "two"),
    ];
    let server = Server::of(&files);
    let (_cache, hub) = hub(&server);
    let folder = hub.resolve("org/tiny@release/v1.0").unwrap();
    assert_eq!(names(&folder).len(), 5);
    assert!(server.asked()[0].ends_with("/revision/release%2Fv1.0"));
    // A shard that somebody took away is noticed, and fetched again.
    fs::remove_file(folder.join("model-00002-of-00002.safetensors")).unwrap();
    let error = hub
        .clone()
        .with_offline(true)
        .resolve("org/tiny@release/v1.0")
        .unwrap_err();
    assert!(
        matches!(&error, HubError::Offline { missing, .. } if missing == "model-00002-of-00002.safetensors"),
        "{error}"
    );
    assert_eq!(hub.resolve("org/tiny@release/v1.0").unwrap(), folder);
}

#[test]
fn a_folder_that_was_left_half_full_is_not_returned() {
    let mut files = SINGLE.to_vec();
    files.retain(|(name, _)| *name != "model.safetensors");
    files.push(("model.safetensors", "BROKEN"));
    let (_cache, hub) = hub(&Server::of(&files));
    assert!(matches!(hub.resolve("org/tiny"), Err(HubError::Fetch { .. })));
    assert!(matches!(
        hub.with_offline(true).resolve("org/tiny"),
        Err(HubError::Offline { .. })
    ));
}

#[test]
fn a_model_of_pickles_or_with_a_strange_index_is_refused() {
    let mut files = SINGLE.to_vec();
    files.retain(|(name, _)| *name != "model.safetensors");
    let (_cache, hub_of_pickles) = hub(&Server::of(&files));
    let error = hub_of_pickles.resolve("org/tiny").unwrap_err();
    assert!(
        matches!(&error, HubError::Missing { missing, .. } if missing == "model.safetensors"),
        "{error}"
    );
    for index in [
        r#"{"weight_map": {"a": "../../x.safetensors"}}"#,
        r#"{"weight_map": {"a": "pytorch_model.bin"}}"#,
        r#"{"weight_map": {}}"#,
        "no JSON",
    ] {
        let mut files = files.clone();
        files.push(("model.safetensors.index.json", index));
        let (_cache, hub) = hub(&Server::of(&files));
        let error = hub.resolve("org/tiny").unwrap_err();
        assert!(
            matches!(error, HubError::Missing { .. } | HubError::Cache { .. }),
            "{error}"
        );
    }
}

#[test]
fn offline_and_unreachable_say_which_model_which_cache_and_what_to_do() {
    let cache = tempfile::tempdir().unwrap();
    let hub = Hub::new(cache.path()).with_endpoint("http://127.0.0.1:1");
    let offline = hub.clone().with_offline(true).resolve("org/tiny@v2").unwrap_err();
    let unreachable = hub.resolve("org/tiny@v2").unwrap_err();
    assert!(matches!(unreachable, HubError::Fetch { .. }), "{unreachable}");
    for error in [offline, unreachable] {
        let text = chain(&error);
        for part in [
            "org/tiny@v2",
            &cache.path().display().to_string(),
            "name a folder",
        ] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
    }
}

#[test]
fn an_unknown_model_is_an_error_of_the_server() {
    let (_cache, hub) = hub(&Server::of(SINGLE));
    let error = hub.resolve("org/other").unwrap_err();
    assert!(chain(&error).contains("404"), "{}", chain(&error));
}

#[test]
fn a_server_that_answers_nonsense_is_an_error() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 31\r\n\r\n{\"sha\": \"../../x\", \"siblings\": []}",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n",
        "nonsense",
        "",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        let cache = tempfile::tempdir().unwrap();
        let error = Hub::new(cache.path())
            .with_endpoint(endpoint)
            .resolve("org/tiny")
            .unwrap_err();
        assert!(
            matches!(error, HubError::Fetch { .. } | HubError::Protocol { .. }),
            "{answer}: {error}"
        );
    }
}

#[test]
fn a_hostile_name_or_reference_leads_nowhere() {
    let cache = tempfile::tempdir().unwrap();
    let hub = Hub::new(cache.path()).with_offline(true);
    for name in [
        "",
        "tiny",
        "../x",
        "/etc/passwd",
        "a/b/c",
        "a//b",
        "org/..",
        "../..",
        "./x",
        "org/.hidden",
        "org/a b",
        "org/a?x=1",
        "org/a#b",
        "org/a%2e",
        "org\\a/b",
        "C:\\a/b",
        "org/tiny@",
        "org/tiny@../main",
        "org/tiny@/main",
        "org/tiny@a//b",
        "org/tiny@a@b",
        "org/a--b",
        "org/caf\u{e9}",
        "-org/a",
        "org/a\n",
        "https://x/y",
    ] {
        let error = hub.resolve(name).unwrap_err();
        assert!(matches!(error, HubError::Name { .. }), "{name}: {error}");
    }
    // A reference in the cache that points out of it.
    let refs = cache.path().join("models--org--tiny/refs");
    fs::create_dir_all(&refs).unwrap();
    fs::write(refs.join("main"), "../../../outside").unwrap();
    assert!(matches!(hub.resolve("org/tiny"), Err(HubError::Offline { .. })));
}

#[test]
fn a_folder_is_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(resolve(path).unwrap(), folder.path());
}

#[test]
fn the_environment_says_where_the_cache_is() {
    let hub = |variables: &[(&str, &str)], home: Option<&str>| {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Hub::from_variables(variable, home.map(PathBuf::from))
    };
    let cache = |variables: &[(&str, &str)]| hub(variables, Some("/home/a")).unwrap().cache;
    assert_eq!(cache(&[]), Path::new("/home/a/.cache/huggingface/hub"));
    assert_eq!(
        cache(&[("XDG_CACHE_HOME", "/x")]),
        Path::new("/x/huggingface/hub")
    );
    assert_eq!(
        cache(&[("HF_HOME", "/h"), ("XDG_CACHE_HOME", "/x")]),
        Path::new("/h/hub")
    );
    assert_eq!(
        cache(&[("HF_HOME", "/h"), ("HF_HUB_CACHE", "/c")]),
        Path::new("/c")
    );
    assert!(matches!(hub(&[], None), Err(HubError::NoCache)));
    let set = hub(
        &[
            ("HF_HOME", "/h"),
            ("HF_HUB_OFFLINE", "True"),
            ("HF_ENDPOINT", "https://m/"),
            ("HF_TOKEN", "t"),
        ],
        None,
    );
    let set = set.unwrap();
    assert!(set.offline);
    assert_eq!(
        (set.endpoint.as_str(), set.token.as_deref()),
        ("https://m", Some("t"))
    );
    assert!(
        !hub(&[("HF_HOME", "/h"), ("HF_HUB_OFFLINE", "0")], None)
            .unwrap()
            .offline
    );
}
