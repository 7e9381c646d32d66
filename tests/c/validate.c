/*
 * Asks the real br_x509_minimal. One request per line on standard input:
 *
 *   profile days seconds name anchors anchor... certificates certificate...
 *
 * with the name "-" for none, and certificates as hexadecimal DER ("-" for an empty one). Anchors are made with
 * br_x509_decoder, as `brssl ta` makes them; one that cannot be made is left out. The answer is one line: the error
 * number (0 when the chain is trusted) and the key usages (16 key exchange, 32 signing).
 */
#include <bearssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct blob {
	unsigned char *data;
	size_t length;
};

static void append(void *context, const void *data, size_t length)
{
	struct blob *blob = context;

	blob->data = realloc(blob->data, blob->length + length + 1);
	memcpy(blob->data + blob->length, data, length);
	blob->length += length;
}

static struct blob from_hex(const char *text)
{
	struct blob blob = { NULL, 0 };
	unsigned value;

	if (strcmp(text, "-") == 0)
		return blob;
	blob.data = malloc(strlen(text) / 2 + 1);
	for (; sscanf(text, "%2x", &value) == 1; text += 2)
		blob.data[blob.length++] = (unsigned char)value;
	return blob;
}

static void *copy(const void *data, size_t length)
{
	return memcpy(malloc(length + 1), data, length);
}

static int make_anchor(struct blob certificate, br_x509_trust_anchor *anchor)
{
	br_x509_decoder_context decoder;
	struct blob name = { NULL, 0 };
	br_x509_pkey *key;

	br_x509_decoder_init(&decoder, append, &name);
	br_x509_decoder_push(&decoder, certificate.data, certificate.length);
	key = br_x509_decoder_get_pkey(&decoder);
	if (key == NULL)
		return 0;
	anchor->dn.data = name.data;
	anchor->dn.len = name.length;
	anchor->flags = br_x509_decoder_isCA(&decoder) ? BR_X509_TA_CA : 0;
	anchor->pkey = *key;
	if (key->key_type == BR_KEYTYPE_RSA) {
		anchor->pkey.key.rsa.n = copy(key->key.rsa.n, key->key.rsa.nlen);
		anchor->pkey.key.rsa.e = copy(key->key.rsa.e, key->key.rsa.elen);
	} else {
		anchor->pkey.key.ec.q = copy(key->key.ec.q, key->key.ec.qlen);
	}
	return 1;
}

static void set_up(br_x509_minimal_context *validator, const char *profile, br_x509_trust_anchor *anchors, size_t count)
{
	if (strcmp(profile, "bearssl-full") == 0) {
		br_x509_minimal_init_full(validator, anchors, count);
		return;
	}
	br_x509_minimal_init(validator, &br_sha256_vtable, anchors, count);
	br_x509_minimal_set_rsa(validator, br_rsa_pkcs1_vrfy_get_default());
	br_x509_minimal_set_hash(validator, br_sha256_ID, &br_sha256_vtable);
	if (strcmp(profile, "tasmota-ecdsa") == 0)
		br_x509_minimal_set_ecdsa(validator, &br_ec_p256_m31, br_ecdsa_vrfy_asn1_get_default());
}

static const char *next(void)
{
	const char *word = strtok(NULL, " \n");

	if (word == NULL)
		exit(2);
	return word;
}

static void answer(const char *profile)
{
	static br_x509_minimal_context validator;
	br_x509_trust_anchor anchors[16];
	size_t made = 0;
	unsigned usages = 0;
	unsigned days = (unsigned)atol(next());
	unsigned seconds = (unsigned)atol(next());
	const char *name = next();
	int count = atoi(next());

	while (count-- > 0)
		made += (size_t)make_anchor(from_hex(next()), &anchors[made]);
	set_up(&validator, profile, anchors, made);
	br_x509_minimal_set_time(&validator, days, seconds);
	validator.vtable->start_chain(&validator.vtable, strcmp(name, "-") == 0 ? NULL : name);
	for (count = atoi(next()); count > 0; count--) {
		struct blob certificate = from_hex(next());

		validator.vtable->start_cert(&validator.vtable, (uint32_t)certificate.length);
		validator.vtable->append(&validator.vtable, certificate.data, certificate.length);
		validator.vtable->end_cert(&validator.vtable);
	}
	unsigned error = validator.vtable->end_chain(&validator.vtable);
	if (error == 0)
		validator.vtable->get_pkey(&validator.vtable, &usages);
	printf("%u %u\n", error, usages);
	fflush(stdout);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0)
		answer(strtok(line, " \n"));
	return 0;
}
