/*
 * The command line: what a firmware has in its settings.
 */
#ifndef EXAMPLE_OPTIONS_H
#define EXAMPLE_OPTIONS_H

#include <stddef.h>

#include "device.h"

struct options {
	/* Where to connect. */
	const char *address;
	const char *port;
	/* The name the broker's certificate must carry; empty: none is checked. */
	const char *host;
	const struct device_profile *profile;
	/* The device's clock in Unix seconds; negative: the system's. */
	long long clock;
	/* Bytes of plain text a received record may have. */
	size_t input_buffer;
	/* The device's certificate and key; NULL: none. */
	const char *certificate;
	const char *key;
	const char *topic;
	const char *message;
};

/* Returns 0, or -1 after printing the usage on standard error; `--help` prints it and ends the program. */
int options_read(struct options *options, int count, char **arguments);

#endif
