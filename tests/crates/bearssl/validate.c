/* BearSSL's validation of a chain, with the algorithms of a usual TLS client. */

#include <bearssl.h>

unsigned
validate(const br_x509_trust_anchor *anchors, size_t anchor_count, const char *host,
	const unsigned char *const *certificates, const size_t *lengths, size_t certificate_count)
{
	br_x509_minimal_context context;
	const br_x509_class **engine = &context.vtable;
	size_t i;

	br_x509_minimal_init(&context, &br_sha256_vtable, anchors, anchor_count);
	br_x509_minimal_set_hash(&context, br_sha256_ID, &br_sha256_vtable);
	br_x509_minimal_set_rsa(&context, &br_rsa_i31_pkcs1_vrfy);
	br_x509_minimal_set_ecdsa(&context, &br_ec_all_m31, &br_ecdsa_i31_vrfy_asn1);

	(*engine)->start_chain(engine, host);
	for (i = 0; i < certificate_count; i++) {
		(*engine)->start_cert(engine, (uint32_t)lengths[i]);
		(*engine)->append(engine, certificates[i], lengths[i]);
		(*engine)->end_cert(engine);
	}
	return (*engine)->end_chain(engine);
}
