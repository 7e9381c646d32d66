/*
 * A table of trust anchors that takes in the two generated headers the way Tasmota's does: the data at file scope, the
 * descriptors as the last elements of the array, and three macros that say which entries there are. Compiled as C and as C++.
 */
#include <stddef.h>
#include <bearssl.h>

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)
#if defined(PROGMEM_IS_A_SECTION)
/* As on the ESP8266, where whatever has no section of its own is copied to RAM. */
#define PROGMEM __attribute__((section(".progmem." STRING(__COUNTER__))))
#else
#define PROGMEM
#endif

#if !defined(OMIT_LETS_ENCRYPT_CERT)
static const unsigned char PROGMEM built_in_1_name[] = { 0x30, 0x00 };
static const unsigned char PROGMEM built_in_1_point[] = { 0x04, 0x01, 0x02 };
#endif
#if !defined(OMIT_AWS_CERT)
static const unsigned char PROGMEM built_in_2_name[] = { 0x30, 0x00 };
static const unsigned char PROGMEM built_in_2_modulus[] = { 0xC5 };
static const unsigned char PROGMEM built_in_2_exponent[] = { 0x03 };
#endif
#if defined(INCLUDE_LOCAL_CERT)
#include <include/local_ca_data.h>
#endif

#if defined(__cplusplus)
extern "C" {
#endif
extern const br_x509_trust_anchor Tasmota_TA[];
extern const size_t Tasmota_TA_size;
#if defined(__cplusplus)
}
#endif

const br_x509_trust_anchor PROGMEM Tasmota_TA[] = {
#if !defined(OMIT_LETS_ENCRYPT_CERT)
	{
		{ (unsigned char *)built_in_1_name, sizeof built_in_1_name },
		BR_X509_TA_CA,
		{ BR_KEYTYPE_EC, { .ec = { BR_EC_secp256r1, (unsigned char *)built_in_1_point, sizeof built_in_1_point } } }
	}
#if !defined(OMIT_AWS_CERT) || defined(INCLUDE_LOCAL_CERT)
	,
#endif
#endif
#if !defined(OMIT_AWS_CERT)
	{
		{ (unsigned char *)built_in_2_name, sizeof built_in_2_name },
		BR_X509_TA_CA,
		{ BR_KEYTYPE_RSA, { .rsa = {
			(unsigned char *)built_in_2_modulus, sizeof built_in_2_modulus,
			(unsigned char *)built_in_2_exponent, sizeof built_in_2_exponent,
		} } }
	}
#if defined(INCLUDE_LOCAL_CERT)
	,
#endif
#endif
#if defined(INCLUDE_LOCAL_CERT)
#include <include/local_ca_descriptor.h>
#endif
};

const size_t Tasmota_TA_size = sizeof Tasmota_TA / sizeof(br_x509_trust_anchor);
