//! Weights that lie in files beside a graph.
//!
//! A graph names such files itself, by paths that start at its folder. A graph from elsewhere must
//! not name a file that is no part of the model: ONNX Runtime would read it.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::{Component, Path};

use super::graph::GraphFile;
use super::signature::Reader;

/// Graphs within graphs, at most: those of conditions and loops.
const DEEPEST: usize = 32;

/// The kinds of messages on the way to tensors.
#[derive(Debug, Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Function,
    Training,
    SparseTensor,
    Tensor,
}

impl Message {
    /// What a field of a message is, as far as it leads to tensors.
    fn field(self, number: u64) -> Option<Self> {
        Some(match (self, number) {
            (Self::Model, 7) | (Self::Attribute, 6 | 11) | (Self::Training, 1 | 2) => Self::Graph,
            (Self::Model, 20) => Self::Training,
            (Self::Model, 25) => Self::Function,
            (Self::Graph, 1) | (Self::Function, 7) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) | (Self::SparseTensor, 1 | 2) => {
                Self::Tensor
            }
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Self::SparseTensor,
            (Self::Node, 5) | (Self::Function, 11) => Self::Attribute,
            _ => return None,
        })
    }
}

/// The files that the tensors of a graph name, each once.
fn locations(source: &mut (impl Read + Seek)) -> io::Result<Vec<String>> {
    let (mut reader, end) = Reader::new(source)?;
    let mut found = Vec::new();
    collect(&mut reader, end, Message::Model, 0, &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn collect<R: Read + Seek>(
    reader: &mut Reader<R>,
    end: u64,
    message: Message,
    depth: usize,
    found: &mut Vec<String>,
) -> io::Result<()> {
    // A graph within a graph is three messages further down.
    if depth > DEEPEST * 3 {
        return Err(refused("its graphs are nested too deeply"));
    }
    while let Some(field) = reader.field(end)? {
        match (message, message.field(field.number)) {
            (Message::Tensor, _) if field.number == 13 => {
                found.extend(location(reader, field.end)?);
            }
            (_, Some(inner)) if field.packed => {
                collect(reader, field.end, inner, depth + 1, found)?;
            }
            _ => reader.skip(field)?,
        }
    }
    Ok(())
}

/// The path in an entry of `external_data`, if it is the one with the path.
fn location<R: Read + Seek>(reader: &mut Reader<R>, end: u64) -> io::Result<Option<String>> {
    let (mut key, mut value) = (String::new(), String::new());
    while let Some(field) = reader.field(end)? {
        match field.number {
            1 => key = reader.text(field.end)?,
            2 => value = reader.text(field.end)?,
            _ => reader.skip(field)?,
        }
    }
    Ok((key == "location").then_some(value))
}

/// Refuses a graph whose weights lie in a file that is no part of its model: elsewhere, or under a
/// name that does not belong to it.
pub(super) fn check(file: &GraphFile<'_>) -> io::Result<()> {
    match file {
        GraphFile::Bytes(bytes) => match locations(&mut Cursor::new(bytes))?.first() {
            None => Ok(()),
            Some(location) => Err(refused(format!(
                "its weights are in `{location}`, and it is no file that could have one beside it"
            ))),
        },
        GraphFile::Disk(path) => {
            let found = locations(&mut BufReader::new(File::open(path)?))?;
            found
                .iter()
                .try_for_each(|location| check_location(path, location))
        }
    }
}

fn check_location(graph: &Path, location: &str) -> io::Result<()> {
    let elsewhere = |why: &str| {
        refused(format!(
            "its weights are in `{location}`, which {why}: only files in the folder of the graph \
             are read"
        ))
    };
    let mut parts = Path::new(location).components();
    // As on Windows, wherever it is.
    let is_name = matches!(
        (parts.next(), parts.next()),
        (Some(Component::Normal(_)), None)
    ) && !location.contains(['\\', ':']);
    if !is_name {
        return Err(elsewhere("leads out of the folder"));
    }
    let folder = graph.parent().unwrap_or(Path::new(""));
    let name = graph.file_name().and_then(|name| name.to_str());
    let belongs = name.and_then(|name| location.strip_prefix(name));
    if !belongs.is_some_and(|rest| rest.starts_with("_data") || rest.starts_with(".data")) {
        return Err(refused(format!(
            "its weights are in `{location}`, which is not among the files of a model: save the \
             graph again with its weights in `{}_data`",
            name.unwrap_or("model.onnx")
        )));
    }
    let data = folder.join(location);
    let (Ok(real), Ok(folder)) = (data.canonicalize(), folder.canonicalize()) else {
        return Err(refused(format!(
            "its weights are in `{location}`, which is not there"
        )));
    };
    if real.starts_with(&folder) || blobs(&folder).is_some_and(|blobs| real.starts_with(blobs)) {
        return Ok(());
    }
    Err(elsewhere("is a link that leads out of the folder"))
}

/// Where the files of a folder in the cache of Hugging Face lie: it has links alone.
fn blobs(folder: &Path) -> Option<std::path::PathBuf> {
    let snapshots = folder
        .ancestors()
        .find(|above| above.file_name().is_some_and(|name| name == "snapshots"))?;
    let repository = snapshots.parent()?;
    let name = repository.file_name()?.to_str()?;
    name.starts_with("models--")
        .then(|| repository.join("blobs"))
}

fn refused(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.into())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::fs;

    use super::*;

    /// A field of variable length.
    #[expect(clippy::cast_possible_truncation, reason = "short messages")]
    fn message(number: u8, contents: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut varint = |mut number: usize| {
            while number >= 0x80 {
                bytes.push((number & 0x7f) as u8 | 0x80);
                number >>= 7;
            }
            bytes.push(number as u8);
        };
        varint(usize::from(number) << 3 | 2);
        varint(contents.len());
        bytes.extend_from_slice(contents);
        bytes
    }

    fn tensor(location: &str) -> Vec<u8> {
        let entry = [message(1, b"location"), message(2, location.as_bytes())].concat();
        let length = [message(1, b"length"), message(2, b"12")].concat();
        [message(8, b"w"), message(13, &length), message(13, &entry)].concat()
    }

    /// A graph with a weight of its own, and one in the branch of a condition.
    fn graph(outer: &str, inner: &str) -> Vec<u8> {
        let branch = message(6, &message(5, &tensor(inner)));
        let node = message(1, &message(5, &branch));
        message(7, &[node, message(5, &tensor(outer))].concat())
    }

    fn checked(folder: &Path, outer: &str, inner: &str) -> Result<(), String> {
        let path = folder.join("model.onnx");
        fs::write(&path, graph(outer, inner)).unwrap();
        check(&GraphFile::Disk(path)).map_err(|error| error.to_string())
    }

    #[test]
    fn weights_lie_beside_their_graph_or_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("model");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("model.onnx_data"), "weights").unwrap();
        fs::write(folder.join("secret"), "none of its business").unwrap();
        fs::write(root.path().join("outside"), "none of its business").unwrap();
        let good = "model.onnx_data";
        assert_eq!(checked(&folder, good, good), Ok(()));
        let absolute = root.path().join("outside");
        for (location, part) in [
            (absolute.to_str().unwrap(), "leads out of the folder"),
            ("../outside", "leads out of the folder"),
            ("./../outside", "leads out of the folder"),
            ("sub/model.onnx_data", "leads out of the folder"),
            ("..\\outside", "leads out of the folder"),
            ("", "leads out of the folder"),
            ("secret", "not among the files"),
            ("model.onnx.data", "not there"),
        ] {
            for (outer, inner) in [(location, good), (good, location)] {
                let error = checked(&folder, outer, inner).unwrap_err();
                assert!(error.contains(part), "{location}: {error}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_may_lead_to_the_blobs_of_a_cache_and_nowhere_else() {
        use std::os::unix::fs::symlink;

        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("models--ann--en-de/snapshots/0123/onnx");
        let blobs = root.path().join("models--ann--en-de/blobs");
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir(&blobs).unwrap();
        fs::write(blobs.join("abc"), "weights").unwrap();
        fs::write(root.path().join("outside"), "none of its business").unwrap();
        let data = folder.join("model.onnx_data");
        symlink(blobs.join("abc"), &data).unwrap();
        let good = "model.onnx_data";
        assert_eq!(checked(&folder, good, good), Ok(()));
        fs::remove_file(&data).unwrap();
        symlink(root.path().join("outside"), &data).unwrap();
        let error = checked(&folder, good, good).unwrap_err();
        assert!(error.contains("is a link that leads out"), "{error}");
    }

    #[test]
    fn a_graph_in_memory_has_nothing_beside_it() {
        let bytes = graph("model.onnx_data", "model.onnx_data");
        assert!(check(&GraphFile::Bytes(Cow::Owned(bytes))).is_err());
        assert!(check(&GraphFile::Bytes(Cow::Owned(message(7, &[])))).is_ok());
    }

    #[test]
    fn graphs_within_graphs_end_somewhere() {
        let mut inner = message(5, &tensor("x"));
        for _ in 0..200 {
            inner = message(1, &message(5, &message(6, &inner)));
        }
        let bytes = message(7, &inner);
        let error = check(&GraphFile::Bytes(Cow::Owned(bytes))).unwrap_err();
        assert!(error.to_string().contains("nested"), "{error}");
    }
}
