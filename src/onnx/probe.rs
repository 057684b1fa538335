//! The smallest model there is, to see whether a device works.

/// A model in ONNX's format: one `Identity` node from the input `x` to the output `y`, both of one
/// float.
pub(super) fn identity_model() -> Vec<u8> {
    // Field numbers of `onnx.proto`; all lengths fit in one byte.
    let one_float = message(1, &[0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x01]);
    let value = |name: &str| [message(1, name.as_bytes()), message(2, &one_float)].concat();
    let node = [message(1, b"x"), message(2, b"y"), message(4, b"Identity")].concat();
    let graph = [
        message(1, &node),
        message(2, b"probe"),
        message(11, &value("x")),
        message(12, &value("y")),
    ]
    .concat();
    let ir_version = vec![0x08, 0x08];
    let opset_17 = message(8, &[0x10, 0x11]);
    [ir_version, message(7, &graph), opset_17].concat()
}

/// A length-delimited field of a protocol buffer.
fn message(field: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    let mut bytes = vec![(field << 3) | 2, length];
    bytes.extend_from_slice(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_is_too_long_for_its_length() {
        // The graph is the longest part, and one byte holds lengths up to 127.
        let model = identity_model();
        assert!(model.len() < 127, "{}", model.len());
        assert_eq!(model[..3], [0x08, 0x08, 0x3a]);
        assert_eq!(usize::from(model[3]), model.len() - 4 - 4);
    }
}
