//! Finds certificates in a file: DER, or PEM blocks with their positions.
//!
//! The rules are those of BearSSL's PEM decoder (`pemdec.t0`) and of `brssl`, which the golden outputs hold us to, widened to what
//! Windows editors and mail programs make of a PEM file: byte-order marks, UTF-16, indentation, CR alone as the line end.

use std::borrow::Cow;
use std::io::BufRead;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::held;
use crate::error::{Error, Origin, Problem, ProblemKind};
use crate::text::Escaped;

/// A certificate as it was found: its DER, not yet decoded, and where it comes from.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub(crate) der: Vec<u8>,
    pub(crate) origin: Origin,
}

impl Certificate {
    /// A certificate that did not come from a file, with a name for its place.
    pub fn new(der: Vec<u8>, origin: Origin) -> Self {
        Self { der, origin }
    }

    /// The DER as it stood in the file, without the PEM armour and without OpenSSL's trust settings.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Where it was found.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// What the first and the last line of a block begin with (RFC 7468, section 2).
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

/// The longest label that BearSSL's decoder takes; a longer one is text.
const MAXIMUM_LABEL: usize = 126;

/// The longest label that messages show; the longest in use, `ENCRYPTED PRIVATE KEY` and `NEW CERTIFICATE REQUEST`, have 23 characters.
const MAXIMUM_SHOWN_LABEL: usize = 32;

/// The longest word of a label that messages show. `CERTIFICATE` has 11 letters, a line of Base64 has 64.
const MAXIMUM_SHOWN_WORD: usize = 16;

/// How many labels of blocks that hold no certificate are worth telling.
const MAXIMUM_LABELS: usize = 8;

/// Finds every certificate in `bytes`, PEM or DER, without decoding any. `file` is the name that messages use.
///
/// # Errors
///
/// Every damaged block; or that there is no certificate, with what there is instead.
pub fn read_certificates(bytes: &[u8], file: &str) -> Result<Vec<Certificate>, Error> {
    let (certificates, problems) = find_certificates(bytes, file);
    Error::unless_none(problems, certificates)
}

/// Finds the certificates that are whole, and what is wrong with the others or with the file.
pub(crate) fn find_certificates(bytes: &[u8], file: &str) -> (Vec<Certificate>, Vec<Problem>) {
    let origin = Origin::file(file);
    let problem = |kind| (Vec::new(), vec![Problem { origin: origin.clone(), kind }]);
    if bytes.len() > crate::MAXIMUM_FILE_SIZE {
        return problem(ProblemKind::FileTooLarge);
    }
    if held::is_one_der_value(bytes) {
        if let Some(other) = held::other_than_certificate(bytes) {
            return problem(ProblemKind::NoCertificate(other));
        }
        let origin = Origin { certificate: Some(1), ..origin };
        return (vec![Certificate { der: bytes.to_vec(), origin }], Vec::new());
    }
    let text = with_line_feeds(as_bytes_of_text(bytes));
    if without_indent(&text).is_empty() {
        return problem(ProblemKind::Empty);
    }
    let mut scan = Scan::new(&text, origin.file.clone());
    scan.run();
    if scan.problems.is_empty() && scan.certificates.is_empty() {
        return problem(ProblemKind::NoCertificate(held::instead(bytes, &scan.other_labels)));
    }
    (scan.certificates, scan.problems)
}

/// The text as ASCII-compatible bytes: UTF-16 with a byte-order mark, which PowerShell's `>` writes, is converted.
fn as_bytes_of_text(bytes: &[u8]) -> Cow<'_, [u8]> {
    let unit = match bytes {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => return Cow::Borrowed(bytes),
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Cow::Owned(text.into_bytes())
}

/// The text with line feeds where CR alone ends every line. Beside line feeds a CR in the midst of a line is a blank, as for BearSSL.
fn with_line_feeds(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if text.contains(&b'\n') || !text.contains(&b'\r') {
        return text;
    }
    Cow::Owned(text.iter().map(|&byte| if byte == b'\r' { b'\n' } else { byte }).collect())
}

/// The way through a text from block to block.
struct Scan<'a> {
    text: &'a [u8],
    position: usize,
    /// Behind the next line feed from there, or the end: found once, however many CRs stand before it.
    line_feed: usize,
    /// The line that `position` is in, counted from 1.
    line: usize,
    file: Arc<str>,
    /// How many certificates have begun, damaged ones included.
    begun: usize,
    /// Whether the block that was read last is damaged, so that its END line may still follow.
    is_damaged: bool,
    certificates: Vec<Certificate>,
    other_labels: Vec<String>,
    problems: Vec<Problem>,
}

/// What stands in a block: the part of the text between the BEGIN line and the END line.
struct Block<'a> {
    label: String,
    begin_line: usize,
    body: &'a [u8],
    /// The line that the body begins in.
    body_line: usize,
}

