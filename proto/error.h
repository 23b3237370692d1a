#ifndef SIDETOK_PROTO_ERROR_H
#define SIDETOK_PROTO_ERROR_H

#ifndef SIDETOK_ERROR_DEFINED /* sidetok.h, which is installed alone, spells the same enum out; a test compares them */
#define SIDETOK_ERROR_DEFINED
/** Every outcome that crosses the wire or a room's border; expanded from error.def. */
enum sidetok_error {
#define X(code, value, wire_name, family) SIDETOK_##code = value,
#include "error.def"
};
#endif

/** The name on the wire: the reference's exception class, or our own word. Static; "unknown" for no known code. */
const char *error_name(enum sidetok_error error);

/** "MistralCommonException", "ValueError", "ValidationError", "other", "service", or "none" for OK. Static. */
const char *error_family(enum sidetok_error error);

/** The code of a wire name; SIDETOK_E_BAD_REPLY when no error has that name. */
enum sidetok_error error_from_name(const char *name);

#endif
