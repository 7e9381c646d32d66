#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 6066, section 4: a device can ask for records of 512, 1024, 2048 or 4096 bytes. */
#define SMALLEST_INPUT_BUFFER 512
#define LARGEST_INPUT_BUFFER 16384

static const char usage[] =
	"usage: mqtt-client [--OPTION VALUE]...\n"
	"  --address ADDRESS     where the broker is (127.0.0.1)\n"
	"  --port PORT           its TLS port (8883)\n"
	"  --host NAME           the name its certificate must carry; empty: none is checked (the address)\n"
	"  --profile NAME        bearssl-full, tasmota-rsa, tasmota-22649 or tasmota-ecdsa (tasmota-rsa)\n"
	"  --clock SECONDS       the device's clock, since 1970 (the system's)\n"
	"  --input-buffer BYTES  the longest record the device takes, 512 to 16384 (the profile's)\n"
	"  --certificate FILE    the device's certificate, PEM\n"
	"  --key FILE            its private key, PEM\n"
	"  --topic TOPIC         what to publish (ta-codegen/example)\n"
	"  --message TEXT        (hello)\n";

static int refuse(const char *what, const char *value)
{
	fprintf(stderr, "mqtt-client: %s `%s`\n%s", what, value, usage);
	return -1;
}

/* One option that is a text as it stands: where it goes, or NULL. */
static const char **text_option(struct options *options, const char *name)
{
	const struct {
		const char *name;
		const char **value;
	} texts[] = {
		{ "--address", &options->address },
		{ "--port", &options->port },
		{ "--host", &options->host },
		{ "--certificate", &options->certificate },
		{ "--key", &options->key },
		{ "--topic", &options->topic },
		{ "--message", &options->message },
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (strcmp(texts[i].name, name) == 0) {
			return texts[i].value;
		}
	}
	return NULL;
}

static int read_number(long long *number, const char *value, long long least, long long most)
{
	char *end;

	*number = strtoll(value, &end, 10);
	return end != value && *end == '\0' && *number >= least && *number <= most ? 0 : -1;
}

static int read_option(struct options *options, const char *name, const char *value)
{
	const char **text = text_option(options, name);
	long long number;

	if (text != NULL) {
		*text = value;
		return 0;
	}
	if (strcmp(name, "--profile") == 0) {
		options->profile = device_profile_find(value);
		return options->profile != NULL ? 0 : refuse("there is no profile", value);
	}
	if (strcmp(name, "--clock") == 0) {
		/* The last second of the year 9999, where X.509 ends (RFC 5280, section 4.1.2.5). */
		return read_number(&options->clock, value, 0, 253402300799LL) == 0 ? 0 : refuse("no time:", value);
	}
	if (strcmp(name, "--input-buffer") == 0) {
		if (read_number(&number, value, SMALLEST_INPUT_BUFFER, LARGEST_INPUT_BUFFER) != 0) {
			return refuse("no buffer size:", value);
		}
		options->input_buffer = (size_t)number;
		return 0;
	}
	return refuse("there is no option", name);
}

int options_read(struct options *options, int count, char **arguments)
{
	*options = (struct options){
		.address = "127.0.0.1",
		.port = "8883",
		.profile = device_profile_find("tasmota-rsa"),
		.clock = -1,
		.topic = "ta-codegen/example",
		.message = "hello",
	};
	if (count == 2 && strcmp(arguments[1], "--help") == 0) {
		fputs(usage, stdout);
		exit(EXIT_SUCCESS);
	}
	for (int i = 1; i < count; i += 2) {
		if (i + 1 == count) {
			return refuse("no value for", arguments[i]);
		}
		if (read_option(options, arguments[i], arguments[i + 1]) != 0) {
			return -1;
		}
	}
	if ((options->certificate == NULL) != (options->key == NULL)) {
		return refuse("--certificate and --key belong together; missing:",
			options->key == NULL ? "--key" : "--certificate");
	}
	if (options->host == NULL) {
		options->host = options->address;
	}
	if (options->input_buffer == 0) {
		options->input_buffer = options->profile->input_buffer;
	}
	return 0;
}
