/*
 * What a device's TLS stack can do. The same certificates connect on one device and fail
 * on another because these sets differ, so the example carries four of them.
 */
#ifndef EXAMPLE_DEVICE_H
#define EXAMPLE_DEVICE_H

#include <stdint.h>

#include <bearssl.h>

/* A device's limits. */
struct device_profile {
	const char *name;
	/* Everything BearSSL has (br_ssl_client_init_full); the other fields do not count. */
	int full;
	/* ECDHE_ECDSA beside ECDHE_RSA. */
	int ecdsa_suite;
	/* The chain validator can check ECDSA signatures. */
	int ecdsa_in_chain;
	/* The largest record the device can take, in bytes of plain text. */
	size_t input_buffer;
};

extern const struct device_profile device_profiles[];
extern const size_t device_profiles_count;

/* The profile called `name`, or NULL. */
const struct device_profile *device_profile_find(const char *name);

/* Sets up `client` and `validator` with the profile's algorithms and the trust anchors. */
void device_init(const struct device_profile *profile, br_ssl_client_context *client,
	br_x509_minimal_context *validator, const br_x509_trust_anchor *anchors, size_t anchors_count);

/* The device's clock, in seconds since 1970-01-01 00:00:00 UTC. */
void device_set_clock(br_x509_minimal_context *validator, uint64_t unix_seconds);

#endif
