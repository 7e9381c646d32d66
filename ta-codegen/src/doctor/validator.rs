//! What `br_x509_minimal` says about a chain: the checks of `src/x509/x509_minimal.t0` in their order.
//!
//! The order matters, for the device reports the first fault it meets; and validation ends at the first certificate an anchor
//! vouches for, so faults further up the chain are never seen.

use super::fault::*;
use super::name_text::{attribute_value, matches, utf8};
use super::parts::{
    Anchor, CERTIFICATE_POLICIES, Extension, KEY_USAGE, SUBJECT_ALT_NAME, context, raw_sequence, read_key, skip_to_issuer,
};
use super::signature::{Abilities, Algorithm, Signed};
use crate::PublicKey;
use crate::cursor::{Cursor, tag};
use crate::read::certificate::{BASIC_CONSTRAINTS, date};
use crate::time::Time;

/// `BR_X509_BUFSIZE_SIG`: a signature must fit.
const LARGEST_SIGNATURE: usize = 512;

/// What a device brings to a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trust<'a> {
    pub(super) abilities: &'a Abilities,
    pub(super) anchors: &'a [Anchor<'a>],
    /// The name to find in the server's certificate; empty for none.
    pub(super) server_name: &'a str,
    pub(super) clock: Time,
}

/// What the server's key may be used for (`BR_KEYTYPE_KEYX`, `BR_KEYTYPE_SIGN`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usages {
    pub(super) key_exchange: bool,
    pub(super) signing: bool,
}

/// The server's key after a good validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validated<'a> {
    pub(super) key: PublicKey<'a>,
    pub(super) usages: Usages,
    /// The certificate an anchor vouched for, counted from 0.
    pub(super) anchored: usize,
}

/// A refusal: BearSSL's number, and the certificate it was met at, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) error: Fault,
    pub(super) certificate: usize,
}

/// Validates a chain, the server's certificate first.
pub(super) fn validate<'a>(trust: Trust<'_>, chain: &[&'a [u8]]) -> Result<Validated<'a>, Refusal> {
    let mut issuer = None;
    let mut server = None;
    for (position, der) in chain.iter().enumerate() {
        let refuse = |error| Refusal { error, certificate: position };
        let step = read_certificate(trust, der, position, issuer.as_ref()).map_err(refuse)?;
        let (key, usages) = *server.get_or_insert((step.key, step.usages));
        match step.issuer {
            None => return Ok(Validated { key, usages, anchored: position }),
            wanted => issuer = wanted,
        }
    }
    let error = if chain.is_empty() { EMPTY_CHAIN } else { NOT_TRUSTED };
    Err(Refusal { error, certificate: chain.len().saturating_sub(1) })
}

/// What a certificate leaves to the next one: a name and a signature to account for.
struct Wanted<'a> {
    name: &'a [u8],
    signed: Signed<'a>,
}

struct Step<'a> {
    key: PublicKey<'a>,
    usages: Usages,
    /// `None` when an anchor ends the chain here.
    issuer: Option<Wanted<'a>>,
}

fn read_certificate<'a>(
    trust: Trust<'_>,
    der: &'a [u8],
    position: usize,
    previous: Option<&Wanted<'_>>,
) -> Result<Step<'a>, Fault> {
    if der.is_empty() {
        return Err(TRUNCATED);
    }
    let mut whole = Cursor::within(der, 0..der.len());
    let mut certificate = whole.sequence()?;
    let start = certificate.position();
    let content = certificate.sequence()?;
    let signed_bytes = &der[certificate.range_since(start)];

    let body = Body::read(trust, content, position, previous)?;
    if previous.is_none() {
        if !body.name_matches && !trust.server_name.is_empty() {
            return Err(BAD_SERVER_NAME);
        }
        if is_trusted_directly(trust, &body) {
            return Ok(Step { key: body.key, usages: body.usages, issuer: None });
        }
    } else if !body.seen_basic_constraints {
        return Err(NOT_CA);
    }

    let signed = read_signature(trust, &mut certificate, signed_bytes)?;
    certificate.close()?;
    whole.close()?;
    let trusted = is_trusted(trust, body.issuer, &signed);
    let issuer = (!trusted).then_some(Wanted { name: body.issuer, signed });
    Ok(Step { key: body.key, usages: body.usages, issuer })
}

/// A certificate that is itself an anchor which is not a CA: same name, same key. Its signature is not looked at.
fn is_trusted_directly(trust: Trust<'_>, body: &Body<'_>) -> bool {
    trust.anchors.iter().any(|anchor| !anchor.is_ca && anchor.subject == body.subject && anchor.key == body.key)
}

/// An anchor that is a CA, with the name of the issuer and a key the signature verifies with.
fn is_trusted(trust: Trust<'_>, issuer: &[u8], signed: &Signed<'_>) -> bool {
    let mut named = trust.anchors.iter().filter(|anchor| anchor.is_ca && anchor.subject == issuer);
    named.any(|anchor| signed.verify(&anchor.key, trust.abilities).is_ok())
}

