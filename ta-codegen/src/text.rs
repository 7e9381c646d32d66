//! Untrusted text made safe to show.
//!
//! Subjects and file names come from outside. On a terminal they must not move the cursor, in a generated comment they must not end
//! it, and nowhere may they turn the reading direction around.

use std::fmt::{self, Write};

/// Shows text on a terminal: as it is, but for characters that are not visible, which show as `\u{..}`.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| {
            if is_invisible(character) { write!(f, "{}", character.escape_unicode()) } else { f.write_char(character) }
        })
    }
}

/// Control characters, line and paragraph separators, and the format characters that hide or reorder text (Unicode, UAX #9).
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Makes JSON safe to show: what is not visible can only stand inside of its strings, where it is escaped.
#[cfg(feature = "cli")]
pub(crate) fn escape_in_json(json: &str) -> String {
    let mut units = [0; 2];
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        // A line feed is the document's own; inside of strings it is escaped already.
        if character != '\n' && is_invisible(character) {
            out.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(character);
        }
    }
    out
}

/// Shows text inside a comment of C or Rust source: visible ASCII only, and nothing that could end the comment, open another one,
/// splice lines, form a trigraph or leave a Markdown code span.
#[cfg(feature = "build")]
pub(crate) struct InComment<'a>(pub(crate) &'a str);

#[cfg(feature = "build")]
impl fmt::Display for InComment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut previous = ' ';
        self.0.chars().try_for_each(|character| {
            let harmless = (' '..='~').contains(&character)
                && !matches!(character, '\\' | '`')
                && !matches!((previous, character), ('*', '/') | ('/', '*') | ('/', '/') | ('?', '?'));
            previous = if harmless { character } else { ' ' };
            if harmless { f.write_char(character) } else { write!(f, "{}", character.escape_unicode()) }
        })
    }
}

/// Bytes as upper-case hexadecimal pairs with `separator` between them.
pub(crate) struct Hexadecimal<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) separator: &'static str,
}

impl fmt::Display for Hexadecimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.iter().enumerate().try_for_each(|(index, byte)| {
            let separator = if index == 0 { "" } else { self.separator };
            write!(f, "{separator}{byte:02X}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_see_no_control_characters() {
        assert_eq!(Escaped("Müller \u{1b}[2J\u{202e}x\n").to_string(), "Müller \\u{1b}[2J\\u{202e}x\\u{a}");
    }

    #[cfg(feature = "build")]
    #[test]
    fn comments_cannot_be_left() {
        for text in ["*/", "/*", "//", "??/", "\\\n", "a`b", "***///", "é\u{202e}", "?????/"] {
            let shown = InComment(text).to_string();
            for pattern in ["*/", "/*", "//", "??", "\n", "`"] {
                assert!(!shown.contains(pattern), "{text:?} shows as {shown}");
            }
            assert!(shown.is_ascii());
        }
        assert_eq!(InComment("CN=*.example.com, O=A/B?").to_string(), "CN=*.example.com, O=A/B?");
    }
}
