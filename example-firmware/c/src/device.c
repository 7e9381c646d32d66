#include "device.h"

#include <string.h>

/*
 * Tasmota has TLS 1.2 with one or two cipher suites, SHA-256 as its only hash, P-256 as its
 * only curve, and records of 1024 bytes.
 */
const struct device_profile device_profiles[] = {
	/* All of BearSSL, as br_ssl_client_init_full sets it up. */
	{ "bearssl-full", 1, 1, 1, 16384 },
	/* ESP8266, ESP32 before 12/2024, and newer ones with SetOption165 0: RSA only. */
	{ "tasmota-rsa", 0, 0, 0, 1024 },
	/* ESP32 between 12/2024 (pull request 22649) and 10/2025: offers ECDSA, cannot check it in a chain. */
	{ "tasmota-22649", 0, 1, 0, 1024 },
	/* Newer ESP32 with SetOption165 1. */
	{ "tasmota-ecdsa", 0, 1, 1, 1024 },
};
const size_t device_profiles_count = sizeof device_profiles / sizeof device_profiles[0];

/* The one with ECDSA comes first: the broker sees it as the device's preference. */
static const uint16_t suites[] = {
	BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
};

/* BearSSL counts days from 1 January of the year 0; Unix counts from 1970. */
#define DAYS_BEFORE_1970 719528
#define SECONDS_PER_DAY 86400

const struct device_profile *device_profile_find(const char *name)
{
	for (size_t i = 0; i < device_profiles_count; i++) {
		if (strcmp(device_profiles[i].name, name) == 0) {
			return &device_profiles[i];
		}
	}
	return NULL;
}

/* The engine: what is said to the broker and how the session is encrypted. */
static void init_engine(const struct device_profile *profile, br_ssl_client_context *client)
{
	br_ssl_engine_context *engine = &client->eng;

	br_ssl_client_zero(client);
	br_ssl_engine_set_versions(engine, BR_TLS12, BR_TLS12);
	if (profile->ecdsa_suite) {
		br_ssl_engine_set_suites(engine, suites, 2);
		br_ssl_engine_set_ecdsa(engine, br_ecdsa_vrfy_asn1_get_default());
	} else {
		br_ssl_engine_set_suites(engine, suites + 1, 1);
	}
	br_ssl_engine_set_default_rsavrfy(engine);
	br_ssl_engine_set_ec(engine, &br_ec_p256_m15);
	br_ssl_engine_set_hash(engine, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_prf_sha256(engine, &br_tls12_sha256_prf);
	br_ssl_engine_set_default_aes_gcm(engine);
}

/* The validator: which signatures of a chain can be checked. */
static void init_validator(const struct device_profile *profile, br_x509_minimal_context *validator,
	const br_x509_trust_anchor *anchors, size_t anchors_count)
{
	br_x509_minimal_init(validator, &br_sha256_vtable, anchors, anchors_count);
	br_x509_minimal_set_hash(validator, br_sha256_ID, &br_sha256_vtable);
	br_x509_minimal_set_rsa(validator, br_rsa_pkcs1_vrfy_get_default());
	if (profile->ecdsa_in_chain) {
		br_x509_minimal_set_ecdsa(validator, &br_ec_p256_m15, br_ecdsa_vrfy_asn1_get_default());
	}
}

void device_init(const struct device_profile *profile, br_ssl_client_context *client,
	br_x509_minimal_context *validator, const br_x509_trust_anchor *anchors, size_t anchors_count)
{
	if (profile->full) {
		br_ssl_client_init_full(client, validator, anchors, anchors_count);
		return;
	}
	init_engine(profile, client);
	init_validator(profile, validator, anchors, anchors_count);
	br_ssl_engine_set_x509(&client->eng, &validator->vtable);
}

void device_set_clock(br_x509_minimal_context *validator, uint64_t unix_seconds)
{
	br_x509_minimal_set_time(validator, (uint32_t)(unix_seconds / SECONDS_PER_DAY) + DAYS_BEFORE_1970,
		(uint32_t)(unix_seconds % SECONDS_PER_DAY));
}