fn read_signature<'a>(trust: Trust<'_>, certificate: &mut Cursor<'a>, content: &[u8]) -> Result<Signed<'a>, Fault> {
    let mut identifier = certificate.sequence()?;
    let algorithm = Algorithm::from_oid(identifier.object_identifier()?).ok_or(UNSUPPORTED)?;
    if !trust.abilities.hashes.contains(&algorithm.hash) {
        return Err(UNSUPPORTED);
    }
    let signature = certificate.bit_string()?.rest()?;
    if signature.len() > LARGEST_SIGNATURE {
        return Err(LIMIT_EXCEEDED);
    }
    Ok(Signed::new(algorithm, content, signature))
}

/// What the signed part of a certificate holds.
struct Body<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
    key: PublicKey<'a>,
    usages: Usages,
    name_matches: bool,
    seen_basic_constraints: bool,
}

impl<'a> Body<'a> {
    fn read(trust: Trust<'_>, mut content: Cursor<'a>, position: usize, previous: Option<&Wanted<'_>>) -> Result<Self, Fault> {
        skip_to_issuer(&mut content)?;
        let issuer = raw_sequence(&mut content)?;
        check_validity(content.sequence()?, trust.clock)?;
        let (subject, name_matches) = read_subject(&mut content, trust.server_name, previous)?;
        let key = read_key(&mut content)?;
        if let Some(wanted) = previous {
            wanted.signed.verify(&key, trust.abilities)?;
        }
        let usages = Usages { key_exchange: true, signing: true };
        let mut body = Self { issuer, subject, key, usages, name_matches, seen_basic_constraints: false };
        body.read_optional_fields(content, trust.server_name, position)?;
        Ok(body)
    }

    /// issuerUniqueID and subjectUniqueID are passed over, each once and in that order.
    fn read_optional_fields(&mut self, mut content: Cursor<'a>, server_name: &str, position: usize) -> Result<(), Fault> {
        let mut found = content.tag_or_end()?;
        for skipped in [context(1), context(2)] {
            if found.is_some_and(|found| found.number == skipped) {
                content.open()?;
                found = content.tag_or_end()?;
            }
        }
        let Some(found) = found else { return Ok(()) };
        found.expect_constructed(context(3))?;
        let mut explicit = content.open()?;
        let mut extensions = explicit.sequence()?;
        while !extensions.is_at_end() {
            let (extension, rest) = Extension::read_with_rest(&mut extensions)?;
            self.read_extension(extension, server_name, position)?;
            rest.close()?;
        }
        explicit.close()?;
        Ok(content.close()?)
    }

    fn read_extension(&mut self, mut extension: Extension<'a>, server_name: &str, position: usize) -> Result<(), Fault> {
        let is_server = position == 0;
        if extension.is(KEY_USAGE) {
            return self.read_key_usage(extension.value, is_server);
        }
        if extension.is(BASIC_CONSTRAINTS) && !is_server {
            self.seen_basic_constraints = true;
            check_basic_constraints(&mut extension.value, position)?;
        } else if extension.is(SUBJECT_ALT_NAME) && is_server {
            self.name_matches = alternative_names_match(&mut extension.value, server_name)?;
        } else if extension.is(CERTIFICATE_POLICIES) && extension.critical {
            check_policies(&mut extension.value)?;
        } else {
            return pass_over(&extension);
        }
        Ok(extension.value.close()?)
    }

    /// A server's key usage is kept for the cipher suite to look at; a CA must be allowed to sign certificates.
    fn read_key_usage(&mut self, mut value: Cursor<'_>, is_server: bool) -> Result<(), Fault> {
        value.tag()?.expect_primitive(tag::BIT_STRING)?;
        let mut contents = value.open()?;
        let ignored = contents.byte()?;
        if ignored > 7 {
            return Err(UNEXPECTED);
        }
        let bits = match contents.rest()? {
            [] => return Err(FORBIDDEN_KEY_USAGE),
            [only] => only >> ignored << ignored,
            [first, ..] => *first,
        };
        if is_server {
            self.usages = Usages { key_exchange: bits & 0x38 != 0, signing: bits & 0xC0 != 0 };
        } else if bits & 0x04 == 0 {
            return Err(FORBIDDEN_KEY_USAGE);
        }
        Ok(value.close()?)
    }
}

fn pass_over(extension: &Extension<'_>) -> Result<(), Fault> {
    let known = [BASIC_CONSTRAINTS, SUBJECT_ALT_NAME].iter().any(|id| extension.is(id));
    if extension.critical && !known && !extension.is_ignored() { Err(CRITICAL_EXTENSION) } else { Ok(()) }
}

