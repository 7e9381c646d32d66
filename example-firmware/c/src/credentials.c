#include "credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The decoded bytes of one PEM object. */
struct object {
	unsigned char *bytes;
	size_t length;
	int failed;
};

static void append(void *context, const void *bytes, size_t length)
{
	struct object *object = context;
	unsigned char *grown = realloc(object->bytes, object->length + length);

	if (grown == NULL) {
		object->failed = 1;
		return;
	}
	object->bytes = grown;
	memcpy(grown + object->length, bytes, length);
	object->length += length;
}

/* Whether a PEM object's name ends with `suffix`: "EC PRIVATE KEY" is a "PRIVATE KEY". */
static int ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name), wanted = strlen(suffix);

	return length >= wanted && strcmp(name + length - wanted, suffix) == 0;
}

/* Feeds `text` to the decoder until the first object called `name` is complete: 0, else -1. */
static int decode_first(struct object *object, const char *name, const unsigned char *text, size_t length)
{
	br_pem_decoder_context decoder;
	int wanted = 0;

	br_pem_decoder_init(&decoder);
	while (length > 0) {
		size_t used = br_pem_decoder_push(&decoder, text, length);

		text += used;
		length -= used;
		switch (br_pem_decoder_event(&decoder)) {
		case BR_PEM_BEGIN_OBJ:
			wanted = ends_with(br_pem_decoder_name(&decoder), name);
			br_pem_decoder_setdest(&decoder, wanted ? append : NULL, object);
			break;
		case BR_PEM_END_OBJ:
			if (wanted) {
				return object->failed ? -1 : 0;
			}
			break;
		case BR_PEM_ERROR:
			return -1;
		}
	}
	return -1;
}

static int read_object(struct object *object, const char *name, const char *file_name)
{
	/* Far more than a certificate with its text form, or a key, takes. */
	static unsigned char text[65536];
	FILE *file = fopen(file_name, "rb");
	size_t length;

	memset(object, 0, sizeof *object);
	if (file == NULL) {
		perror(file_name);
		return -1;
	}
	length = fread(text, 1, sizeof text, file);
	fclose(file);
	if (decode_first(object, name, text, length) != 0) {
		fprintf(stderr, "%s: no %s in PEM form\n", file_name, name);
		free(object->bytes);
		return -1;
	}
	return 0;
}

int credentials_read(struct credentials *credentials, const char *certificate_file, const char *key_file)
{
	struct object certificate, key;
	int error;

	if (read_object(&certificate, "CERTIFICATE", certificate_file) != 0) {
		return -1;
	}
	credentials->certificate.data = certificate.bytes;
	credentials->certificate.data_len = certificate.length;

	if (read_object(&key, "PRIVATE KEY", key_file) != 0) {
		return -1;
	}
	br_skey_decoder_init(&credentials->key);
	br_skey_decoder_push(&credentials->key, key.bytes, key.length);
	free(key.bytes);
	error = br_skey_decoder_last_error(&credentials->key);
	if (error != 0) {
		fprintf(stderr, "%s: the private key cannot be read (BearSSL error %d)\n", key_file, error);
		return -1;
	}
	return 0;
}

void credentials_use(const struct credentials *credentials, br_ssl_client_context *client)
{
	if (br_skey_decoder_key_type(&credentials->key) == BR_KEYTYPE_RSA) {
		br_ssl_client_set_single_rsa(client, &credentials->certificate, 1,
			br_skey_decoder_get_rsa(&credentials->key), br_rsa_pkcs1_sign_get_default());
		return;
	}
	/* Signatures only, so the issuer's key type does not count: it is for static ECDH. */
	br_ssl_client_set_single_ec(client, &credentials->certificate, 1,
		br_skey_decoder_get_ec(&credentials->key), BR_KEYTYPE_SIGN, 0,
		br_ec_get_default(), br_ecdsa_sign_asn1_get_default());
}
