//! BearSSL's error numbers: what a device prints, what it means, and what to do about it.
//!
//! The numbers and names are those of `bearssl_ssl.h` and `bearssl_x509.h`. The usual cause and the cure speak of a device that
//! connects to a TLS server, as the doctor does. A number above 256 is an alert the *server* sent: 256 plus the alert's number
//! (RFC 5246, section 7.2).

/// One BearSSL error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BearSslError {
    /// The number the device reports.
    pub number: u16,
    /// The constant's name in BearSSL's headers; for a received alert, the alert's name in RFC 5246.
    pub name: &'static str,
    /// What the number says.
    pub meaning: &'static str,
    /// What usually brings it about.
    pub cause: &'static str,
    /// What usually ends it.
    pub cure: &'static str,
}

/// The entry of an error number, if it is one of BearSSL's.
#[must_use]
pub fn error(number: u16) -> Option<&'static BearSslError> {
    ERRORS.iter().find(|error| error.number == number)
}

/// Damaged certificates all have one cure.
const DECODE_CAUSE: &str = "the server's certificate is damaged or was written by a faulty tool";
const DECODE_CURE: &str = "issue the certificate again, then compare with `openssl x509 -in server.crt -text`";

macro_rules! errors {
    ($($number:literal $name:literal $meaning:literal, $cause:expr, $cure:expr;)*) => {
        &[$(BearSslError { number: $number, name: $name, meaning: $meaning, cause: $cause, cure: $cure },)*]
    };
}

