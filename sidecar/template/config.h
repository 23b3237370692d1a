#ifndef SIDETOK_TEMPLATE_CONFIG_H
#define SIDETOK_TEMPLATE_CONFIG_H

#include "buf.h"
#include "json.h"

/**
 * The arguments of a Python dataclass, as a section of tekken.json hands them over: an unknown or a missing
 * one is the TypeError of its __init__. names: the required ones first, n_required of n.
 */
enum sidetok_error config_check_names(struct call *call, struct str class_name, const struct json *section,
                                      const struct str *names, size_t n_required, size_t n);

/** A number member as a double; absent and null give the default. false: it is none of these. */
bool config_number(const struct json *section, struct str name, double fallback, double *ret);

/** Whether the member is there and not null. */
bool config_has(const struct json *section, struct str name);

/** A member's Python repr; None when it is absent. */
struct str config_repr(struct call *call, const struct json *section, struct str name);

/** The member is a JSON integer that fits; else SIDETOK_E_NOT_SUPPORTED, which names it. */
enum sidetok_error config_integer(struct call *call, const struct json *section, struct str name,
                                  int64_t fallback, int64_t *ret);

#endif
