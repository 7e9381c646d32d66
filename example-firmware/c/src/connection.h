/*
 * A TCP connection, and the two functions through which BearSSL reads and writes it.
 */
#ifndef EXAMPLE_CONNECTION_H
#define EXAMPLE_CONNECTION_H

#include <stddef.h>

/* A connected socket, or -1 after saying on standard error what is wrong. */
int connection_open(const char *address, const char *port);

/* For br_sslio_init: `context` points to the socket; the number of bytes, or -1. */
int connection_read(void *context, unsigned char *bytes, size_t length);
int connection_write(void *context, const unsigned char *bytes, size_t length);

#endif
