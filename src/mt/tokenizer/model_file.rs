//! A sentencepiece model as its file has it: pieces, scores, and how texts are normalised.
//!
//! The fields are those of `sentencepiece_model.proto`; what serves training alone is skipped.

use super::protobuf::{Fields, Value};

/// Longer pieces are refused, as sentencepiece does.
const LONGEST_PIECE: usize = 8_000;

/// What a piece is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// Cut from texts by its score.
    Normal,
    /// Stands for what no piece covers.
    Unknown,
    /// A mark that never comes from a text, as the end of a sentence.
    Control,
    /// Cut from texts wherever it occurs.
    UserDefined,
    /// Never cut from texts any more.
    Unused,
    /// One byte of what no piece covers.
    Byte(u8),
}

/// A piece of a model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    /// Its spelling in UTF-8, with U+2581 for a space.
    pub(super) text: &'a [u8],
    /// The natural logarithm of its probability.
    pub(super) score: f32,
    pub(super) kind: PieceKind,
}

/// How a text is changed before pieces are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct NormaliserSpec<'a> {
    /// A trie of what is replaced, and the replacements; empty for none.
    pub(super) charsmap: &'a [u8],
    /// Whether a space is put before the text.
    pub(super) add_dummy_prefix: bool,
    /// Whether spaces at the ends go, and runs of them become one.
    pub(super) remove_extra_whitespaces: bool,
    /// Whether spaces become U+2581.
    pub(super) escape_whitespaces: bool,
}

impl Default for NormaliserSpec<'_> {
    fn default() -> Self {
        Self {
            charsmap: &[],
            add_dummy_prefix: true,
            remove_extra_whitespaces: true,
            escape_whitespaces: true,
        }
    }
}

/// What is in a `.spm` file.
#[derive(Debug)]
pub(super) struct ModelFile<'a> {
    pub(super) pieces: Vec<Piece<'a>>,
    pub(super) normaliser: NormaliserSpec<'a>,
    /// How texts that pieces were joined to are changed; rarely there.
    pub(super) denormaliser: Option<NormaliserSpec<'a>>,
    /// Whether the space that is added goes behind the text instead of before it.
    pub(super) whitespace_as_suffix: bool,
    /// Whether bytes stand for what no piece covers.
    pub(super) byte_fallback: bool,
    /// What a decoded unknown piece looks like.
    pub(super) unknown_surface: &'a [u8],
}

/// The model type `UNIGRAM`.
const UNIGRAM: u64 = 1;

