/*
 * crc32c.h - the checksum of stored and transmitted bytes.
 *
 * Castagnoli polynomial 0x1edc6f41 reflected, initial and final inversion
 * (RFC 3720, appendix B.4); uses the processor's instruction where it has one.
 */
#ifndef PROTO_BASE_CRC32C_H
#define PROTO_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from crc, which is 0 at first. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);

#endif
