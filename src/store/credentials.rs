//! Credentials: where they come from, and that they go nowhere else.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;

/// What an AWS profile says, by the names of the AWS files.
pub(super) type Profile = BTreeMap<String, String>;

/// The profile that `AWS_PROFILE` names, or `default`, from the files of the AWS command line. It
/// is empty where there is none.
pub(super) fn aws_profile() -> Profile {
    let name = env::var("AWS_PROFILE").unwrap_or_else(|_| "default".to_owned());
    let home = env::var("HOME").or_else(|_| env::var("USERPROFILE")).ok();
    let file = |variable: &str, usual: &str| {
        let place = env::var(variable).map(PathBuf::from).ok();
        let place =
            place.or_else(|| Some(PathBuf::from(home.as_deref()?).join(".aws").join(usual)));
        place
            .and_then(|place| fs::read_to_string(place).ok())
            .unwrap_or_default()
    };
    let mut profile = section(&file("AWS_CONFIG_FILE", "config"), &name);
    profile.extend(section(
        &file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        &name,
    ));
    profile
}

/// The settings under `[name]` or `[profile name]`.
fn section(text: &str, name: &str) -> Profile {
    let mut settings = Profile::new();
    let mut inside = false;
    for line in text.lines() {
        let is_nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if let Some(title) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            let title = title.trim();
            let title = title.strip_prefix("profile ").map_or(title, str::trim);
            inside = title == name;
        } else if inside
            && !is_nested
            && !line.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once('=')
        {
            settings.insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
    settings
}

/// `text` with everything hidden that the environment or the profile keeps secret. Messages of
/// servers are shown, and some repeat what they were sent.
pub(super) fn without_secrets(text: &str) -> String {
    let is_secret = |name: &str| {
        let name = name.to_ascii_uppercase();
        ["SECRET", "TOKEN", "KEY", "PASSWORD", "SAS", "CREDENTIAL"]
            .iter()
            .any(|word| name.contains(word))
            // Files and addresses that are named are no secrets.
            && !["_FILE", "_URI", "_URL", "_PATH"].iter().any(|end| name.ends_with(end))
    };
    let ours = |name: &str| {
        ["AWS_", "AZURE_", "GOOGLE_"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    let environment = env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        (ours(&name) && is_secret(&name)).then_some(value)
    });
    let profile = aws_profile().into_iter();
    let profile = profile.filter_map(|(name, value)| is_secret(&name).then_some(value));
    hide(text, environment.chain(profile))
}

fn hide(text: &str, secrets: impl Iterator<Item = String>) -> String {
    let mut secrets: Vec<String> = secrets.filter(|secret| secret.len() >= 4).collect();
    // A secret may be part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), "[hidden]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_from_either_kind_of_file() {
        let config = "[default]\nregion = eu-west-1\n[profile lab]\n# note\nregion=eu-central-1\n\
                      s3 =\n  endpoint_url = nested\nendpoint_url = http://localhost:1\n";
        let lab = section(config, "lab");
        assert_eq!(lab["region"], "eu-central-1");
        assert_eq!(lab["endpoint_url"], "http://localhost:1");
        assert_eq!(section(config, "default")["region"], "eu-west-1");
        let credentials = "[lab]\naws_access_key_id = A\naws_secret_access_key = a+b/c=\n";
        assert_eq!(
            section(credentials, "lab")["aws_secret_access_key"],
            "a+b/c="
        );
        assert!(section(credentials, "other").is_empty());
    }

    #[test]
    fn secrets_are_hidden_the_longest_first() {
        let secrets = ["hush", "hush-hush", "a"].map(str::to_owned).into_iter();
        assert_eq!(
            hide("a hush-hush and hush", secrets),
            "a [hidden] and [hidden]"
        );
    }
}
