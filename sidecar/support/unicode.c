#include "unicode.h"

#include "unicode_table.inc"
