/*
 * An MQTT client with a small device's TLS: connects to a broker it trusts by the generated
 * anchors, publishes one message, and says in words what went wrong if it does not work.
 *
 * Its last line is `outcome ok` or `outcome N` with BearSSL's error number N. The exit
 * status is 0 for ok, 1 for a failure, 2 for a wrong command line or unreadable file.
 */
#include <stdio.h>
#include <unistd.h>

#include <bearssl.h>

#include "anchors.h"
#include "connection.h"
#include "credentials.h"
#include "device.h"
#include "errors.h"
#include "mqtt.h"
#include "options.h"

/* Room for header, padding and MAC around a record's plain text, as BearSSL counts it. */
#define INPUT_OVERHEAD (BR_SSL_BUFSIZE_INPUT - 16384)
#define OUTPUT_OVERHEAD (BR_SSL_BUFSIZE_OUTPUT - 16384)

/* What the device sends is small; only what the broker sends may need more room. */
#define OUTPUT_BUFFER 1024

/* All of a session: too much for a small device's stack, so it is static. */
static struct {
	br_ssl_client_context client;
	br_x509_minimal_context validator;
	unsigned char input[BR_SSL_BUFSIZE_INPUT];
	unsigned char output[OUTPUT_BUFFER + OUTPUT_OVERHEAD];
	br_sslio_context io;
	struct credentials credentials;
	int socket_number;
} session;

static int report_ok(void)
{
	puts("outcome ok");
	return 0;
}

/* Says why `step` failed: BearSSL's reason if it has one, else that MQTT went wrong. */
static int report_failure(const char *step)
{
	int number = br_ssl_engine_last_error(&session.client.eng);
	const struct error_text *text = error_find(number);

	if (number == BR_ERR_OK) {
		printf("%s: failed: the broker's answer is not the expected one\noutcome mqtt\n", step);
		return 1;
	}
	printf("%s: failed: %d %s: ", step, number, text->name);
	if (number >= BR_ERR_SEND_FATAL_ALERT) {
		printf("this device sent alert %d\n", number - BR_ERR_SEND_FATAL_ALERT);
	} else if (number >= BR_ERR_RECV_FATAL_ALERT) {
		printf("the broker sent alert %d: %s\n", number - BR_ERR_RECV_FATAL_ALERT, text->meaning);
	} else {
		printf("%s\n", text->meaning);
	}
	printf("outcome %d\n", number);
	return 1;
}

/* Everything that happens once, before the first byte is sent; 0, or -1 after an explanation. */
static int set_up(const struct options *options)
{
	device_init(options->profile, &session.client, &session.validator, Tasmota_TA, Tasmota_TA_size);
	br_ssl_engine_set_buffers_bidi(&session.client.eng, session.input, options->input_buffer + INPUT_OVERHEAD,
		session.output, sizeof session.output);
	if (options->clock >= 0) {
		device_set_clock(&session.validator, (uint64_t)options->clock);
	}
	if (options->certificate != NULL) {
		if (credentials_read(&session.credentials, options->certificate, options->key) != 0) {
			return -1;
		}
		credentials_use(&session.credentials, &session.client);
	}
	printf("device: profile %s, trust anchors: %lu, input buffer: %lu bytes\n", options->profile->name,
		(unsigned long)Tasmota_TA_size, (unsigned long)options->input_buffer);
	return 0;
}

static int handshake(const struct options *options)
{
	const char *host = options->host[0] != '\0' ? options->host : NULL;
	br_ssl_session_parameters parameters;

	if (!br_ssl_client_reset(&session.client, host, 0)) {
		return -1;
	}
	br_sslio_init(&session.io, &session.client.eng, connection_read, &session.socket_number,
		connection_write, &session.socket_number);
	if (br_sslio_flush(&session.io) != 0) {
		return -1;
	}
	br_ssl_engine_get_session_parameters(&session.client.eng, &parameters);
	printf("tls: version %04X, cipher suite %04X\n", (unsigned)parameters.version, (unsigned)parameters.cipher_suite);
	return 0;
}

static int speak_mqtt(const struct options *options)
{
	char client_identifier[32];
	int return_code;

	/* The broker drops the older of two clients with one identifier. */
	snprintf(client_identifier, sizeof client_identifier, "example-%ld", (long)getpid());
	if (mqtt_connect(&session.io, client_identifier, &return_code) != 0) {
		return report_failure("mqtt connect");
	}
	printf("mqtt connect: CONNACK %d\n", return_code);
	if (return_code != 0) {
		return report_failure("mqtt connect");
	}
	if (mqtt_publish(&session.io, options->topic, options->message) != 0) {
		return report_failure("mqtt publish");
	}
	printf("mqtt publish: %s acknowledged\n", options->topic);
	return mqtt_disconnect(&session.io) == 0 ? report_ok() : report_failure("mqtt disconnect");
}

int main(int count, char **arguments)
{
	struct options options;
	int status;

	if (options_read(&options, count, arguments) != 0 || set_up(&options) != 0) {
		return 2;
	}
	session.socket_number = connection_open(options.address, options.port);
	if (session.socket_number < 0) {
		return 2;
	}
	printf("tcp: connected to %s port %s\n", options.address, options.port);
	status = handshake(&options) == 0 ? speak_mqtt(&options) : report_failure("tls");
	close(session.socket_number);
	return status;
}
