//! Models of the Hugging Face Hub by name, through its cache.

mod name;

use std::{
    collections::BTreeSet,
    env, fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use hf_hub::{
    Cache, Repo, RepoType,
    api::sync::{Api, ApiBuilder, ApiError},
};
use serde::Deserialize;
use stage_files::{FileError, read_json};

use self::name::ModelName;

/// Where models come from that are named and not on disk: the cache that Python's libraries share, then the Hub.
///
/// A name is `org/name` or `org/name@revision`; the revision is a branch, a tag or a commit, and `main` if none is
/// said. What lies whole in the cache is taken as it is and nobody is asked whether a branch has moved since: name a
/// commit to say which model is meant. What is missing is fetched: the configuration, tokenizer, chat template and
/// safetensors. No other weights are read, and pickles not even fetched.
#[derive(Debug, Clone)]
pub struct Hub {
    cache: PathBuf,
    endpoint: String,
    token: Option<String>,
    offline: bool,
}

/// A model's name leads to no folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The name is neither a folder nor a name on the Hub.
    #[error("{found:?} is neither a folder nor a model's name: write org/name or org/name@revision")]
    Name {
        /// The name.
        found: String,
    },
    /// Nobody says where the cache is.
    #[error("there is no home folder for the cache of models: set HF_HOME")]
    NoCache,
    /// The model is not whole in the cache, and the network may not be used.
    #[error(
        "{model} is not in the cache {}, which lacks {missing}, and HF_HUB_OFFLINE forbids to fetch it: fetch it \
         once with HF_HUB_OFFLINE unset, or name a folder",
        cache.display()
    )]
    Offline {
        /// The model and its revision.
        model: String,
        /// The cache.
        cache: PathBuf,
        /// The first file that is not there.
        missing: String,
    },
    /// The model is not whole in the cache, and could not be fetched.
    #[error(
        "{model} is not in the cache {} and cannot be fetched from {endpoint}: is the name right, is there a \
         network, does the model need a token (HF_TOKEN)? Or name a folder",
        cache.display()
    )]
    Fetch {
        /// The model and its revision.
        model: String,
        /// The cache.
        cache: PathBuf,
        /// The server that was asked.
        endpoint: String,
        /// What went wrong.
        source: Box<ApiError>,
    },
    /// The server answered something that is not the Hub's protocol.
    #[error("{endpoint} does not answer as the Hub does about {model}: is HF_ENDPOINT right?")]
    Protocol {
        /// The model and its revision.
        model: String,
        /// The server that was asked.
        endpoint: String,
    },
    /// The repository has no such file.
    #[error(
        "{model} has no {missing}, so it is not a model that can be used: it needs safetensors and tokenizer.json"
    )]
    Missing {
        /// The model and its revision.
        model: String,
        /// The file.
        missing: String,
    },
    /// A file in the cache cannot be read or written.
    #[error("the cache of {model} cannot be used")]
    Cache {
        /// The model and its revision.
        model: String,
        /// Which file, and why.
        source: FileError,
    },
}

/// Files without which a folder is no model.
const NEEDED: [&str; 2] = ["config.json", "tokenizer.json"];
/// Files that a repository may do without. They are fetched first, so that a folder that has the weights has these too.
const OPTIONAL: [&str; 4] = [
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "generation_config.json",
];
const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// The folder of a model: `name` itself if that is a folder, else a model of the Hub.
///
/// Follows the environment as Python's `huggingface_hub` does, see [`Hub::from_env`].
///
/// # Errors
///
/// [`HubError`].
pub fn resolve(name: &str) -> Result<PathBuf, HubError> {
    if Path::new(name).is_dir() {
        return Ok(PathBuf::from(name));
    }
    Hub::from_env()?.resolve(name)
}

