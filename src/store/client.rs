//! Connections to stores, one for each bucket.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::multipart::MultipartStore;
use object_store::path::Path as Key;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use super::address::{Address, Scheme};
use super::credentials::aws_profile;
use super::error::{Kind, StoreError};
use super::runtime::{explain, patience, runtime};

/// A connection to a store.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) objects: Arc<dyn ObjectStore>,
    /// For objects that are written in parts; nothing for servers of the web.
    pub(super) parts: Option<Arc<dyn MultipartStore>>,
}

/// An object and the connection to its store.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) client: Client,
    pub(super) key: Key,
    /// What all objects of the store begin with.
    pub(super) store: String,
}

/// Finds the store of the object `path`.
pub(super) fn place(path: &Path) -> io::Result<Place> {
    static CLIENTS: Mutex<BTreeMap<String, Client>> = Mutex::new(BTreeMap::new());
    let settings = |message: String| StoreError {
        kind: Kind::Settings,
        message,
    };
    let address = Address::of(path)
        .ok_or_else(|| settings(format!("{} is not in a store", path.display())))?;
    let key = if address.scheme == Scheme::Http {
        Key::from_url_path(&address.key)
    } else {
        Key::parse(address.key.trim_end_matches('/'))
    };
    let key = key.map_err(|error| settings(error.to_string()))?;
    // The cryptography has to be there before the first connection.
    runtime()?;
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let client = if let Some(client) = clients.get(&address.store) {
        client.clone()
    } else {
        let client = connect(&address).map_err(explain)?;
        clients.insert(address.store.clone(), client.clone());
        client
    };
    Ok(Place {
        client,
        key,
        store: address.store,
    })
}

fn connect(address: &Address) -> object_store::Result<Client> {
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: usize::MAX,
        retry_timeout: patience(),
    };
    Ok(match address.scheme {
        Scheme::S3 => both(s3(address).with_retry(retry).build()?),
        Scheme::Google => {
            let builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(&address.host);
            both(builder.with_retry(retry).build()?)
        }
        Scheme::Azure => {
            let builder = MicrosoftAzureBuilder::from_env().with_container_name(&address.host);
            both(builder.with_retry(retry).build()?)
        }
        Scheme::Http => {
            // The pipeline file says whether it is `http` or `https`.
            let options = ClientOptions::new().with_allow_http(true);
            let builder = HttpBuilder::new().with_url(&address.store);
            let builder = builder.with_client_options(options).with_retry(retry);
            Client {
                objects: Arc::new(builder.build()?),
                parts: None,
            }
        }
    })
}

fn both<T: ObjectStore + MultipartStore>(store: T) -> Client {
    let store = Arc::new(store);
    Client {
        objects: Arc::clone(&store) as Arc<dyn ObjectStore>,
        parts: Some(store),
    }
}

/// S3 as the environment has it, and, where that is silent, the profile.
fn s3(address: &Address) -> AmazonS3Builder {
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(&address.host);
    let missing = |builder: &AmazonS3Builder, key| builder.get_config_value(&key).is_none();
    let profile = aws_profile();
    if missing(&builder, AmazonS3ConfigKey::AccessKeyId)
        && let (Some(id), Some(secret)) = (
            profile.get("aws_access_key_id"),
            profile.get("aws_secret_access_key"),
        )
    {
        builder = builder
            .with_access_key_id(id)
            .with_secret_access_key(secret);
        if let Some(token) = profile.get("aws_session_token") {
            builder = builder.with_token(token);
        }
    }
    let region_is_silent = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .iter()
        .all(|variable| std::env::var_os(variable).is_none());
    if region_is_silent && let Some(region) = profile.get("region") {
        builder = builder.with_region(region);
    }
    if let Ok(endpoint) = std::env::var("AWS_ENDPOINT_URL_S3") {
        builder = builder.with_endpoint(endpoint);
    } else if missing(&builder, AmazonS3ConfigKey::Endpoint)
        && let Some(endpoint) = profile.get("endpoint_url")
    {
        builder = builder.with_endpoint(endpoint);
    }
    let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        // Whoever gives such an address wants it.
        builder = builder.with_allow_http(true);
    }
    builder
}