impl<'a> ModelFile<'a> {
    /// Reads a model, and checks what sentencepiece checks when it loads one.
    ///
    /// # Errors
    /// When the bytes are no unigram model.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut model = Self {
            pieces: Vec::new(),
            normaliser: NormaliserSpec::default(),
            denormaliser: None,
            whitespace_as_suffix: false,
            byte_fallback: false,
            unknown_surface: " \u{2047} ".as_bytes(),
        };
        let mut model_type = UNIGRAM;
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            let Some(message) = value.bytes() else {
                continue;
            };
            match number {
                1 => model.pieces.push(read_piece(message)?),
                2 => model.read_trainer(message, &mut model_type)?,
                3 => read_normaliser(message, &mut model.normaliser)?,
                5 => read_normaliser(message, model.denormaliser.get_or_insert_default())?,
                _ => {}
            }
        }
        if model_type != UNIGRAM {
            return Err(format!(
                "it is a model of type {}, and only `unigram` is supported",
                match model_type {
                    2 => "`bpe`".to_owned(),
                    3 => "`word`".to_owned(),
                    4 => "`char`".to_owned(),
                    other => other.to_string(),
                }
            ));
        }
        model.check()?;
        Ok(model)
    }

    fn read_trainer(&mut self, message: &'a [u8], model_type: &mut u64) -> Result<(), String> {
        let mut fields = Fields::new(message);
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (3, Value::Varint(kind)) => *model_type = kind,
                (24, Value::Varint(flag)) => self.whitespace_as_suffix = flag != 0,
                (35, Value::Varint(flag)) => self.byte_fallback = flag != 0,
                (44, Value::Bytes(surface)) => self.unknown_surface = surface,
                _ => {}
            }
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), String> {
        if self.pieces.is_empty() {
            return Err("it has no pieces".to_owned());
        }
        let mut unknown = 0;
        let mut bytes = [false; 256];
        for piece in &mut self.pieces {
            if piece.text == [0] && self.byte_fallback {
                piece.kind = PieceKind::Unused;
            }
            let spelling = String::from_utf8_lossy(piece.text);
            if piece.text.is_empty() {
                return Err("a piece is empty".to_owned());
            }
            if piece.text.len() >= LONGEST_PIECE {
                return Err(format!("a piece has {} bytes", piece.text.len()));
            }
            if piece.text.contains(&0) && piece.kind != PieceKind::Unused {
                return Err("a piece holds a null character".to_owned());
            }
            if !piece.score.is_finite() {
                return Err(format!("the score of `{spelling}` is no number"));
            }
            match piece.kind {
                PieceKind::Unknown => unknown += 1,
                PieceKind::Byte(_) if !self.byte_fallback => {
                    return Err(format!("`{spelling}` is a byte, without byte fallback"));
                }
                PieceKind::Byte(byte) => bytes[usize::from(byte)] = true,
                _ => {}
            }
        }
        if unknown > 1 || unknown == 0 && !self.byte_fallback {
            return Err(format!("it has {unknown} unknown pieces, and needs one"));
        }
        if self.byte_fallback && bytes.contains(&false) {
            return Err("it has byte fallback, and lacks some of the bytes".to_owned());
        }
        self.check_repetitions()
    }

    /// A spelling may occur once among what is cut from texts, and once among the others.
    fn check_repetitions(&self) -> Result<(), String> {
        let mut spellings: Vec<(bool, &[u8])> = self
            .pieces
            .iter()
            .map(|piece| (piece.is_cut_from_texts(), piece.text))
            .collect();
        spellings.sort_unstable();
        let repeated = spellings
            .windows(2)
            .find(|pair| pair.first() == pair.last());
        match repeated.and_then(<[_]>::first) {
            Some((_, text)) => Err(format!(
                "the piece `{}` is there twice",
                String::from_utf8_lossy(text)
            )),
            None => Ok(()),
        }
    }
}

impl Piece<'_> {
    /// Whether sentencepiece keeps it with what texts are cut into: a mark may be spelled alike.
    pub(super) fn is_cut_from_texts(&self) -> bool {
        matches!(
            self.kind,
            PieceKind::Normal | PieceKind::UserDefined | PieceKind::Unused
        )
    }
}

fn read_piece(message: &[u8]) -> Result<Piece<'_>, String> {
    let mut text: &[u8] = &[];
    let mut score = 0.0;
    let mut kind = 1;
    let mut fields = Fields::new(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => text = value.bytes().unwrap_or(text),
            2 => score = value.float().unwrap_or(score),
            3 => kind = value.number().unwrap_or(kind),
            _ => {}
        }
    }
    let kind = match kind {
        2 => PieceKind::Unknown,
        3 => PieceKind::Control,
        4 => PieceKind::UserDefined,
        5 => PieceKind::Unused,
        6 => PieceKind::Byte(byte_of(text).ok_or_else(|| {
            let spelling = String::from_utf8_lossy(text);
            format!("`{spelling}` is no byte: these are spelled as `<0x0A>`")
        })?),
        _ => PieceKind::Normal,
    };
    Ok(Piece { text, score, kind })
}

fn read_normaliser<'a>(message: &'a [u8], spec: &mut NormaliserSpec<'a>) -> Result<(), String> {
    let mut fields = Fields::new(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            2 => spec.charsmap = value.bytes().unwrap_or(spec.charsmap),
            3 => spec.add_dummy_prefix = value.flag().unwrap_or(spec.add_dummy_prefix),
            4 => {
                spec.remove_extra_whitespaces =
                    value.flag().unwrap_or(spec.remove_extra_whitespaces);
            }
            5 => spec.escape_whitespaces = value.flag().unwrap_or(spec.escape_whitespaces),
            _ => {}
        }
    }
    Ok(())
}