impl Hub {
    /// The Hub with its cache in a folder.
    #[must_use]
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            cache: cache.into(),
            endpoint: "https://huggingface.co".to_owned(),
            token: None,
            offline: false,
        }
    }

    /// As the environment says: `HF_HUB_CACHE` or `HF_HOME` for the cache, which is else `~/.cache/huggingface/hub`,
    /// `HF_ENDPOINT`, `HF_TOKEN` (else the token beside the cache, which `hf auth login` leaves there) and
    /// `HF_HUB_OFFLINE`.
    ///
    /// # Errors
    ///
    /// [`HubError::NoCache`].
    pub fn from_env() -> Result<Self, HubError> {
        Self::from_variables(|name| env::var(name).ok(), env::home_dir())
    }

    fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
        home: Option<PathBuf>,
    ) -> Result<Self, HubError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let root = variable("HF_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(variable("XDG_CACHE_HOME")?).join("huggingface")))
            .or_else(|| Some(home?.join(".cache/huggingface")));
        let cache = variable("HF_HUB_CACHE")
            .map(PathBuf::from)
            .or_else(|| Some(root.as_ref()?.join("hub")))
            .ok_or(HubError::NoCache)?;
        let token = variable("HF_TOKEN").or_else(|| Cache::new(root?.join("hub")).token());
        let offline = variable("HF_HUB_OFFLINE")
            .is_some_and(|value| ["1", "on", "yes", "true"].contains(&value.to_ascii_lowercase().as_str()));
        let mut hub = Self::new(cache).with_token(token).with_offline(offline);
        if let Some(endpoint) = variable("HF_ENDPOINT") {
            hub = hub.with_endpoint(endpoint.trim_end_matches('/'));
        }
        Ok(hub)
    }

    /// Asks another server.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    /// Shows a token to the server, for models that need one.
    #[must_use]
    pub fn with_token(mut self, token: Option<String>) -> Self {
        self.token = token;
        self
    }

    /// Whether the network is left alone.
    #[must_use]
    pub fn with_offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// The folder of a model, fetched if need be; never one in which a file is missing.
    ///
    /// # Errors
    ///
    /// [`HubError`].
    pub fn resolve(&self, name: &str) -> Result<PathBuf, HubError> {
        let name: ModelName = name.parse()?;
        let missing = match self.cached(&name) {
            None => NEEDED[0].to_owned(),
            Some(folder) => match self.first_missing(&name, &folder)? {
                None => return Ok(folder),
                Some(missing) => missing,
            },
        };
        if self.offline {
            return Err(HubError::Offline {
                model: name.to_string(),
                cache: self.cache.clone(),
                missing,
            });
        }
        // The client gives up on some odd answers by panicking.
        panic::catch_unwind(AssertUnwindSafe(|| self.fetch(&name))).unwrap_or_else(|_| {
            Err(HubError::Protocol {
                model: name.to_string(),
                endpoint: self.endpoint.clone(),
            })
        })
    }

    fn repo(&self, name: &ModelName, revision: &str) -> Repo {
        Repo::with_revision(name.repository.clone(), RepoType::Model, revision.to_owned())
    }

    /// The folder of a commit.
    fn snapshot(&self, name: &ModelName, commit: &str) -> PathBuf {
        let cache = Cache::new(self.cache.clone());
        cache.repo(self.repo(name, commit)).pointer_path(commit)
    }

    /// The folder that the cache has for a revision, whole or not.
    fn cached(&self, name: &ModelName) -> Option<PathBuf> {
        let folder = self.repo(name, &name.revision).folder_name();
        let reference = self.cache.join(folder).join("refs").join(&name.revision);
        let commit = fs::read_to_string(reference)
            .map_or_else(|_| name.revision.clone(), |text| text.trim().to_owned());
        is_commit(&commit).then(|| self.snapshot(name, &commit))
    }

    /// The first file that a folder lacks.
    fn first_missing(&self, name: &ModelName, folder: &Path) -> Result<Option<String>, HubError> {
        let lacks = |file: &str| !folder.join(file).is_file();
        if let Some(file) = NEEDED.into_iter().find(|file| lacks(file)) {
            return Ok(Some(file.to_owned()));
        }
        if !lacks(WEIGHTS) {
            return Ok(None);
        }
        if lacks(INDEX) {
            return Ok(Some(WEIGHTS.to_owned()));
        }
        Ok(shards(name, folder)?.into_iter().find(|file| lacks(file)))
    }

    fn fetch(&self, name: &ModelName) -> Result<PathBuf, HubError> {
        let fail = |source| HubError::Fetch {
            model: name.to_string(),
            cache: self.cache.clone(),
            endpoint: self.endpoint.clone(),
            source: Box::new(source),
        };
        let protocol = || HubError::Protocol {
            model: name.to_string(),
            endpoint: self.endpoint.clone(),
        };
        let api: Api = ApiBuilder::from_cache(Cache::new(self.cache.clone()))
            .with_endpoint(self.endpoint.clone())
            .with_token(self.token.clone())
            .with_progress(false)
            .build()
            .map_err(fail)?;
        let info = api.repo(self.repo(name, &name.revision)).info().map_err(fail)?;
        if !is_commit(&info.sha) {
            return Err(protocol());
        }
        // All files of one commit, even if the branch moves meanwhile.
        let (repo, folder) = (
            api.repo(self.repo(name, &info.sha)),
            self.snapshot(name, &info.sha),
        );
        let offered: BTreeSet<&str> = info.siblings.iter().map(|file| file.rfilename.as_str()).collect();
        let get = |file: &str| -> Result<(), HubError> {
            if !offered.contains(file) {
                return Err(HubError::Missing {
                    model: name.to_string(),
                    missing: file.to_owned(),
                });
            }
            if folder.join(file).is_file() {
                return Ok(());
            }
            let path = repo.download(file).map_err(fail)?;
            // Each answer names its commit anew.
            if path == folder.join(file) {
                Ok(())
            } else {
                Err(protocol())
            }
        };
        for file in OPTIONAL.into_iter().filter(|file| offered.contains(file)) {
            get(file)?;
        }
        NEEDED.into_iter().try_for_each(get)?;
        if offered.contains(INDEX) && !offered.contains(WEIGHTS) {
            get(INDEX)?;
            shards(name, &folder)?.iter().try_for_each(|file| get(file))?;
        } else {
            get(WEIGHTS)?;
        }
        // Last, so that a name never leads to a folder that was left half full.
        Cache::new(self.cache.clone())
            .repo(self.repo(name, &name.revision))
            .create_ref(&info.sha)
            .map_err(|source| HubError::Cache {
                model: name.to_string(),
                source: FileError::Write {
                    path: self.cache.clone(),
                    source,
                },
            })?;
        Ok(folder)
    }
}

/// The files that the index of sharded weights names.
fn shards(name: &ModelName, folder: &Path) -> Result<BTreeSet<String>, HubError> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: std::collections::BTreeMap<String, String>,
    }
    let index: Index = read_json(&folder.join(INDEX)).map_err(|source| HubError::Cache {
        model: name.to_string(),
        source,
    })?;
    let files: BTreeSet<String> = index.weight_map.into_values().collect();
    let strange = files
        .iter()
        .find(|file| !name::is_plain(file) || !file.ends_with(".safetensors"));
    match strange {
        Some(file) => Err(HubError::Missing {
            model: name.to_string(),
            missing: format!("safetensors of its own: its index names {file:?}"),
        }),
        None if files.is_empty() => Err(HubError::Missing {
            model: name.to_string(),
            missing: WEIGHTS.to_owned(),
        }),
        None => Ok(files),
    }
}

/// Git's name of a commit.
fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests;
