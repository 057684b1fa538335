//! Models that a pipeline names with what they hold.

use super::ModelError;

/// Digits of a digest.
const DIGITS: usize = 64;

/// What is wrong with a text that should be a digest; nothing if it is one.
pub fn wrong_digest(text: &str) -> Option<ModelError> {
    let is_digest = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!is_digest).then(|| {
        ModelError::new(
            format!("`{text}` is no SHA-256: it has {DIGITS} hexadecimal digits"),
            "`augment models fetch` says which a model has",
        )
    })
}

/// Compares what the model `reference` holds, as found, with the digest `wanted`.
///
/// # Errors
/// When they are not the same.
pub fn check_digest(reference: &str, found: &str, wanted: &str) -> Result<(), ModelError> {
    if found.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(ModelError::new(
        format!(
            "`{reference}` is not the model that is asked for: its SHA-256 is {found}, not {wanted}"
        ),
        "fetch the model that was meant, for example by naming its commit (`hf://owner/name@commit`), \
         or, if the other one is as good, put its digest here",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_compared_whatever_their_case() {
        let (one, other) = ("ab".repeat(32), "cd".repeat(32));
        assert_eq!(wrong_digest(&one), None);
        assert_eq!(check_digest("models/a", &one, &one.to_uppercase()), Ok(()));
        let error = check_digest("models/a", &one, &other).unwrap_err();
        for part in ["models/a", one.as_str(), other.as_str()] {
            assert!(error.message.contains(part), "{error}");
        }
    }

    #[test]
    fn other_texts_are_no_digests() {
        for text in ["", "abc", &"x".repeat(64), &"é".repeat(32), &"0".repeat(65)] {
            assert!(wrong_digest(text).is_some(), "{text}");
        }
    }
}
