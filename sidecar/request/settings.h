#ifndef SIDETOK_REQUEST_SETTINGS_H
#define SIDETOK_REQUEST_SETTINGS_H

#include "buf.h"
#include "request.h"

enum { EFFORT_COUNT = EFFORT_MAX }; /* values of reasoning effort, EFFORT_UNSET left out */

/**
 * What model settings a v15 tokenizer takes. Holds no pointers: it may be kept with the loaded tokenizer.
 * Rule: mistral_common ModelSettingsBuilder, ReasoningEffortEnumBuilder, JSONSchemaBuilder.
 */
struct settings_builder {
    bool has_effort; /* reasoning_effort is supported */
    size_t n_efforts;
    enum reasoning_effort efforts[EFFORT_COUNT]; /* the values allowed, in the file's order */
    enum reasoning_effort default_effort;        /* never EFFORT_UNSET when has_effort */
    bool has_schema;                             /* json_schema is supported */
};

/** The spelling of an effort, such as "high"; static. Empty for EFFORT_UNSET. */
struct str settings_effort_text(enum reasoning_effort effort);

/** The effort so spelled, EFFORT_UNSET when there is none. */
enum reasoning_effort settings_effort_find(struct str text);

/** Whether effort is among the n efforts. */
bool settings_effort_among(enum reasoning_effort effort, const enum reasoning_effort *efforts, size_t n);

/** Appends efforts as Python's repr() writes the list: "['none', 'high']". */
void settings_efforts_write(struct buf *out, const enum reasoning_effort *efforts, size_t n);

/**
 * Reads a tokenizer file's "model_settings_builder" (not null). Errors: ValidationError, with pydantic's
 * words. Rule: ModelSettingsBuilder.model_validate.
 */
enum sidetok_error settings_builder_read(struct call *call, const struct json *value,
                                         struct settings_builder *ret_builder);

/**
 * Sets request->settings_effort and settings_schema. Errors: InvalidRequestException (an effort that the
 * model does not take). Rule: ModelSettingsBuilder.build_settings.
 */
enum sidetok_error settings_build(struct call *call, const struct settings_builder *builder,
                                  struct request *request);

/**
 * Checks ready settings: effort EFFORT_UNSET and schema NULL stand for None.
 * Errors: InvalidRequestException. Rule: ModelSettingsBuilder.validate_settings.
 */
enum sidetok_error settings_validate(struct call *call, const struct settings_builder *builder,
                                     enum reasoning_effort effort, const struct json *schema);

#endif
