//! The names of objects: URLs that stand where paths do.

use std::path::{Path, PathBuf};

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scheme {
    /// Amazon S3, and what speaks its language.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
    /// A server of the web, which can be read alone.
    Http,
}

/// The name of an object, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// The kind of store.
    pub(crate) scheme: Scheme,
    /// What all objects of the store begin with: `s3://bucket`, `https://host:8080`.
    pub(crate) store: String,
    /// The bucket, the container, or the host.
    pub(crate) host: String,
    /// The name within the store.
    pub(crate) key: String,
}

impl Address {
    /// Takes `path` apart, if it names an object.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let text = path.to_str()?;
        let (name, rest) = text.split_once("://")?;
        let scheme = match name {
            "s3" => Scheme::S3,
            "gs" => Scheme::Google,
            "az" => Scheme::Azure,
            "http" | "https" => Scheme::Http,
            _ => return None,
        };
        let (host, key) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Self {
            scheme,
            store: format!("{name}://{host}"),
            host: host.to_owned(),
            key: key.to_owned(),
        })
    }
}

/// Whether `path` names an object and not a file.
pub(crate) fn is_remote(path: &Path) -> bool {
    Address::of(path).is_some()
}

/// `path` as it is if it names an object, and relative to `base` otherwise.
pub(crate) fn resolve(base: &Path, path: &str) -> PathBuf {
    if is_remote(Path::new(path)) {
        PathBuf::from(path.trim_end_matches('/'))
    } else {
        base.join(path)
    }
}

/// What is wrong with `text` as the name of something to read, and the remedy.
pub(crate) fn read_problem(text: &str) -> Option<(String, String)> {
    if !text.contains("://") {
        return None;
    }
    let Some(address) = Address::of(Path::new(text)) else {
        return Some((
            format!("`{}` is neither a local path nor in a store", shown(text)),
            "stores are `s3://`, `gs://` and `az://`, single files also `https://` and `http://`; \
             copy or mount anything else, and give the path of the copy"
                .to_owned(),
        ));
    };
    if let Some(problem) = host_problem(text, &address) {
        return Some(problem);
    }
    if address.scheme != Scheme::Http {
        return None;
    }
    if address.key.contains(['?', '#']) {
        return Some((
            format!("`{}` has a query", shown(text)),
            "a query may hold credentials and is not kept: name the file without it, or read it \
             from its store"
                .to_owned(),
        ));
    }
    if address.key.contains(['*', '[']) || address.key.is_empty() || address.key.ends_with('/') {
        return Some((
            format!("`{}` names no single file", shown(text)),
            "servers of the web cannot list: name each file".to_owned(),
        ));
    }
    None
}

/// What is wrong with `text` as the name of something to write, and the remedy.
pub(crate) fn write_problem(text: &str) -> Option<(String, String)> {
    if !text.contains("://") {
        return None;
    }
    let address = Address::of(Path::new(text)).filter(|address| address.scheme != Scheme::Http);
    let Some(address) = address else {
        return Some((
            format!("`{}` cannot be written to", shown(text)),
            "write to a local folder, or to `s3://`, `gs://` or `az://`".to_owned(),
        ));
    };
    if address.host.contains('{') {
        return Some((
            format!(
                "`{}` has a placeholder in the name of the bucket",
                shown(text)
            ),
            "all files of a sink must be in one bucket: put placeholders after its name".to_owned(),
        ));
    }
    host_problem(text, &address)
}

fn host_problem(text: &str, address: &Address) -> Option<(String, String)> {
    if address.host.contains('@') {
        return Some((
            format!("`{}` holds credentials", shown(text)),
            "take out what stands before the `@`: credentials come from the environment".to_owned(),
        ));
    }
    if !cfg!(feature = "object-store") {
        return Some((
            format!(
                "`{}` is not a local path, and this build has no object stores",
                shown(text)
            ),
            "build with the feature `object-store`".to_owned(),
        ));
    }
    address.host.is_empty().then(|| {
        (
            format!("`{}` names no bucket", shown(text)),
            "write `s3://bucket/folder`".to_owned(),
        )
    })
}

/// A URL without what may be a secret: what stands before an `@` and after a `?`.
fn shown(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (host, key) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let key = key.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}://{host}{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_paths() {
        let address = Address::of(Path::new("s3://bucket/a/b.parquet")).unwrap();
        assert_eq!(address.scheme, Scheme::S3);
        assert_eq!(address.store, "s3://bucket");
        assert_eq!(address.host, "bucket");
        assert_eq!(address.key, "a/b.parquet");
        for local in ["a/b", "/s3/x", "ftp://host/x", "s3:/x", "data://x"] {
            assert!(!is_remote(Path::new(local)), "{local}");
        }
        let base = Path::new("base");
        assert_eq!(resolve(base, "a"), Path::new("base/a"));
        assert_eq!(resolve(base, "gs://b/c/").to_str(), Some("gs://b/c"));
    }

    #[cfg(feature = "object-store")]
    #[test]
    fn what_cannot_be_read_or_written_is_refused_without_naming_secrets() {
        for good in [
            "s3://b/*.parquet",
            "gs://b",
            "az://c/x/",
            "https://h/a.parquet",
            "data",
        ] {
            assert_eq!(read_problem(good), None, "{good}");
        }
        for bad in [
            "ftp://h/x",
            "s3:///key",
            "https://ann:hush@host/a.parquet",
            "https://host/a.parquet?signature=hush",
            "https://host/",
            "https://host/*.parquet",
        ] {
            let (message, _) = read_problem(bad).unwrap();
            assert!(!message.contains("hush"), "{message}");
        }
        assert_eq!(write_problem("s3://b/{shard}.parquet"), None);
        let (message, _) = write_problem("s3://{shard}.parquet").unwrap();
        assert!(message.contains("`s3://{shard}.parquet`"), "{message}");
        for bad in [
            "https://h/{shard}.parquet",
            "s3://{shard}.parquet",
            "file:///{shard}",
        ] {
            assert!(write_problem(bad).is_some(), "{bad}");
        }
    }
}
