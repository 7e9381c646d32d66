/*
 * The two generated headers, included the way Tasmota's tasmota_ca.ino includes them: the
 * arrays at file scope, the descriptors inside the table.
 */
#include "anchors.h"
#include "pgmspace.h"

#if defined(USE_TLS)

#if defined(INCLUDE_LOCAL_CERT)
#include <include/local_ca_data.h>
#endif

const br_x509_trust_anchor PROGMEM Tasmota_TA[] = {
#if defined(INCLUDE_LOCAL_CERT)
#include <include/local_ca_descriptor.h>
#endif
};

const size_t Tasmota_TA_size = sizeof Tasmota_TA / sizeof Tasmota_TA[0];

#endif
