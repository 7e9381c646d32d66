//! Reads generated source back, with a tokenizer for C and with `syn` for Rust. Anything that is not exactly the expected source panics.

use std::collections::HashMap;

use syn::{Expr, Item, Lit};
use ta_codegen::{PublicKey, TrustAnchor};

/// A row of a generated C table, with the bytes that its pointers lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) subject: Vec<u8>,
    pub(crate) is_ca: bool,
    pub(crate) key: Key,
}

/// The key of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Ec { curve: String, q: Vec<u8> },
}

impl From<&TrustAnchor> for Row {
    fn from(anchor: &TrustAnchor) -> Self {
        let key = match anchor.key() {
            PublicKey::Rsa { n, e } => Key::Rsa { n: n.to_vec(), e: e.to_vec() },
            PublicKey::Ec { curve, q } => Key::Ec { curve: curve.bearssl_name().to_owned(), q: q.to_vec() },
        };
        Row { subject: anchor.subject().to_vec(), is_ca: anchor.is_ca(), key }
    }
}

/// What `brssl ta` prints.
pub(crate) fn brssl(text: &str) -> Vec<Row> {
    let mut tokens = Tokens::new(text);
    let arrays = tokens.arrays("");
    tokens.expect("static const br_x509_trust_anchor TAs [");
    let length = tokens.next();
    tokens.expect("] = {");
    let rows = tokens.rows(&arrays);
    tokens.expect("} ; # define TAs_NUM");
    assert_eq!(tokens.next(), length);
    assert_eq!(length.parse(), Ok(rows.len()));
    tokens.end();
    rows
}

/// Tasmota's two headers.
pub(crate) fn tasmota(data: &str, descriptor: &str) -> Vec<Row> {
    assert!(data.is_ascii() && descriptor.is_ascii());
    let mut tokens = Tokens::new(data);
    let arrays = tokens.arrays("PROGMEM");
    tokens.end();
    let mut tokens = Tokens::new(descriptor);
    let rows = tokens.rows(&arrays);
    tokens.end();
    rows
}

/// The tokens of C source, comments removed.
struct Tokens {
    tokens: Vec<String>,
    position: usize,
}

impl Tokens {
    fn new(text: &str) -> Self {
        let mut tokens: Vec<String> = Vec::new();
        let mut in_word = false;
        for character in without_comments(text).chars() {
            let is_word = character.is_ascii_alphanumeric() || character == '_';
            match tokens.last_mut() {
                Some(word) if is_word && in_word => word.push(character),
                _ if character.is_ascii_whitespace() => {}
                _ => tokens.push(character.to_string()),
            }
            in_word = is_word;
        }
        Tokens { tokens, position: 0 }
    }

    fn peek(&self) -> &str {
        self.tokens.get(self.position).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        self.position += 1;
        self.tokens.get(self.position - 1).expect("more source").clone()
    }

    fn expect(&mut self, expected: &str) {
        for token in expected.split(' ').filter(|token| !token.is_empty()) {
            assert_eq!(self.next(), token);
        }
    }

    fn end(&self) {
        assert_eq!(self.position, self.tokens.len(), "nothing may follow");
    }

    fn arrays(&mut self, qualifier: &str) -> HashMap<String, Vec<u8>> {
        let mut arrays = HashMap::new();
        while self.peek() == "static" && self.tokens[self.position + 2] == "unsigned" {
            self.expect("static const unsigned char");
            self.expect(qualifier);
            let name = self.next();
            self.expect("[ ] = {");
            let bytes = self.bytes();
            self.expect(";");
            assert!(arrays.insert(name, bytes).is_none(), "a name is used once");
        }
        arrays
    }

    fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let token = self.next();
            let digits = token.strip_prefix("0x").filter(|digits| digits.len() == 2).expect("a byte");
            bytes.push(u8::from_str_radix(digits, 16).expect("a byte"));
            match self.next().as_str() {
                "," => {}
                "}" => return bytes,
                other => panic!("{other} in an array"),
            }
        }
    }

    fn rows(&mut self, arrays: &HashMap<String, Vec<u8>>) -> Vec<Row> {
        let mut rows = Vec::new();
        while self.peek() == "{" {
            rows.push(self.row(arrays));
            if self.peek() == "," {
                self.expect(",");
                assert_eq!(self.peek(), "{", "a comma separates rows");
            }
        }
        rows
    }

    fn row(&mut self, arrays: &HashMap<String, Vec<u8>>) -> Row {
        self.expect("{ {");
        let subject = self.reference(arrays);
        self.expect("} ,");
        let is_ca = match self.next().as_str() {
            "BR_X509_TA_CA" => true,
            "0" => false,
            other => panic!("flags {other}"),
        };
        self.expect(", {");
        let key = match self.next().as_str() {
            "BR_KEYTYPE_RSA" => {
                self.expect(", { . rsa = {");
                let n = self.reference(arrays);
                self.expect(",");
                let e = self.reference(arrays);
                Key::Rsa { n, e }
            }
            "BR_KEYTYPE_EC" => {
                self.expect(", { . ec = {");
                let curve = self.next();
                self.expect(",");
                Key::Ec { curve, q: self.reference(arrays) }
            }
            other => panic!("key type {other}"),
        };
        self.expect(", } } } }");
        Row { subject, is_ca, key }
    }

    fn reference(&mut self, arrays: &HashMap<String, Vec<u8>>) -> Vec<u8> {
        self.expect("( unsigned char * )");
        let name = self.next();
        self.expect(", sizeof");
        assert_eq!(self.next(), name);
        arrays[&name].clone()
    }
}

/// The text as a C compiler sees it behind translation phase 3: trigraphs, spliced lines and comments are gone (C99, 5.1.1.2).
fn without_comments(text: &str) -> String {
    let mut text = text.replace("??/", "\\").replace("\\\n", "");
    let mut code = String::new();
    while let Some(start) = text.find("/*") {
        assert!(!text[..start].contains("//"), "a line comment");
        let end = text[start..].find("*/").expect("a comment ends");
        code.push_str(&text[..start]);
        code.push(' ');
        assert!(!text[start + 2..start + end].contains("/*"), "a comment in a comment");
        text = text[start + end + 2..].to_owned();
    }
    code + &text
}

/// A row of generated Rust.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RustRow {
    subject: Vec<u8>,
    spki: Vec<u8>,
    name_constraints: Option<Vec<u8>>,
    is_ca: bool,
}

impl From<&TrustAnchor> for RustRow {
    fn from(anchor: &TrustAnchor) -> Self {
        RustRow {
            subject: anchor.subject().to_vec(),
            spki: anchor.spki().to_vec(),
            name_constraints: anchor.name_constraints().map(<[u8]>::to_vec),
            is_ca: anchor.is_ca(),
        }
    }
}

/// A Rust source file with one static.
pub(crate) fn rust(source: &str) -> Vec<RustRow> {
    let file = syn::parse_file(source).expect("Rust source");
    let [Item::Static(item), dates @ ..] = file.items.as_slice() else { panic!("the table comes first") };
    assert!(dates.len() <= 2 && dates.iter().all(|item| matches!(item, Item::Const(_))), "nothing follows but the two dates");
    let Expr::Array(array) = &*item.expr else { panic!("an array") };
    array.elems.iter().map(rust_row).collect()
}

fn rust_row(row: &Expr) -> RustRow {
    let Expr::Struct(row) = row else { panic!("a struct") };
    assert_eq!(row.fields.len(), 4);
    let field = |name: &str| {
        let found = row.fields.iter().find(|field| matches!(&field.member, syn::Member::Named(member) if member == name));
        &found.unwrap_or_else(|| panic!("no {name}")).expr
    };
    let name_constraints = match field("name_constraints") {
        Expr::Call(call) => Some(byte_string(&call.args[0])),
        _ => None,
    };
    let Expr::Lit(is_ca) = field("is_ca") else { panic!("a literal") };
    let Lit::Bool(is_ca) = &is_ca.lit else { panic!("a bool") };
    RustRow { subject: byte_string(field("subject")), spki: byte_string(field("spki")), name_constraints, is_ca: is_ca.value }
}

fn byte_string(expression: &Expr) -> Vec<u8> {
    let Expr::Lit(literal) = expression else { panic!("a literal") };
    let Lit::ByteStr(bytes) = &literal.lit else { panic!("a byte string") };
    bytes.value()
}
