#include "errors.h"

#include <stddef.h>

#include <bearssl.h>

/* A row whose name cannot differ from its number. */
#define ROW(constant, meaning) { constant, #constant, meaning }

static const struct error_text errors[] = {
	ROW(BR_ERR_BAD_PARAM, "a parameter given to the library is wrong"),
	ROW(BR_ERR_BAD_STATE, "the operation does not fit the connection's state"),
	ROW(BR_ERR_UNSUPPORTED_VERSION,
		"the server answered with a protocol version the device does not speak"),
	ROW(BR_ERR_BAD_VERSION, "a record carries another protocol version than was agreed"),
	ROW(BR_ERR_BAD_LENGTH, "a record's length is invalid"),
	ROW(BR_ERR_TOO_LARGE, "a record does not fit the device's buffer"),
	ROW(BR_ERR_BAD_MAC, "a record failed its integrity check"),
	ROW(BR_ERR_NO_RANDOM, "no source of randomness was set up"),
	ROW(BR_ERR_UNKNOWN_TYPE, "a record is of unknown type"),
	ROW(BR_ERR_UNEXPECTED, "a message came out of order, or the server sent no certificate"),
	ROW(BR_ERR_BAD_CCS, "a ChangeCipherSpec message is malformed"),
	ROW(BR_ERR_BAD_ALERT, "an alert message is malformed"),
	ROW(BR_ERR_BAD_HANDSHAKE, "a handshake message could not be decoded"),
	ROW(BR_ERR_OVERSIZED_ID, "the session identifier is longer than 32 bytes"),
	ROW(BR_ERR_BAD_CIPHER_SUITE, "the server chose a cipher suite the device did not offer"),
	ROW(BR_ERR_BAD_COMPRESSION, "the server chose a compression the device did not offer"),
	ROW(BR_ERR_BAD_FRAGLEN,
		"the server answered with another fragment length than asked for"),
	ROW(BR_ERR_BAD_SECRENEG, "secure renegotiation failed"),
	ROW(BR_ERR_EXTRA_EXTENSION, "the server sent an extension that was not asked for"),
	ROW(BR_ERR_BAD_SNI, "the server name extension has contents in the server's answer"),
	ROW(BR_ERR_BAD_HELLO_DONE, "the ServerHelloDone message is not empty"),
	ROW(BR_ERR_LIMIT_EXCEEDED,
		"something is larger than the device can hold, such as the signature of a big RSA key"),
	ROW(BR_ERR_BAD_FINISHED, "the handshake's last message does not match"),
	ROW(BR_ERR_RESUME_MISMATCH, "a session was resumed with other parameters"),
	ROW(BR_ERR_INVALID_ALGORITHM,
		"the server used a curve, signature or hash the device does not support"),
	ROW(BR_ERR_BAD_SIGNATURE, "the server's signature over its key exchange is wrong"),
	ROW(BR_ERR_WRONG_KEY_USAGE,
		"the server's key may not be used for the agreed cipher suite"),
	ROW(BR_ERR_NO_CLIENT_AUTH,
		"a client did not send a usable certificate (reported by servers)"),
	ROW(BR_ERR_IO, "the connection was closed in the middle of the handshake"),
	ROW(BR_ERR_X509_INVALID_VALUE, "a value in the certificate is invalid"),
	ROW(BR_ERR_X509_TRUNCATED, "the certificate is cut short"),
	ROW(BR_ERR_X509_EMPTY_CHAIN, "the server's chain holds no certificate"),
	ROW(BR_ERR_X509_INNER_TRUNC,
		"an element of the certificate reaches beyond the one around it"),
	ROW(BR_ERR_X509_BAD_TAG_CLASS, "an element has an application or private tag"),
	ROW(BR_ERR_X509_BAD_TAG_VALUE, "an element has a tag number above 30"),
	ROW(BR_ERR_X509_INDEFINITE_LENGTH, "an element has indefinite length, which DER forbids"),
	ROW(BR_ERR_X509_EXTRA_ELEMENT,
		"there is an element, or trailing data, where none belongs"),
	ROW(BR_ERR_X509_UNEXPECTED, "an element is not the one that belongs there"),
	ROW(BR_ERR_X509_NOT_CONSTRUCTED, "an element should be constructed and is primitive"),
	ROW(BR_ERR_X509_NOT_PRIMITIVE, "an element should be primitive and is constructed"),
	ROW(BR_ERR_X509_PARTIAL_BYTE, "a key or signature is not a whole number of bytes"),
	ROW(BR_ERR_X509_BAD_BOOLEAN, "a BOOLEAN is not one byte long"),
	ROW(BR_ERR_X509_OVERFLOW, "a number is negative, empty or too large"),
	ROW(BR_ERR_X509_BAD_DN, "a distinguished name is malformed"),
	ROW(BR_ERR_X509_BAD_TIME, "a date is malformed"),
	ROW(BR_ERR_X509_UNSUPPORTED,
		"a certificate of the chain uses a signature, hash or key the device does not support"),
	ROW(BR_ERR_X509_LIMIT_EXCEEDED, "a key or signature is larger than the device can hold"),
	ROW(BR_ERR_X509_WRONG_KEY_TYPE,
		"a signature is not of the kind its issuer's key can make"),
	ROW(BR_ERR_X509_BAD_SIGNATURE, "a signature in the chain does not verify"),
	ROW(BR_ERR_X509_TIME_UNKNOWN, "the device does not know the time"),
	ROW(BR_ERR_X509_EXPIRED, "a certificate of the chain is expired or not yet valid"),
	ROW(BR_ERR_X509_DN_MISMATCH,
		"a certificate of the chain is not the issuer of the one before it"),
	ROW(BR_ERR_X509_BAD_SERVER_NAME,
		"the certificate is not for the name the device connects to"),
	ROW(BR_ERR_X509_CRITICAL_EXTENSION,
		"a certificate has a critical extension BearSSL does not know"),
	ROW(BR_ERR_X509_NOT_CA, "a certificate of the chain is used as CA and is not one"),
	ROW(BR_ERR_X509_FORBIDDEN_KEY_USAGE,
		"a CA certificate of the chain may not sign certificates"),
	ROW(BR_ERR_X509_WEAK_PUBLIC_KEY, "an RSA key of the chain is too small"),
	ROW(BR_ERR_X509_NOT_TRUSTED, "no trust anchor of the device issued the chain"),
};

