#ifndef SIDETOK_SUPPORT_FILE_H
#define SIDETOK_SUPPORT_FILE_H

#include "call.h"
#include "str.h"

/**
 * Python's str(Path(path)): "." and empty parts left out, two leading slashes kept, "" as ".". In call's
 * memory. NULL data when memory is out (recorded). Rule: pathlib.PurePosixPath of Python 3.11.
 */
struct str file_path_normalize(struct call *call, struct str path);

/** The last part of a normalized path: PurePath.name. Empty for "." and "/". */
struct str file_path_name(struct str normalized);

/** Whether path names an existing regular file, links followed; errors as Path.is_file() raises them. */
enum sidetok_error file_is_regular(struct call *call, struct str path, bool *ret);

/** Reads a whole file into call's memory. Errors are those of Python's open(): "[Errno 13] Permission ...:
 * 'path'". */
enum sidetok_error file_read(struct call *call, struct str path, struct str *ret_bytes);

#endif
