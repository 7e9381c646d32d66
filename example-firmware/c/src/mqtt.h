/*
 * As much of MQTT 3.1.1 as a device needs to say something once.
 * http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html
 */
#ifndef EXAMPLE_MQTT_H
#define EXAMPLE_MQTT_H

#include <bearssl.h>

/* Each returns 0, or -1 when the connection fails or the answer is not the expected one. */

/* CONNECT; the broker's return code (0 = accepted) goes to `return_code`. */
int mqtt_connect(br_sslio_context *io, const char *client_identifier, int *return_code);
/* PUBLISH with quality of service 1: done when the broker has acknowledged it. */
int mqtt_publish(br_sslio_context *io, const char *topic, const char *message);
/* DISCONNECT. */
int mqtt_disconnect(br_sslio_context *io);

#endif