impl<'a> Scan<'a> {
    fn new(text: &'a [u8], file: Arc<str>) -> Self {
        Scan {
            text,
            position: 0,
            line_feed: 0,
            line: 1,
            file,
            begun: 0,
            is_damaged: false,
            certificates: Vec::new(),
            other_labels: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn run(&mut self) {
        for count in 0.. {
            let Some((label, begin_line)) = self.next_begin() else { break };
            if count == crate::MAXIMUM_CERTIFICATES {
                self.problems.push(Problem { origin: Origin::file(self.file.clone()), kind: ProblemKind::TooManyBlocks });
                break;
            }
            let kind = Kind::of(&label);
            let label = shown_label(&label);
            if kind != Kind::Other {
                self.begun += 1;
            }
            let result = self.body(label, begin_line).and_then(|block| match kind {
                Kind::Other => {
                    let checked = check_other(&block);
                    self.note(block.label);
                    checked
                }
                _ => self.certificate(&block, kind == Kind::Trusted),
            });
            self.is_damaged = result.is_err();
            if let Err(problem) = result {
                let certificate = (kind != Kind::Other).then_some(self.begun);
                let origin = Origin { file: self.file.clone(), certificate, line: Some(begin_line) };
                self.problems.push(Problem { origin, kind: problem });
            }
        }
    }

    fn note(&mut self, label: String) {
        if self.other_labels.len() < MAXIMUM_LABELS && !self.other_labels.contains(&label) {
            self.other_labels.push(label);
        }
    }

    fn certificate(&mut self, block: &Block<'_>, trusted: bool) -> Result<(), ProblemKind> {
        let mut der = decode(block, block.body, block.body_line)?;
        if trusted {
            der.truncate(held::sequence_length(&der).unwrap_or(der.len()));
        }
        let origin = Origin { file: self.file.clone(), certificate: Some(self.begun), line: Some(block.begin_line) };
        self.certificates.push(Certificate { der, origin });
        Ok(())
    }

    /// Goes behind the next BEGIN line, and gives its label and its line number.
    fn next_begin(&mut self) -> Option<(String, usize)> {
        while let Some(line) = self.next_line() {
            let number = self.line - 1;
            let line = without_indent(line);
            if let Some(label) = strip_prefix_ignoring_case(line, END) {
                self.stray_end(label, number);
            }
            let label = strip_prefix_ignoring_case(line, BEGIN).filter(|label| !label.is_empty() && label.len() <= MAXIMUM_LABEL);
            if let Some(label) = label {
                return Some((label_of(label), number));
            }
        }
        None
    }

    /// An END line outside of a block: what is before it looks like a certificate to people, and is none to any program.
    fn stray_end(&mut self, label: &[u8], line: usize) {
        let is_certificate = label.len() <= MAXIMUM_LABEL && Kind::of(&label_of(label)) != Kind::Other;
        if is_certificate && !self.is_damaged {
            let origin = Origin { file: self.file.clone(), certificate: None, line: Some(line) };
            self.problems.push(Problem { origin, kind: ProblemKind::MissingBegin });
        }
        self.is_damaged = false;
    }

    /// Goes behind the block's END line, or, where it has none, to where the search for the next block may go on.
    fn body(&mut self, label: String, begin_line: usize) -> Result<Block<'a>, ProblemKind> {
        let (start, body_line) = (self.position, self.line);
        // No letter of Base64 is a dash, but the headers of an encrypted key may hold some.
        loop {
            let before = self.position;
            let number = self.line;
            let Some(line) = self.next_line() else {
                return Err(ProblemKind::UnfinishedBlock { label });
            };
            let line = without_indent(line);
            if !line.starts_with(b"-") {
                continue;
            }
            if strip_prefix_ignoring_case(line, END).is_none() {
                (self.position, self.line) = (before, number);
                return Err(self.stray_dash(label, number));
            }
            // Files that were put together without a line break between them.
            let line = &self.text[before..self.position];
            if let Some(glued) = line.windows(BEGIN.len()).position(|window| window.eq_ignore_ascii_case(BEGIN)) {
                (self.position, self.line) = (before + glued, number);
            }
            return Ok(Block { label, begin_line, body: &self.text[start..before], body_line });
        }
    }

    /// Takes the next line, without its end: LF, CR LF, or CR alone, so that a file put together from others loses no banner.
    fn next_line(&mut self) -> Option<&'a [u8]> {
        if self.position == self.text.len() {
            return None;
        }
        if self.position >= self.line_feed {
            self.line_feed = self.position + split_line(&self.text[self.position..]).0.len();
        }
        let mut line = &self.text[self.position..self.line_feed];
        if let Some(end) = carriage_return(line).filter(|&end| line[end..] != *b"\r\n") {
            line = &line[..=end];
        }
        self.position += line.len();
        self.line += 1;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn stray_dash(&self, label: String, line: usize) -> ProblemKind {
        let next = without_indent(&self.text[self.position..]);
        if strip_prefix_ignoring_case(next, BEGIN).is_some() {
            return ProblemKind::UnfinishedBlock { label };
        }
        ProblemKind::DamagedBlock { label, line, reason: "it begins with a dash and is no END line" }
    }
}

/// A label as it is compared and shown: in capitals, without the dashes behind it.
fn label_of(label: &[u8]) -> String {
    let mut label = String::from_utf8_lossy(label).to_uppercase();
    label.retain(|character| !character.is_control());
    label.trim().trim_end_matches('-').trim().to_owned()
}

/// The label for messages: the words that can be part of one. Where the line break or the dashes behind it are lost, the data, of a
/// private key perhaps, follows it.
pub(crate) fn shown_label(label: &str) -> String {
    let end = label.find("--").into_iter().chain(label.find(char::is_control)).min().unwrap_or(label.len());
    let mut shown = String::new();
    for word in label[..end].split(' ').take_while(|word| word.len() <= MAXIMUM_SHOWN_WORD) {
        if shown.len() + 1 + word.len() > MAXIMUM_SHOWN_LABEL {
            break;
        }
        shown.push_str(if shown.is_empty() { "" } else { " " });
        shown.push_str(word);
    }
    let rest = if shown.len() < label.len() { " (and more on its line)" } else { "" };
    format!("{}{rest}", Escaped(if shown.is_empty() { "PEM" } else { &shown }))
}

/// What a block's label says about its content.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Certificate,
    /// A certificate with OpenSSL's trust settings behind it.
    Trusted,
    Other,
}

