/*
 * The device's own certificate and private key, for a broker with require_certificate.
 */
#ifndef EXAMPLE_CREDENTIALS_H
#define EXAMPLE_CREDENTIALS_H

#include <bearssl.h>

struct credentials {
	br_x509_certificate certificate;
	br_skey_decoder_context key;
};

/*
 * Reads one certificate and its key from PEM files. A firmware has both in flash instead;
 * what follows is the same. Returns 0, or -1 after saying on standard error what is wrong.
 */
int credentials_read(struct credentials *credentials, const char *certificate_file, const char *key_file);

/* Hands them to BearSSL, which keeps pointers into `credentials`. */
void credentials_use(const struct credentials *credentials, br_ssl_client_context *client);

#endif
