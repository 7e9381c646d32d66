/*
 * The trust anchors: the CA certificates this firmware believes, from the headers that
 * ta-codegen generates.
 */
#ifndef EXAMPLE_ANCHORS_H
#define EXAMPLE_ANCHORS_H

#include <stddef.h>

#include <bearssl.h>

/* The table's name is Tasmota's, so that the same headers serve both. */
extern const br_x509_trust_anchor Tasmota_TA[];
extern const size_t Tasmota_TA_size;

#endif
