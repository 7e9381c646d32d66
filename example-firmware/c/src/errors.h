/*
 * BearSSL's error numbers in words.
 */
#ifndef EXAMPLE_ERRORS_H
#define EXAMPLE_ERRORS_H

struct error_text {
	int number;
	/* The constant in BearSSL's headers. */
	const char *name;
	const char *meaning;
};

/*
 * The text for an error number. For an alert of the other side (256 + n) or one of our own
 * (512 + n) it is the text of alert n.
 */
const struct error_text *error_find(int number);

#endif