/// The byte that a piece such as `<0x0A>` stands for.
fn byte_of(text: &[u8]) -> Option<u8> {
    (0..=u8::MAX).find(|byte| byte_piece(*byte).as_bytes() == text)
}

/// The piece that stands for a byte.
pub(super) fn byte_piece(byte: u8) -> String {
    format!("<0x{byte:02X}>")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Writes a field with a length.
    pub(crate) fn bytes_field(number: u8, value: &[u8]) -> Vec<u8> {
        let mut field = vec![number << 3 | 2];
        let mut length = value.len();
        while length >= 0x80 {
            field.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        field.push(u8::try_from(length).unwrap());
        field.extend_from_slice(value);
        field
    }

    /// Writes a piece of a kind by its number.
    pub(crate) fn piece(text: &str, score: f32, kind: u8) -> Vec<u8> {
        let mut message = bytes_field(1, text.as_bytes());
        message.push(2 << 3 | 5);
        message.extend_from_slice(&score.to_bits().to_le_bytes());
        message.extend_from_slice(&[3 << 3, kind]);
        bytes_field(1, &message)
    }

    fn error(file: &[Vec<u8>]) -> String {
        ModelFile::read(&file.concat()).unwrap_err()
    }

    #[test]
    fn pieces_and_settings_are_read() {
        let file = [
            piece("<unk>", 0.0, 2),
            piece("</s>", 0.0, 3),
            piece("\u{2581}a", -1.5, 1),
            bytes_field(3, &[3 << 3, 0, 5 << 3, 0]),
            bytes_field(2, &bytes_field(4, b"accepted and skipped")),
        ]
        .concat();
        let model = ModelFile::read(&file).unwrap();
        let kinds: Vec<PieceKind> = model.pieces.iter().map(|piece| piece.kind).collect();
        assert_eq!(
            kinds,
            [PieceKind::Unknown, PieceKind::Control, PieceKind::Normal]
        );
        assert_eq!(model.pieces[2].text, "\u{2581}a".as_bytes());
        assert_eq!(model.pieces[2].score.to_bits(), (-1.5f32).to_bits());
        assert!(!model.normaliser.add_dummy_prefix);
        assert!(model.normaliser.remove_extra_whitespaces);
        assert!(!model.normaliser.escape_whitespaces);
        assert!(model.denormaliser.is_none());
    }

    #[test]
    fn what_sentencepiece_refuses_is_refused() {
        let unknown = || piece("<unk>", 0.0, 2);
        assert_eq!(error(&[]), "it has no pieces");
        assert_eq!(
            error(&[piece("a", 0.0, 1)]),
            "it has 0 unknown pieces, and needs one"
        );
        assert_eq!(error(&[unknown(), piece("", 0.0, 1)]), "a piece is empty");
        assert_eq!(
            error(&[unknown(), piece("a", 0.0, 1), piece("a", 1.0, 4)]),
            "the piece `a` is there twice"
        );
        assert_eq!(
            error(&[unknown(), piece("a", f32::NAN, 1)]),
            "the score of `a` is no number"
        );
        assert_eq!(
            error(&[unknown(), piece("<0x0a>", 0.0, 6)]),
            "`<0x0a>` is no byte: these are spelled as `<0x0A>`"
        );
        assert_eq!(
            error(&[unknown(), piece("<0x0A>", 0.0, 6)]),
            "`<0x0A>` is a byte, without byte fallback"
        );
        let mut trainer = Vec::new();
        trainer.extend_from_slice(&[3 << 3, 2]);
        assert_eq!(
            error(&[unknown(), bytes_field(2, &trainer)]),
            "it is a model of type `bpe`, and only `unigram` is supported"
        );
    }

    #[test]
    fn a_control_piece_may_be_spelled_like_a_normal_one() {
        let file = [
            piece("<unk>", 0.0, 2),
            piece("a", 0.0, 3),
            piece("a", -1.0, 1),
        ]
        .concat();
        assert_eq!(ModelFile::read(&file).unwrap().pieces.len(), 3);
    }
}
