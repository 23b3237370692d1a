#ifndef SIDETOK_TEMPLATE_DATA_URL_H
#define SIDETOK_TEMPLATE_DATA_URL_H

#include "call.h"
#include "str.h"

/**
 * The payload of a base64 data URL, or the text itself where it does not begin with "data:". ValueError where
 * it does and is not well formed. A view. Rule: mistral_common maybe_strip_base64_data_url_prefix.
 */
enum sidetok_error data_url_payload(struct call *call, struct str text, struct str *ret_payload);

/** The first n code points of text: Python's text[:n]. A view. */
struct str data_url_head(struct str text, size_t n);

/** An error whose words are before, Python's repr of text, and after. */
enum sidetok_error data_url_fail_repr(struct call *call, enum sidetok_error code, struct str before,
                                      struct str text, struct str after);

/** How far a path can be told from outside: it is never opened. */
enum path_kind {
    PATH_MISSING,
    PATH_NO_DIRECTORY,
    PATH_TOO_LONG,
    PATH_LOOP, /* of symbolic links */
    PATH_DIRECTORY,
    PATH_EMPTY,
    PATH_NULL_DEVICE, /* empty to who reads it, no file to who asks */
    PATH_DEVICE,      /* or anything else that is no file */
    PATH_OTHER,
};

/** What stands at a path, by stat() alone; a path with a zero byte is missing; the empty path
 * is the current folder, as for pathlib. */
enum path_kind data_url_path_kind(struct call *call, struct str path);

/**
 * What Python makes of a path before it asks the system: UnicodeEncodeError for lone surrogates that stand
 * for no byte, ValueError for a zero byte.
 */
enum sidetok_error data_url_check_path(struct call *call, struct str path);

#endif
