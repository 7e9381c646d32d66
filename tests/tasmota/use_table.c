/*
 * Hands the table of tasmota_ca.c to BearSSL's own validator. Without arguments it prints every field of every anchor, read back
 * from the validator; with the DER files of a chain, the server's certificate first, it prints the validator's verdict on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <bearssl.h>

extern const br_x509_trust_anchor Tasmota_TA[];
extern const size_t Tasmota_TA_size;

static void print_bytes(const char *name, const unsigned char *bytes, size_t length)
{
	printf(" %s=", name);
	for (size_t i = 0; i < length; i++)
		printf("%02X", bytes[i]);
}

static void print_anchor(const br_x509_trust_anchor *anchor)
{
	printf("flags=%u", anchor->flags);
	print_bytes("subject", anchor->dn.data, anchor->dn.len);
	switch (anchor->pkey.key_type) {
	case BR_KEYTYPE_RSA:
		print_bytes("n", anchor->pkey.key.rsa.n, anchor->pkey.key.rsa.nlen);
		print_bytes("e", anchor->pkey.key.rsa.e, anchor->pkey.key.rsa.elen);
		break;
	case BR_KEYTYPE_EC:
		printf(" curve=%d", anchor->pkey.key.ec.curve);
		print_bytes("q", anchor->pkey.key.ec.q, anchor->pkey.key.ec.qlen);
		break;
	default:
		printf(" key_type=%d", anchor->pkey.key_type);
	}
	printf("\n");
}

static void append_certificate(const br_x509_class **validator, const char *path)
{
	static unsigned char der[65536];
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	size_t length = fread(der, 1, sizeof der, file);
	fclose(file);
	(*validator)->start_cert(validator, (uint32_t)length);
	(*validator)->append(validator, der, length);
	(*validator)->end_cert(validator);
}

int main(int argc, char **argv)
{
	static br_x509_minimal_context context;
	br_ssl_client_context client;

	br_ssl_client_init_full(&client, &context, Tasmota_TA, Tasmota_TA_size);
	if (argc == 1) {
		for (size_t i = 0; i < context.trust_anchors_num; i++)
			print_anchor(&context.trust_anchors[i]);
		return EXIT_SUCCESS;
	}
	const br_x509_class **validator = &context.vtable;
	(*validator)->start_chain(validator, NULL);
	for (int i = 1; i < argc; i++)
		append_certificate(validator, argv[i]);
	printf("%u\n", (*validator)->end_chain(validator));
	return EXIT_SUCCESS;
}
