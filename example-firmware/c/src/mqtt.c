#include "mqtt.h"

#include <string.h>

/* First bytes of the packets (section 2.2); PUBLISH with quality of service 1. */
#define CONNECT 0x10
#define CONNACK 0x20
#define PUBLISH_ONCE_AT_LEAST 0x32
#define PUBACK 0x40
#define DISCONNECT 0xE0

#define PACKET_IDENTIFIER 1
#define KEEP_ALIVE_SECONDS 60

/* The longest packet whose remaining length fits one byte (section 2.2.3). */
#define PACKET_LIMIT 129

struct packet {
	unsigned char bytes[PACKET_LIMIT];
	size_t length;
	int overflow;
};

static void put(struct packet *packet, const void *bytes, size_t length)
{
	if (length > sizeof packet->bytes - packet->length) {
		packet->overflow = 1;
		return;
	}
	memcpy(packet->bytes + packet->length, bytes, length);
	packet->length += length;
}

static void put_number(struct packet *packet, unsigned number)
{
	unsigned char bytes[2] = { (unsigned char)(number >> 8), (unsigned char)number };

	put(packet, bytes, sizeof bytes);
}

/* A text with its length before it (section 1.5.3). */
static void put_text(struct packet *packet, const char *text)
{
	put_number(packet, (unsigned)strlen(text));
	put(packet, text, strlen(text));
}

static void start(struct packet *packet, unsigned char type)
{
	packet->bytes[0] = type;
	packet->length = 2;
	packet->overflow = 0;
}

static int send_packet(br_sslio_context *io, struct packet *packet)
{
	if (packet->overflow) {
		return -1;
	}
	packet->bytes[1] = (unsigned char)(packet->length - 2);
	return br_sslio_write_all(io, packet->bytes, packet->length) == 0 ? br_sslio_flush(io) : -1;
}

/* CONNACK and PUBACK: type, remaining length 2, two bytes. */
static int receive_answer(br_sslio_context *io, unsigned char type, unsigned char *answer)
{
	unsigned char bytes[4];

	if (br_sslio_read_all(io, bytes, sizeof bytes) != 0 || bytes[0] != type || bytes[1] != 2) {
		return -1;
	}
	memcpy(answer, bytes + 2, 2);
	return 0;
}

int mqtt_connect(br_sslio_context *io, const char *client_identifier, int *return_code)
{
	static const unsigned char level_4_clean_session[2] = { 0x04, 0x02 };
	unsigned char answer[2];
	struct packet packet;

	start(&packet, CONNECT);
	put_text(&packet, "MQTT");
	put(&packet, level_4_clean_session, sizeof level_4_clean_session);
	put_number(&packet, KEEP_ALIVE_SECONDS);
	put_text(&packet, client_identifier);
	if (send_packet(io, &packet) != 0 || receive_answer(io, CONNACK, answer) != 0) {
		return -1;
	}
	*return_code = answer[1];
	return 0;
}

int mqtt_publish(br_sslio_context *io, const char *topic, const char *message)
{
	unsigned char answer[2];
	struct packet packet;

	start(&packet, PUBLISH_ONCE_AT_LEAST);
	put_text(&packet, topic);
	put_number(&packet, PACKET_IDENTIFIER);
	put(&packet, message, strlen(message));
	if (send_packet(io, &packet) != 0 || receive_answer(io, PUBACK, answer) != 0) {
		return -1;
	}
	return (answer[0] << 8 | answer[1]) == PACKET_IDENTIFIER ? 0 : -1;
}

int mqtt_disconnect(br_sslio_context *io)
{
	struct packet packet;

	start(&packet, DISCONNECT);
	return send_packet(io, &packet);
}