static const struct error_text alerts[] = {
	ROW(BR_ALERT_CLOSE_NOTIFY, "the broker ends the connection"),
	ROW(BR_ALERT_UNEXPECTED_MESSAGE, "the broker found a message out of order"),
	ROW(BR_ALERT_BAD_RECORD_MAC, "the broker could not read a record"),
	ROW(BR_ALERT_RECORD_OVERFLOW, "the broker finds a record too long"),
	ROW(BR_ALERT_DECOMPRESSION_FAILURE, "the broker cannot decompress a record"),
	ROW(BR_ALERT_HANDSHAKE_FAILURE, "the broker ended the handshake"),
	ROW(BR_ALERT_BAD_CERTIFICATE, "the broker found the client's certificate faulty"),
	ROW(BR_ALERT_UNSUPPORTED_CERTIFICATE,
		"the broker does not accept this kind of client certificate"),
	ROW(BR_ALERT_CERTIFICATE_REVOKED, "the client's certificate is revoked"),
	ROW(BR_ALERT_CERTIFICATE_EXPIRED, "the client's certificate is expired"),
	ROW(BR_ALERT_CERTIFICATE_UNKNOWN, "the broker does not accept the client's certificate"),
	ROW(BR_ALERT_ILLEGAL_PARAMETER, "the broker finds a value out of range"),
	ROW(BR_ALERT_UNKNOWN_CA, "the broker does not know the CA of the client's certificate"),
	ROW(BR_ALERT_ACCESS_DENIED, "the broker denies access"),
	ROW(BR_ALERT_DECODE_ERROR, "the broker could not decode a message"),
	ROW(BR_ALERT_DECRYPT_ERROR, "the broker could not verify the client's signature"),
	ROW(BR_ALERT_PROTOCOL_VERSION, "the broker does not speak the device's TLS versions"),
	ROW(BR_ALERT_INSUFFICIENT_SECURITY, "the broker wants stronger cipher suites"),
	ROW(BR_ALERT_INTERNAL_ERROR, "the broker met an error of its own"),
	ROW(BR_ALERT_USER_CANCELED, "the broker gives up"),
	ROW(BR_ALERT_NO_RENEGOTIATION, "the broker does not renegotiate"),
	ROW(BR_ALERT_UNSUPPORTED_EXTENSION, "the broker got an extension it did not ask for"),
	ROW(BR_ALERT_NO_APPLICATION_PROTOCOL,
		"the broker shares no application protocol with the device"),
};

static const struct error_text unknown = { -1, "unknown", "a number BearSSL's headers do not have" };

#define COUNT(table) (sizeof table / sizeof table[0])

static const struct error_text *find(const struct error_text *table, size_t count, int number)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].number == number) {
			return &table[i];
		}
	}
	return &unknown;
}

const struct error_text *error_find(int number)
{
	if (number >= BR_ERR_SEND_FATAL_ALERT) {
		return find(alerts, COUNT(alerts), number - BR_ERR_SEND_FATAL_ALERT);
	}
	if (number >= BR_ERR_RECV_FATAL_ALERT) {
		return find(alerts, COUNT(alerts), number - BR_ERR_RECV_FATAL_ALERT);
	}
	return find(errors, COUNT(errors), number);
}
