#include "connection.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A broker that says nothing for this long is not going to. */
#define TIMEOUT_SECONDS 10

int connection_open(const char *address, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *addresses;
	struct timeval timeout = { .tv_sec = TIMEOUT_SECONDS };
	int error = getaddrinfo(address, port, &hints, &addresses);
	int socket_number;

	if (error != 0) {
		fprintf(stderr, "%s: %s\n", address, gai_strerror(error));
		return -1;
	}
	socket_number = socket(addresses->ai_family, addresses->ai_socktype, addresses->ai_protocol);
	if (socket_number < 0 || connect(socket_number, addresses->ai_addr, addresses->ai_addrlen) != 0) {
		perror(address);
		freeaddrinfo(addresses);
		return -1;
	}
	freeaddrinfo(addresses);
	setsockopt(socket_number, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	setsockopt(socket_number, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	return socket_number;
}

/* BearSSL never asks for nothing, so 0 is the other side's end of the connection: an error. */
static int result(ssize_t count)
{
	return count > 0 ? (int)count : -1;
}

int connection_read(void *context, unsigned char *bytes, size_t length)
{
	ssize_t count;

	do {
		count = recv(*(int *)context, bytes, length, 0);
	} while (count < 0 && errno == EINTR);
	return result(count);
}

int connection_write(void *context, const unsigned char *bytes, size_t length)
{
	ssize_t count;

	do {
		/* A broker that has gone is an error to report, not a signal to die of. */
		count = send(*(int *)context, bytes, length, MSG_NOSIGNAL);
	} while (count < 0 && errno == EINTR);
	return result(count);
}