fn check_validity(mut validity: Cursor<'_>, clock: Time) -> Result<(), Fault> {
    if date(&mut validity)? > clock {
        return Err(EXPIRED);
    }
    if date(&mut validity)? < clock {
        return Err(EXPIRED);
    }
    Ok(validity.close()?)
}

/// The subject must be the issuer the previous certificate named; in the server's certificate its common names are looked at.
fn read_subject<'a>(
    content: &mut Cursor<'a>,
    server_name: &str,
    previous: Option<&Wanted<'_>>,
) -> Result<(&'a [u8], bool), Fault> {
    let mut names = content.clone();
    match previous {
        Some(wanted) => {
            let subject = raw_sequence(content)?;
            if subject == wanted.name { Ok((subject, false)) } else { Err(DN_MISMATCH) }
        }
        None => {
            let subject = raw_sequence(content)?;
            Ok((subject, common_name_matches(names.sequence()?, server_name)?))
        }
    }
}

fn common_name_matches(mut name: Cursor<'_>, server_name: &str) -> Result<bool, Fault> {
    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    let mut found = false;
    while !name.is_at_end() {
        name.tag()?.expect_constructed(tag::SET)?;
        let mut set = name.open()?;
        if set.is_at_end() {
            return Err(BAD_DN);
        }
        while !set.is_at_end() {
            let mut attribute = set.sequence()?;
            let is_common_name = attribute.object_identifier()? == COMMON_NAME;
            let value = attribute_value(&mut attribute)?;
            attribute.close()?;
            found |= is_common_name && value.is_some_and(|value| is_server(&value, server_name));
        }
    }
    Ok(found)
}

fn is_server(name: &[u8], server_name: &str) -> bool {
    !server_name.is_empty() && matches(name, server_name)
}

/// Only dNSName entries count; any subjectAltName, whatever it holds, switches the common name off.
fn alternative_names_match(value: &mut Cursor<'_>, server_name: &str) -> Result<bool, Fault> {
    const OTHER_NAME: u8 = context(0);
    const RFC822_NAME: u8 = context(1);
    const DNS_NAME: u8 = context(2);
    const URI: u8 = context(6);
    let mut names = value.sequence()?;
    let mut found = false;
    while !names.is_at_end() {
        let found_tag = names.tag()?;
        match found_tag.number {
            OTHER_NAME => {
                found_tag.expect_constructed(OTHER_NAME)?;
                check_other_name(names.open()?)?;
            }
            RFC822_NAME | DNS_NAME | URI => {
                found_tag.expect_primitive(found_tag.number)?;
                let name = utf8(&mut names)?;
                found |= found_tag.number == DNS_NAME && name.is_some_and(|name| is_server(&name, server_name));
            }
            _ => {
                names.open()?;
            }
        }
    }
    Ok(found)
}

/// An otherName is decoded although nothing is done with it, so it can be at fault.
fn check_other_name(mut other: Cursor<'_>) -> Result<(), Fault> {
    other.object_identifier()?;
    other.tag()?.expect_constructed(context(0))?;
    let mut value = other.open()?;
    attribute_value(&mut value)?;
    value.close()?;
    Ok(other.close()?)
}

/// The path length counts the CA certificates below this one, the server's own not included (RFC 5280, section 4.2.1.9).
fn check_basic_constraints(value: &mut Cursor<'_>, position: usize) -> Result<(), Fault> {
    let mut constraints = value.sequence()?;
    match constraints.tag_or_end()? {
        Some(found) if found.number == tag::BOOLEAN => {
            if !constraints.boolean(found)? {
                return Err(NOT_CA);
            }
        }
        _ => return Err(NOT_CA),
    }
    let mut next = constraints.tag_or_end()?;
    if let Some(found) = next.filter(|found| found.number == tag::INTEGER) {
        found.expect_primitive(tag::INTEGER)?;
        let below = i32::try_from(position).unwrap_or(i32::MAX) - 1;
        if constraints.small_integer()? < below {
            return Err(NOT_CA);
        }
        next = constraints.tag_or_end()?;
    }
    if next.is_some() { Err(UNEXPECTED) } else { Ok(()) }
}

/// A critical certificatePolicies may hold no qualifier but a pointer to a practice statement.
fn check_policies(value: &mut Cursor<'_>) -> Result<(), Fault> {
    const CPS_POINTER: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01];
    let mut policies = value.sequence()?;
    while !policies.is_at_end() {
        let mut policy = policies.sequence()?;
        policy.object_identifier()?;
        if policy.is_at_end() {
            continue;
        }
        let mut qualifiers = policy.sequence()?;
        while !qualifiers.is_at_end() {
            let mut qualifier = qualifiers.sequence()?;
            if qualifier.object_identifier()? != CPS_POINTER {
                return Err(CRITICAL_EXTENSION);
            }
        }
        policy.close()?;
    }
    Ok(())
}