impl Kind {
    /// Compares loosely, as `brssl` does: neither case nor blanks nor punctuation count.
    fn of(label: &str) -> Self {
        let plain: String = label.chars().filter(|&c| c > ' ' && !"-_./+:".contains(c)).collect();
        match plain.as_str() {
            "CERTIFICATE" | "X509CERTIFICATE" => Kind::Certificate,
            "TRUSTEDCERTIFICATE" => Kind::Trusted,
            _ => Kind::Other,
        }
    }
}

/// A block that is no certificate only has to be whole: a damaged one says that the file is. Its content goes nowhere.
fn check_other(block: &Block<'_>) -> Result<(), ProblemKind> {
    // Keys that OpenSSL encrypts the old way have headers and an empty line before the data (RFC 1421, section 4.4).
    let has_headers = split_line(block.body.trim_ascii_start()).0.contains(&b':');
    let (body, line) = if has_headers { behind_headers(block) } else { (block.body, block.body_line) };
    decode(block, body, line).map(drop)
}

fn behind_headers<'a>(block: &Block<'a>) -> (&'a [u8], usize) {
    let mut rest = block.body;
    let mut line = block.body_line;
    while !rest.is_empty() {
        let (header, behind) = split_line(rest);
        rest = behind;
        line += 1;
        if header.trim_ascii().is_empty() && line > block.body_line + 1 {
            break;
        }
    }
    (rest, line)
}

/// Splits the text behind its first line feed. A macro's code runs unoptimised, and the standard library's search does not.
fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = text;
    // Reading from memory does not fail.
    let length = rest.skip_until(b'\n').unwrap_or(text.len());
    text.split_at(length)
}

fn carriage_return(line: &[u8]) -> Option<usize> {
    if line.contains(&b'\r') { line.iter().position(|&byte| byte == b'\r') } else { None }
}

/// Decodes Base64 line by line: each line holds whole groups of four characters, and padding ends the data.
fn decode(block: &Block<'_>, mut body: &[u8], mut line_number: usize) -> Result<Vec<u8>, ProblemKind> {
    let mut data = Vec::with_capacity(body.len() / 4 * 3);
    let mut padded = false;
    while !body.is_empty() {
        let (line, rest) = split_line(body);
        let mut line = Cow::Borrowed(line.trim_ascii());
        let mut decoded = decode_line(&line, padded, &mut data);
        if decoded.is_err() {
            line = without_blanks(&line);
            decoded = decode_line(&line, padded, &mut data);
        }
        if let Err(reason) = decoded {
            return Err(ProblemKind::DamagedBlock { label: block.label.clone(), line: line_number, reason });
        }
        padded |= line.ends_with(b"=");
        body = rest;
        line_number += 1;
    }
    Ok(data)
}

fn decode_line(line: &[u8], padded: bool, data: &mut Vec<u8>) -> Result<(), &'static str> {
    if line.is_empty() {
        return Ok(());
    }
    if padded {
        return Err("there is data behind the padding");
    }
    if !line.len().is_multiple_of(4) {
        return Err("its Base64 characters are no multiple of four");
    }
    let length = data.len();
    STANDARD.decode_vec(line, data).map_err(|error| {
        data.truncate(length);
        describe(error)
    })
}

fn describe(error: base64::DecodeError) -> &'static str {
    use base64::DecodeError::*;
    match error {
        InvalidByte(_, b'=') => "its Base64 padding is wrong",
        InvalidLastSymbol { .. } => "its last Base64 character is wrong",
        _ => "it holds a character that is not Base64",
    }
}

/// The line without blanks; control characters count as blank.
fn without_blanks(line: &[u8]) -> Cow<'static, [u8]> {
    Cow::Owned(line.iter().copied().filter(|&byte| byte > b' ').collect())
}

/// The line without what editors put before a banner: blanks and a UTF-8 byte-order mark.
fn without_indent(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_start();
    line.strip_prefix(b"\xEF\xBB\xBF").map_or(line, <[u8]>::trim_ascii_start)
}

fn strip_prefix_ignoring_case<'a>(line: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = line.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}