/// Every error number a TLS client built on BearSSL can report, in ascending order.
pub const ERRORS: &[BearSslError] = errors! {
    1 "BR_ERR_BAD_PARAM" "a parameter given to the library is wrong",
        "a fault in the firmware", "report it to the firmware's authors";
    2 "BR_ERR_BAD_STATE" "the operation does not fit the connection's state",
        "a fault in the firmware", "report it to the firmware's authors";
    3 "BR_ERR_UNSUPPORTED_VERSION" "the server answered with a protocol version the device does not speak",
        "the server does not offer TLS 1.2", "let the server accept TLS 1.2";
    4 "BR_ERR_BAD_VERSION" "a record carries another protocol version than was agreed",
        "the port does not speak TLS, or something between tampers with the data", "check host and port";
    5 "BR_ERR_BAD_LENGTH" "a record's length is invalid",
        "the port does not speak TLS", "check host and port";
    6 "BR_ERR_TOO_LARGE" "a record does not fit the device's buffer",
        "the server ignores the maximum fragment length extension (RFC 6066)", "enlarge the receive buffer, or use a server that honours the extension";
    7 "BR_ERR_BAD_MAC" "a record failed its integrity check",
        "data were damaged on the way", "check the network";
    8 "BR_ERR_NO_RANDOM" "no source of randomness was set up",
        "a fault in the firmware", "report it to the firmware's authors";
    9 "BR_ERR_UNKNOWN_TYPE" "a record is of unknown type",
        "the port does not speak TLS", "check host and port";
    10 "BR_ERR_UNEXPECTED" "a message came out of order, or the server sent no certificate",
        "the server uses a feature the device does not know", "check the server's TLS settings";
    12 "BR_ERR_BAD_CCS" "a ChangeCipherSpec message is malformed",
        "data were damaged on the way", "check the network";
    13 "BR_ERR_BAD_ALERT" "an alert message is malformed",
        "data were damaged on the way", "check the network";
    14 "BR_ERR_BAD_HANDSHAKE" "a handshake message could not be decoded",
        "the port does not speak TLS, or data were damaged", "check host and port";
    15 "BR_ERR_OVERSIZED_ID" "the session identifier is longer than 32 bytes",
        "a faulty server", "update the server";
    16 "BR_ERR_BAD_CIPHER_SUITE" "the server chose a cipher suite the device did not offer",
        "a faulty server", "update the server";
    17 "BR_ERR_BAD_COMPRESSION" "the server chose a compression the device did not offer",
        "a faulty server", "update the server";
    18 "BR_ERR_BAD_FRAGLEN" "the server answered with another fragment length than asked for",
        "a faulty server", "update the server";
    19 "BR_ERR_BAD_SECRENEG" "secure renegotiation failed",
        "a faulty server", "update the server";
    20 "BR_ERR_EXTRA_EXTENSION" "the server sent an extension that was not asked for",
        "a faulty server", "update the server";
    21 "BR_ERR_BAD_SNI" "the server name extension has contents in the server's answer",
        "a faulty server", "update the server";
    22 "BR_ERR_BAD_HELLO_DONE" "the ServerHelloDone message is not empty",
        "a faulty server", "update the server";
    23 "BR_ERR_LIMIT_EXCEEDED" "something is larger than the device can hold, such as the signature of a big RSA key",
        "the server's RSA key is larger than the firmware was built for", "use an RSA-2048 or EC P-256 server key";
    24 "BR_ERR_BAD_FINISHED" "the handshake's last message does not match",
        "something between tampers with the data", "check the network";
    25 "BR_ERR_RESUME_MISMATCH" "a session was resumed with other parameters",
        "the server's settings changed", "connect again";
    26 "BR_ERR_INVALID_ALGORITHM" "the server used a curve, signature or hash the device does not support",
        "the server ignores what the device offered", "use P-256 and SHA-256 on the server";
    27 "BR_ERR_BAD_SIGNATURE" "the server's signature over its key exchange is wrong",
        "the server's key does not belong to its certificate, or the hash is not supported", "check that certificate and key belong together";
    28 "BR_ERR_WRONG_KEY_USAGE" "the server's key may not be used for the agreed cipher suite",
        "keyUsage of the server's certificate lacks digitalSignature", "issue it with keyUsage digitalSignature, keyEncipherment (or without keyUsage)";
    29 "BR_ERR_NO_CLIENT_AUTH" "a client did not send a usable certificate (reported by servers)",
        "the device is the server here", "give the client a certificate";
    31 "BR_ERR_IO" "the connection was closed in the middle of the handshake",
        "the server dropped the connection, often because it refused the client's certificate", "read the server's log";
    33 "BR_ERR_X509_INVALID_VALUE" "a value in the certificate is invalid", DECODE_CAUSE, DECODE_CURE;
    34 "BR_ERR_X509_TRUNCATED" "the certificate is cut short", DECODE_CAUSE, DECODE_CURE;
    35 "BR_ERR_X509_EMPTY_CHAIN" "the server's chain holds no certificate",
        "the server has no certificate", "set the server's certificate";
    36 "BR_ERR_X509_INNER_TRUNC" "an element of the certificate reaches beyond the one around it", DECODE_CAUSE, DECODE_CURE;
    37 "BR_ERR_X509_BAD_TAG_CLASS" "an element has an application or private tag", DECODE_CAUSE, DECODE_CURE;
    38 "BR_ERR_X509_BAD_TAG_VALUE" "an element has a tag number above 30", DECODE_CAUSE, DECODE_CURE;
    39 "BR_ERR_X509_INDEFINITE_LENGTH" "an element has indefinite length, which DER forbids", DECODE_CAUSE, DECODE_CURE;
    40 "BR_ERR_X509_EXTRA_ELEMENT" "there is an element, or trailing data, where none belongs", DECODE_CAUSE, DECODE_CURE;
    41 "BR_ERR_X509_UNEXPECTED" "an element is not the one that belongs there", DECODE_CAUSE, DECODE_CURE;
    42 "BR_ERR_X509_NOT_CONSTRUCTED" "an element should be constructed and is primitive", DECODE_CAUSE, DECODE_CURE;
    43 "BR_ERR_X509_NOT_PRIMITIVE" "an element should be primitive and is constructed", DECODE_CAUSE, DECODE_CURE;
    44 "BR_ERR_X509_PARTIAL_BYTE" "a key or signature is not a whole number of bytes", DECODE_CAUSE, DECODE_CURE;
    45 "BR_ERR_X509_BAD_BOOLEAN" "a BOOLEAN is not one byte long", DECODE_CAUSE, DECODE_CURE;
    46 "BR_ERR_X509_OVERFLOW" "a number is negative, empty or too large", DECODE_CAUSE, DECODE_CURE;
    47 "BR_ERR_X509_BAD_DN" "a distinguished name is malformed", DECODE_CAUSE, DECODE_CURE;
    48 "BR_ERR_X509_BAD_TIME" "a date is malformed", DECODE_CAUSE, DECODE_CURE;
    49 "BR_ERR_X509_UNSUPPORTED" "a certificate of the chain uses a signature, hash or key the device does not support",
        "signed with SHA-384, SHA-512, SHA-1 or RSA-PSS, or by an EC CA while ECDSA is off",
        "sign with sha256WithRSAEncryption: `openssl x509 -req -sha256 ...` under an RSA CA";
    50 "BR_ERR_X509_LIMIT_EXCEEDED" "a key or signature is larger than the device can hold",
        "an RSA key above 4096 bits", "use RSA-2048 (or up to 4096) for CA and server";
    51 "BR_ERR_X509_WRONG_KEY_TYPE" "a signature is not of the kind its issuer's key can make",
        "the chain holds a certificate of another CA with the same name", "send the chain that belongs to the server's certificate";
    52 "BR_ERR_X509_BAD_SIGNATURE" "a signature in the chain does not verify",
        "the chain holds another CA with the same name, or the issuer's key is one the device cannot use (P-521, large RSA)",
        "send the right chain; use RSA-2048 or P-256";
    53 "BR_ERR_X509_TIME_UNKNOWN" "the device does not know the time",
        "no NTP yet", "set up NTP, or give the validator a time";
    54 "BR_ERR_X509_EXPIRED" "a certificate of the chain is expired or not yet valid",
        "the certificate ran out, or the device's clock is wrong (no NTP: 1970)", "renew the certificate; let the device reach an NTP server";
    55 "BR_ERR_X509_DN_MISMATCH" "a certificate of the chain is not the issuer of the one before it",
        "the chain is in the wrong order or incomplete", "server certificate first, each followed by its issuer";
    56 "BR_ERR_X509_BAD_SERVER_NAME" "the certificate is not for the name the device connects to",
        "the host name is not among the dNSName entries; any SAN switches the common name off; an IP entry does not count",
        "issue the certificate with `subjectAltName=DNS:<the host as the device has it>`";
    57 "BR_ERR_X509_CRITICAL_EXTENSION" "a certificate has a critical extension BearSSL does not know",
        "extendedKeyUsage or nameConstraints marked critical", "issue the certificate without `critical` on that extension";
    58 "BR_ERR_X509_NOT_CA" "a certificate of the chain is used as CA and is not one",
        "the CA lacks basicConstraints CA:TRUE, or the path length is exceeded", "issue the CA with `basicConstraints=critical,CA:TRUE`";
    59 "BR_ERR_X509_FORBIDDEN_KEY_USAGE" "a CA certificate of the chain may not sign certificates",
        "keyUsage without keyCertSign", "issue the CA with `keyUsage=critical,keyCertSign,cRLSign`";
    60 "BR_ERR_X509_WEAK_PUBLIC_KEY" "an RSA key of the chain is too small",
        "an RSA key below 1017 bits", "use RSA-2048";
    62 "BR_ERR_X509_NOT_TRUSTED" "no trust anchor of the device issued the chain",
        "another CA, an anchor that is not marked as a CA, an intermediate the server does not send, or an anchor key the device cannot use",
        "flash the anchor of the CA that issued the server's certificate; let the server send its intermediates";
    266 "unexpected_message" "the server found a message out of order (alert 10)",
        "a fault in the server or the device", "update both";
    276 "bad_record_mac" "the server could not read a record (alert 20)",
        "data were damaged on the way", "check the network";
    296 "handshake_failure" "the server ended the handshake (alert 40)",
        "no cipher suite in common, an EC server certificate while the device has ECDSA off, or a required client certificate is missing",
        "let the server offer ECDHE-RSA-AES128-GCM-SHA256 and give it an RSA certificate; give the device a client certificate if required";
    298 "bad_certificate" "the server found the client's certificate faulty (alert 42)",
        "the client's certificate is damaged or does not verify", "issue the client's certificate again";
    299 "unsupported_certificate" "the server does not accept this kind of client certificate (alert 43)",
        "extendedKeyUsage without clientAuth", "issue the client's certificate with `extendedKeyUsage=clientAuth`";
    300 "certificate_revoked" "the client's certificate is revoked (alert 44)",
        "it is on the server's revocation list", "issue a new one";
    301 "certificate_expired" "the client's certificate is expired (alert 45)",
        "it ran out, or the server's clock is wrong", "issue a new one";
    302 "certificate_unknown" "the server does not accept the client's certificate (alert 46)",
        "a refusal of the server's own", "read the server's log";
    304 "unknown_ca" "the server does not know the CA of the client's certificate (alert 48)",
        "the client's certificate was issued by another CA than the server's cafile holds", "add that CA to the server's cafile";
    306 "decode_error" "the server could not decode a message (alert 50)",
        "a fault in the server or the device", "update both";
    307 "decrypt_error" "the server could not verify the client's signature (alert 51)",
        "the client's key does not belong to its certificate", "store key and certificate again";
    326 "protocol_version" "the server does not speak the device's TLS versions (alert 70)",
        "the server allows TLS 1.3 only", "set `tls_version tlsv1.2`";
    327 "insufficient_security" "the server wants stronger cipher suites (alert 71)",
        "the server's cipher list", "let the server offer ECDHE-RSA-AES128-GCM-SHA256";
    336 "internal_error" "the server met an error of its own (alert 80)",
        "the server's security level refuses what TLS 1.2 needs", "read the server's log";
    368 "unrecognized_name" "the server does not know the name asked for (alert 112)",
        "a strict server with several names", "connect by a name the server knows";
    372 "certificate_required" "the server demands a client certificate (alert 116)",
        "no client certificate is stored", "give the device a client certificate";
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend_and_are_found() {
        assert!(ERRORS.is_sorted_by(|a, b| a.number < b.number));
        assert_eq!(error(62).unwrap().name, "BR_ERR_X509_NOT_TRUSTED");
        assert_eq!(error(296).unwrap().name, "handshake_failure");
        assert!(error(61).is_none());
    }
}
