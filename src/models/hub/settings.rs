//! Which hub, which cache, which user: what the environment says.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use crate::onnx::Surroundings;

/// The hub and its cache.
#[derive(Clone, PartialEq, Eq)]
pub struct HubSettings {
    /// The address of the hub, without a slash at its end: `HF_ENDPOINT`.
    pub endpoint: String,
    /// The cache: `HF_HUB_CACHE`, or `hub` in `HF_HOME`, or `huggingface/hub` in the cache folder
    /// of the user.
    pub cache: Option<PathBuf>,
    /// The token of the user: `HF_TOKEN`, or what `hf auth login` left beside the cache.
    pub token: Option<String>,
    /// Where the token comes from.
    pub token_source: Option<String>,
    /// Whether `HF_HUB_OFFLINE` forbids fetching.
    pub offline: bool,
}

impl fmt::Debug for HubSettings {
    /// Everything but the token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HubSettings")
            .field("endpoint", &self.endpoint)
            .field("cache", &self.cache)
            .field("token_source", &self.token_source)
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

impl HubSettings {
    /// What the environment says.
    pub fn of(surroundings: &Surroundings) -> Self {
        let endpoint = surroundings
            .text("HF_ENDPOINT")
            .unwrap_or_else(|| "https://huggingface.co".to_owned());
        let home = surroundings
            .path("HF_HOME")
            .or_else(|| Some(surroundings.path("XDG_CACHE_HOME")?.join("huggingface")))
            .or_else(|| Some(surroundings.home()?.join(".cache").join("huggingface")));
        let cache = surroundings
            .path("HF_HUB_CACHE")
            .or_else(|| surroundings.path("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| Some(home.as_ref()?.join("hub")));
        let (token, token_source) = token(surroundings, home).unzip();
        let on = |text: String| matches!(text.to_lowercase().as_str(), "1" | "true" | "yes" | "on");
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            cache,
            token,
            token_source,
            offline: surroundings.text("HF_HUB_OFFLINE").is_some_and(on),
        }
    }
}

/// The token, and where it comes from.
fn token(surroundings: &Surroundings, home: Option<PathBuf>) -> Option<(String, String)> {
    for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
        if let Some(token) = surroundings.text(name) {
            return Some((token.trim().to_owned(), name.to_owned()));
        }
    }
    let path = surroundings
        .path("HF_TOKEN_PATH")
        .or_else(|| Some(home?.join("token")))?;
    let token = fs::read_to_string(&path).ok()?;
    let token = token.trim();
    (!token.is_empty()).then(|| (token.to_owned(), path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn settings(variables: &[(&'static str, String)]) -> HubSettings {
        let variables = variables.to_vec();
        let find = move |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        };
        HubSettings::of(&Surroundings::new(None, find))
    }

    #[test]
    fn the_environment_of_huggingface_hub_is_understood() {
        let plain = settings(&[("HOME", "/home/ann".to_owned())]);
        assert_eq!(plain.endpoint, "https://huggingface.co");
        #[cfg(unix)]
        assert_eq!(
            plain.cache.as_deref(),
            Some(Path::new("/home/ann/.cache/huggingface/hub"))
        );
        assert_eq!((plain.token, plain.offline), (None, false));
        let set = settings(&[
            ("HF_HOME", "/data/hf".to_owned()),
            ("HF_ENDPOINT", "http://mirror:8080/".to_owned()),
            ("HF_TOKEN", " secret\n".to_owned()),
            ("HF_HUB_OFFLINE", "1".to_owned()),
        ]);
        assert_eq!(set.endpoint, "http://mirror:8080");
        assert_eq!(set.cache.as_deref(), Some(Path::new("/data/hf/hub")));
        assert_eq!(set.token.as_deref(), Some("secret"));
        assert!(set.offline && !format!("{set:?}").contains("secret"));
        assert_eq!(settings(&[]).cache, None);
    }

    #[test]
    fn a_token_left_by_a_login_is_found() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("token"), "from-file\n").unwrap();
        let path = home.path().display().to_string();
        let found = settings(&[("HF_HOME", path)]);
        assert_eq!(found.token.as_deref(), Some("from-file"));
        assert!(found.token_source.unwrap().ends_with("token"));
    }
}
