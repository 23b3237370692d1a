#include "apply_fit.h"
#include "tests/support/test.h"

/* Truncation and padding of ids, without a tokenizer: what the reference's wrapper answers to each pair of
 * arguments. */

static struct call call;
static struct model model;

static const struct json *read(const char *text)
{
    static struct json values[2];
    static size_t n;
    struct json *value = &values[n++ % 2];
    if (!text)
        return NULL;
    CHECK_INT(json_read(&call, str_from(text), value), SIDETOK_OK);
    return value;
}

struct fit_case {
    const char *padding, *max_length; /* JSON; NULL: not given */
    bool truncation, is_batch;
    enum sidetok_error error;
    const char *expected; /* the ids of lists of 3 and of 1, or the message */
};

static enum sidetok_error fit(const struct fit_case *c, struct ids *all)
{
    struct apply_fit wish = {c->truncation, read(c->padding), read(c->max_length)};
    model.control_ids[CONTROL_PAD] = 9;
    for (size_t i = 0; i < 2; i++) {
        all[i] = (struct ids){0};
        uint32_t *room = ids_reserve(&call, &all[i], 3);
        all[i].n = i == 0 ? 3 : 1;
        for (uint32_t k = 0; k < all[i].n; k++)
            room[k] = k + 1;
    }
    return apply_fit(&call, &wish, &model, all, c->is_batch ? 2 : 1, c->is_batch);
}

static struct str show(const struct ids *all, size_t n)
{
    struct buf out;
    struct str text;
    buf_init(&out, &call);
    for (size_t i = 0; i < n; i++) {
        buf_append(&out, i > 0 ? STR("|") : STR(""));
        for (size_t k = 0; k < all[i].n; k++)
            buf_printf(&out, "%u", all[i].data[k]);
    }
    CHECK_INT(buf_finish(&out, &text), SIDETOK_OK);
    return text;
}

static void check(const struct fit_case *cases, size_t n)
{
    call_init(&call);
    for (size_t i = 0; i < n; i++) {
        struct ids all[2];
        call_reset(&call);
        enum sidetok_error error = fit(&cases[i], all);
        CHECK_INT(error, cases[i].error);
        struct str got = error ? call.failure.message : show(all, cases[i].is_batch ? 2 : 1);
        CHECK_STR(got, str_from(cases[i].expected));
    }
    call_done(&call);
}

TEST(apply_truncates_on_the_right_and_pads_on_the_left)
{
    static const struct fit_case cases[] = {
        {NULL, "2", true, false, 0, "12"},
        {NULL, "2", false, false, 0, "123"},
        {NULL, "0", true, false, 0, "123"},
        {NULL, "-1", true, false, 0, ""},
        {"true", NULL, false, false, 0, "123"},
        {"\"max_length\"", "5", false, false, 0, "99123"},
        {"\"max_length\"", "2", false, false, 0, "123"},
        {"\"max_length\"", NULL, false, false, 0, "123"},
        {"\"max_length\"", "3.0", false, false, 0, "123"},
        {"\"max_length\"", "-1", true, false, 0, ""},
        {NULL, "10000000000000000000000", true, false, 0, "123"},
    };
    check(cases, sizeof cases / sizeof cases[0]);
}

TEST(apply_fits_each_conversation_of_a_batch)
{
    static const struct fit_case cases[] = {
        {NULL, NULL, false, true, 0, "123|1"},
        {"true", NULL, false, true, 0, "123|991"},
        {"\"longest\"", "2", true, true, 0, "12|91"},
        {"\"max_length\"", "4", false, true, 0, "9123|9991"},
        {NULL, "-1", true, true, 0, "|"},
        {"\"max_length\"", "-1", true, true, 0, "|"},
        {"\"longest\"", "-1", true, true, 0, "|"},
        {"\"max_length\"", "true", true, true, 0, "1|1"},
    };
    check(cases, sizeof cases / sizeof cases[0]);
}

TEST(apply_fails_on_lengths_as_python_does)
{
    static const char no_float[] = "can't multiply sequence by non-int of type 'float'";
    static const char no_index[] = "slice indices must be integers or None or have an __index__ method";
    static const char no_size[] = "cannot fit 'int' into an index-sized integer";
    static const struct fit_case cases[] = {
        {"\"max_length\"", "2.5", false, false, SIDETOK_E_TYPE, no_float},
        {"\"max_length\"", "3.0", false, true, SIDETOK_E_TYPE, no_float}, /* the list of 1 */
        {"\"max_length\"", "NaN", true, false, SIDETOK_E_TYPE, no_float},
        {NULL, "2.5", true, true, SIDETOK_E_TYPE, no_index},
        {NULL, "\"9\"", true, false, SIDETOK_E_TYPE,
         "'>' not supported between instances of 'int' and 'str'"},
        {"\"max_length\"", "[]", true, false, SIDETOK_E_TYPE,
         "unsupported operand type(s) for -: 'list' and 'int'"},
        {"\"max_length\"", "9223372036854775807", false, false, SIDETOK_E_MEMORY, ""},
        {"\"max_length\"", "9223372036854775810", false, false, SIDETOK_E_MEMORY, ""},
        {"\"max_length\"", "9223372036854775811", false, false, SIDETOK_E_OVERFLOW, no_size},
        {"\"max_length\"", "-9223372036854775808", false, false, SIDETOK_E_OVERFLOW, no_size},
        {"\"max_length\"", "-100000000000000000000", true, true, SIDETOK_E_OVERFLOW, no_size},
        {"\"nearest\"", "2.5", true, false, SIDETOK_E_VALUE,
         "nearest is not a valid PaddingStrategy, please select one of ['longest', 'max_length', "
         "'do_not_pad']"},
    };
    check(cases, sizeof cases / sizeof cases[0]);
}

TEST_MAIN(RUN(apply_truncates_on_the_right_and_pads_on_the_left),
          RUN(apply_fits_each_conversation_of_a_batch), RUN(apply_fails_on_lengths_as_python_does))
