//! Names that a user chooses for what generated source defines.

/// Why a name cannot stand in generated source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Not an identifier of C.
    #[error("{0:?} is no name in C; use letters, digits and underscores, and no digit first")]
    NotIdentifier(String),
    /// Not an identifier of Rust.
    #[error("{0:?} is no name in Rust; use letters, digits and underscores, no digit first, and no keyword")]
    NotIdentifierOfRust(String),
    /// A word of C or C++.
    #[error("`{0}` is a keyword of C or C++; choose another name")]
    Keyword(String),
    /// A name that the standards keep for the compiler.
    #[error("`{0}` begins with an underscore; C keeps such names for the compiler: choose another name")]
    Reserved(String),
    /// A name that would be defined twice.
    #[error("`{0}` would be defined twice; choose other names for the table, its length or the arrays, or other labels")]
    Repeated(String),
    /// Not the name of a file to include.
    #[error("{0:?} is no file to include; give a name such as `bearssl.h` or `<bearssl.h>`")]
    Include(String),
}

/// Words that are no names in C23 or C++23.
const KEYWORDS: &[&str] = &[
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "typeof_unqual",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
];

/// Checks a name that a header defines at file scope.
pub(crate) fn check_identifier(name: &str) -> Result<(), NameError> {
    let is_letter = |character: char| character.is_ascii_alphabetic() || character == '_';
    if !name.starts_with(is_letter) || !name.chars().all(|character| is_letter(character) || character.is_ascii_digit()) {
        return Err(NameError::NotIdentifier(name.to_owned()));
    }
    if KEYWORDS.contains(&name) {
        return Err(NameError::Keyword(name.to_owned()));
    }
    if name.starts_with('_') {
        return Err(NameError::Reserved(name.to_owned()));
    }
    Ok(())
}
