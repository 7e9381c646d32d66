/*
 * PROGMEM, the mark on every array that ta-codegen --c-header writes.
 *
 * On an ESP8266 constant data lands in RAM unless it is placed in a section of the
 * memory-mapped flash, whose name starts with .irom.text; each array needs a section of
 * its own so that the linker can drop the ones nobody uses. Everywhere else constants are
 * in flash already, or the machine has no flash, and the mark is empty.
 */
#ifndef EXAMPLE_PGMSPACE_H
#define EXAMPLE_PGMSPACE_H

#if defined(ESP8266)
#define PGMSPACE_TEXT_(x) #x
#define PGMSPACE_TEXT(x) PGMSPACE_TEXT_(x)
#define PROGMEM                                                                      \
	__attribute__((section(".irom.text." PGMSPACE_TEXT(__LINE__) "." PGMSPACE_TEXT(__COUNTER__))))
#else
#define PROGMEM
#endif

#endif
