//! The blocks of a PEM file as OpenSSL 3.0 finds them (`PEM_read_bio`, `crypto/pem/pem_lib.c`), which takes far less than the
//! project's own reader: nothing may stand before or behind a BEGIN line, and the lines end with a line feed.

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::doctor) struct Block<'a> {
    /// What stands behind BEGIN.
    pub(in crate::doctor) label: &'a [u8],
    /// The line of its BEGIN, counted from 1.
    pub(in crate::doctor) line: usize,
    /// Whether `Proc-Type` or the label says that a pass phrase is needed.
    pub(in crate::doctor) is_encrypted: bool,
}

impl Block<'_> {
    pub(in crate::doctor) fn is_certificate(&self) -> bool {
        matches!(self.label, b"CERTIFICATE" | b"X509 CERTIFICATE" | b"TRUSTED CERTIFICATE")
    }

    pub(in crate::doctor) fn is_private_key(&self) -> bool {
        self.label.ends_with(b"PRIVATE KEY")
    }
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// All blocks; OpenSSL ends at the first that is not well-formed, and the error says where and why.
pub(in crate::doctor) fn blocks(file: &[u8]) -> impl Iterator<Item = Result<Block<'_>, String>> {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let mut lines = file.split(|byte| *byte == b'\n').map(without_blanks_at_the_end).zip(1..);
    std::iter::from_fn(move || {
        let (label, line) = lines.find_map(|(text, line)| Some((label(text, BEGIN)?, line)))?;
        Some(read_block(&mut lines, label, line))
    })
}

fn read_block<'a>(
    lines: &mut impl Iterator<Item = (&'a [u8], usize)>,
    label: &'a [u8],
    line: usize,
) -> Result<Block<'a>, String> {
    let body = read_body(lines, label, line)?;
    let is_encrypted = has_header(&body, line)? || label.starts_with(b"ENCRYPTED ");
    Ok(Block { label, line, is_encrypted })
}

fn without_blanks_at_the_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| *byte > b' ').map_or(0, |last| last + 1);
    &line[..end]
}

/// The label of a BEGIN or END line. OpenSSL reads lines in pieces of 254 bytes, so that a whole file in one line has none.
fn label<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    const LONGEST: usize = 253;
    line.strip_prefix(start)?.strip_suffix(DASHES).filter(|_| line.len() <= LONGEST)
}

/// The lines up to the END line, which must repeat the label.
fn read_body<'a>(
    lines: &mut impl Iterator<Item = (&'a [u8], usize)>,
    begun: &[u8],
    begin: usize,
) -> Result<Vec<&'a [u8]>, String> {
    let mut body = Vec::new();
    for (text, line) in lines {
        if label(text, END) == Some(begun) {
            return Ok(body);
        }
        if text.starts_with(END) {
            return Err(format!(
                "line {line}: the END line is not that of the block that begins in line {begin}, or something stands behind it"
            ));
        }
        body.push(text);
    }
    Err(format!("line {begin}: the block that begins there has no END line of its own"))
}

/// What stands before an empty line is a header, and only that of an encrypted key is one. Behind it all lines but the last have 64
/// characters.
fn has_header(body: &[&[u8]], begin: usize) -> Result<bool, String> {
    let Some(empty) = body.iter().position(|line| line.is_empty()) else { return Ok(false) };
    let (header, data) = (&body[..empty], &body[empty + 1..]);
    let even = data
        .split_last()
        .is_some_and(|(last, others)| !last.is_empty() && last.len() <= 64 && others.iter().all(|line| line.len() == 64));
    let is_encrypted = header.first().is_some_and(|first| first.starts_with(b"Proc-Type: 4,ENCRYPTED"));
    if !even || !(header.is_empty() || is_encrypted) {
        return Err(format!("line {}: an empty line within the block that begins in line {begin}", begin + 1 + empty));
    }
    Ok(is_encrypted)
}

/// Why OpenSSL sees no block where a more lenient reader may, and what mends it. `kind` is the command of openssl that reads it as DER.
pub(in crate::doctor) fn why_none(file: &[u8], name: &str, kind: &str) -> String {
    let write = format!("{name} > NEW");
    if file.first() == Some(&0x30) {
        return format!("it looks like DER; `openssl {kind} -inform DER -in {name} -out NEW` writes it as PEM");
    }
    if file.contains(&0) {
        return format!("it looks like UTF-16; `iconv -f UTF-16 -t UTF-8 {write}` writes it as OpenSSL reads it");
    }
    if !file.contains(&b'\n') && file.contains(&b'\r') {
        return format!("its lines end with a carriage return alone; `tr '\\r' '\\n' < {write}` mends that");
    }
    match file.split(|byte| *byte == b'\n').zip(1..).find(|(line, _)| is_spoilt_begin(line)) {
        Some((_, line)) => {
            format!(
                "line {line}: BEGIN and its dashes must be a line of their own, in capital letters, with nothing before or behind them"
            )
        }
        None => "no such block is in it".to_owned(),
    }
}

fn is_spoilt_begin(line: &[u8]) -> bool {
    let is_begin = line.to_ascii_uppercase().windows(BEGIN.len()).any(|part| part == BEGIN);
    is_begin && label(without_blanks_at_the_end(line), BEGIN).is_none()
}
