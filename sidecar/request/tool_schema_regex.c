#include "tool_schema_regex.h"

#include "buf.h"
#include "map.h"
#include "tool_schema_name.h"
#include "tool_schema_token.h"
#include "tool_schema_width.h"

/* Follows re._parser step by step: its order of looks decides what is an error. Of what is read only the
 * widths are kept (a look-behind must be of one width) and what the last item was (some cannot be repeated).
 */

enum { MAX_INT_DIGITS = 4300 };

struct group {
    struct width width;
    bool closed;
};

enum { FLAG_I = 1, FLAG_L = 2, FLAG_M = 4, FLAG_S = 8, FLAG_X = 16, FLAG_A = 32, FLAG_T = 64, FLAG_U = 128 };
enum { FLAGS_OF_TYPE = FLAG_A | FLAG_L | FLAG_U };

struct regex {
    struct call *call;
    struct tokens tokens;
    struct group *groups; /* by number; number 0, the whole match, cannot be referred to */
    size_t n_groups, groups_capacity;
    struct map names;
    bool has_names;
    size_t lookbehind_groups; /* groups before the outermost look-behind; 0 outside of any */
    uint32_t last_condition;  /* the greatest group number that a condition named */
    unsigned flags;           /* of the whole pattern */
    unsigned depth;
    bool has_repeat, has_bad_lookbehind; /* what the compiler may refuse, after the parser */
    enum sidetok_error raised;           /* an exception that is no re.error */
    struct str raised_message;           /* of a ValueError */
};

enum item_kind { ITEM_NONE, ITEM_POSITION, ITEM_REPEAT, ITEM_OTHER };

/* The items of a sequence so far; the last one apart, as a repeat may follow. */
struct sequence {
    struct width before, last;
    enum item_kind last_kind;
    bool verbose, first; /* white space is skipped; global flags may stand here */
};

/* Parsing functions return false to stop: the pattern is invalid, unless raised or raised_message is set. */

static bool parse_branches(struct regex *regex, bool verbose, bool is_top, struct width *ret_width);
static bool parse_sequence(struct regex *regex, bool verbose, bool first, struct width *ret_width);

static bool raise_error(struct regex *regex, enum sidetok_error error)
{
    if (!regex->tokens.is_cut)
        regex->raised = error;
    return false;
}

static bool raise_no_memory(struct regex *regex)
{
    regex->raised = failure_no_memory(regex->call);
    return false;
}

static bool raise_value(struct regex *regex, struct str message)
{
    if (!regex->tokens.is_cut)
        regex->raised_message = message;
    return false;
}

static bool sequence_push(struct sequence *sequence, enum item_kind kind, struct width width)
{
    sequence->before = width_add(sequence->before, sequence->last);
    sequence->last = width;
    sequence->last_kind = kind;
    return true;
}

static bool sequence_push_character(struct sequence *sequence)
{
    return sequence_push(sequence, ITEM_OTHER, (struct width){1, 1});
}

static bool is_closed(const struct regex *regex, uint32_t number)
{
    return number < regex->n_groups && regex->groups[number].closed;
}

/* Rule: State.checklookbehindgroup. */
static bool may_refer(const struct regex *regex, uint32_t number)
{
    return regex->lookbehind_groups == 0 || (is_closed(regex, number) && number < regex->lookbehind_groups);
}

static bool push_reference(struct regex *regex, struct sequence *sequence, uint32_t number)
{
    return is_closed(regex, number) && may_refer(regex, number) &&
           sequence_push(sequence, ITEM_OTHER, regex->groups[number].width);
}

static bool parse_escape(struct regex *regex, struct sequence *sequence, struct str escape)
{
    struct code code;
    if (!tokens_escape(&regex->tokens, escape, &code))
        return false;
    if (code.kind == CODE_GROUP)
        return push_reference(regex, sequence, code.value);
    if (code.kind == CODE_POSITION)
        return sequence_push(sequence, ITEM_POSITION, (struct width){0, 0});
    return sequence_push_character(sequence);
}

/* Python's int() of digits, and the limit of repetitions. */
static bool read_repeat(struct regex *regex, struct str digits, uint64_t *ret_number)
{
    if (digits.size > MAX_INT_DIGITS) {
        struct buf text;
        buf_init(&text, regex->call);
        buf_printf(&text,
                   "Exceeds the limit (%d digits) for integer string conversion: value has %zu digits; use "
                   "sys.set_int_max_str_digits() to increase the limit",
                   MAX_INT_DIGITS, digits.size);
        struct str message;
        return buf_finish(&text, &message) ? raise_no_memory(regex) : raise_value(regex, message);
    }
    uint64_t number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        number = number * 10 + (uint64_t)(digits.data[i] - '0');
        number = number < REPEAT_LIMIT ? number : REPEAT_LIMIT;
    }
    if (number == REPEAT_LIMIT)
        return raise_error(regex, SIDETOK_E_OVERFLOW);
    *ret_number = number;
    return true;
}

/* "{2}", "{2,}", "{,3}", "{2,3}", from after the brace; whatever else follows makes the brace a character. */
static bool parse_braces(struct regex *regex, bool *ret_literal, uint64_t *least, uint64_t *most)
{
    struct tokens *tokens = &regex->tokens;
    size_t here = tokens_tell(tokens);
    *ret_literal = token_is(tokens->next, '}');
    if (*ret_literal)
        return true;
    struct str low = tokens_get_while(tokens, SIZE_MAX, "0123456789"), high = low;
    if (tokens_match(tokens, ','))
        high = tokens_get_while(tokens, SIZE_MAX, "0123456789");
    *ret_literal = !tokens_match(tokens, '}');
    if (*ret_literal) {
        tokens_seek(tokens, here);
        return true;
    }
    if (low.size > 0 && !read_repeat(regex, low, least))
        return false;
    return high.size == 0 || (read_repeat(regex, high, most) && *most >= *least);
}

static bool parse_repeat(struct regex *regex, struct sequence *sequence, char c)
{
    uint64_t least = c == '+', most = c == '?' ? 1 : REPEAT_LIMIT;
    if (c == '{') {
        bool is_literal;
        if (!parse_braces(regex, &is_literal, &least, &most))
            return false;
        if (is_literal)
            return sequence_push_character(sequence);
    }
    if (sequence->last_kind != ITEM_OTHER)
        return false;
    if (!tokens_match(&regex->tokens, '?'))
        tokens_match(&regex->tokens, '+');
    sequence->last = width_repeat(sequence->last, least, most);
    sequence->last_kind = ITEM_REPEAT;
    regex->has_repeat = true;
    return true;
}

/* A name may be given once. */
static bool open_name(struct regex *regex, struct str name, uint32_t number)
{
    uint32_t known = number;
    if (!regex->has_names && map_init(regex->call, &regex->names, 4))
        return raise_no_memory(regex);
    regex->has_names = true;
    if (map_add(regex->call, &regex->names, name, number, &known))
        return raise_no_memory(regex);
    return known == number;
}

/* Makes a group with the next number. Rule: State.opengroup. */
static bool open_group(struct regex *regex, struct str name, size_t *ret_number)
{
    size_t number = regex->n_groups++;
    if (number >= regex->groups_capacity) {
        size_t capacity = 2 * number + 6;
        struct group *groups = arena_grow(&regex->call->arena, regex->groups,
                                          regex->groups_capacity * sizeof *groups, capacity * sizeof *groups);
        if (!groups)
            return raise_no_memory(regex);
        regex->groups = groups;
        regex->groups_capacity = capacity;
    }
    regex->groups[number] = (struct group){0};
    *ret_number = number;
    return !name.data || open_name(regex, name, (uint32_t)number);
}

/* The inside of a group and its closing parenthesis. */
static bool parse_inside(struct regex *regex, bool verbose, struct width *ret_width)
{
    return parse_branches(regex, verbose, false, ret_width) && tokens_match(&regex->tokens, ')');
}

static bool parse_plain_group(struct regex *regex, struct sequence *sequence, bool verbose)
{
    struct width width;
    return parse_inside(regex, verbose, &width) && sequence_push(sequence, ITEM_OTHER, width);
}

static bool parse_capture(struct regex *regex, struct sequence *sequence, struct str name)
{
    size_t number;
    struct width width;
    if (!open_group(regex, name, &number) || !parse_inside(regex, sequence->verbose, &width))
        return false;
    regex->groups[number] = (struct group){.width = width, .closed = true};
    return sequence_push(sequence, ITEM_OTHER, width);
}

static bool find_name(const struct regex *regex, struct str name, uint32_t *ret_number)
{
    return regex->has_names && map_find(&regex->names, name, ret_number);
}

/* "(?P<name>...)" and "(?P=name)", from after the P. */
static bool parse_named(struct regex *regex, struct sequence *sequence)
{
    struct str name;
    uint32_t number;
    if (tokens_match(&regex->tokens, '<'))
        return tokens_get_until(&regex->tokens, '>', &name) && name_is_identifier(name) &&
               parse_capture(regex, sequence, name);
    return tokens_match(&regex->tokens, '=') && tokens_get_until(&regex->tokens, ')', &name) &&
           name_is_identifier(name) && find_name(regex, name, &number) &&
           push_reference(regex, sequence, number);
}

static bool parse_comment(struct regex *regex)
{
    while (!tokens_end(&regex->tokens))
        if (token_is(tokens_get(&regex->tokens), ')'))
            return true;
    return false;
}

static bool parse_look_ahead(struct regex *regex, struct sequence *sequence)
{
    struct width width;
    return parse_inside(regex, sequence->verbose, &width) &&
           sequence_push(sequence, ITEM_OTHER, (struct width){0, 0});
}

/* "(?<=" and "(?<!", from after the less-than sign. */
static bool parse_look_behind(struct regex *regex, struct sequence *sequence)
{
    struct width width;
    size_t outer = regex->lookbehind_groups;
    if (!token_in(tokens_get(&regex->tokens), "=!"))
        return false;
    if (outer == 0)
        regex->lookbehind_groups = regex->n_groups;
    if (!parse_inside(regex, sequence->verbose, &width))
        return false;
    regex->lookbehind_groups = outer;
    regex->has_bad_lookbehind |= width.low != width.high || width.low == WIDTH_LIMIT;
    return sequence_push(sequence, ITEM_OTHER, (struct width){0, 0});
}

/* The group that a condition names: by a name that is known, or by a number that the pattern's end must
 * reach. */
static bool parse_condition_group(struct regex *regex, uint32_t *ret_number)
{
    struct str name;
    if (!tokens_get_until(&regex->tokens, ')', &name))
        return false;
    if (name_is_identifier(name))
        return find_name(regex, name, ret_number);
    if (!name_read_number(name, ret_number) || *ret_number == 0)
        return false;
    if (*ret_number > regex->last_condition)
        regex->last_condition = *ret_number;
    return true;
}

/* "(?(group)yes|no)", from after the second parenthesis. */
static bool parse_condition(struct regex *regex, struct sequence *sequence)
{
    uint32_t number;
    struct width yes, no = {0, 0};
    if (!parse_condition_group(regex, &number) || !may_refer(regex, number) ||
        !parse_sequence(regex, sequence->verbose, false, &yes))
        return false;
    if (tokens_match(&regex->tokens, '|') && !parse_sequence(regex, sequence->verbose, false, &no))
        return false;
    return tokens_match(&regex->tokens, ')') && sequence_push(sequence, ITEM_OTHER, width_either(yes, no));
}

static unsigned flag_of(struct str token)
{
    static const char letters[] = "iLmsxatu";
    return token_in(token, letters) ? 1u << (strchr(letters, token.data[0]) - letters) : 0;
}

/* Flags that are turned on, from the first one to the token that ends them: ")", "-" or ":". */
static bool parse_flags_on(struct regex *regex, struct str *token, unsigned *flags)
{
    while (!token_in(*token, ")-:")) {
        unsigned flag = flag_of(*token);
        *flags |= flag;
        if (!flag || flag == FLAG_L || (flag & FLAGS_OF_TYPE && (*flags & FLAGS_OF_TYPE) != flag))
            return false;
        *token = tokens_get(&regex->tokens);
    }
    return true;
}

/* Flags that are turned off, from after the minus sign to after the colon: at least one. */
static bool parse_flags_off(struct regex *regex, unsigned *flags)
{
    struct str token = tokens_get(&regex->tokens);
    do {
        unsigned flag = flag_of(token);
        if (!flag || flag & FLAGS_OF_TYPE)
            return false;
        *flags |= flag;
        token = tokens_get(&regex->tokens);
    } while (!token_is(token, ':'));
    return true;
}

/* "(?i)", "(?i:...)", "(?i-m:...)", "(?-m:...)", from the first flag or the minus sign. Rule: _parse_flags.
 */
static bool parse_flags(struct regex *regex, struct sequence *sequence, struct str token)
{
    unsigned on = 0, off = 0;
    if (!token_is(token, '-') && !flag_of(token))
        return false;
    if (!parse_flags_on(regex, &token, &on))
        return false;
    if (token_is(token, ')')) {
        regex->flags |= on;
        sequence->verbose = regex->flags & FLAG_X;
        return sequence->first && sequence->last_kind == ITEM_NONE;
    }
    if (on & FLAG_T || (token_is(token, '-') && !parse_flags_off(regex, &off)))
        return false;
    if (off & FLAG_T || on & off)
        return false;
    return parse_plain_group(regex, sequence, (sequence->verbose || on & FLAG_X) && !(off & FLAG_X));
}

/* A group, from after its parenthesis. */
static bool parse_group(struct regex *regex, struct sequence *sequence)
{
    if (!tokens_match(&regex->tokens, '?'))
        return parse_capture(regex, sequence, (struct str){NULL, 0});
    struct str token = tokens_get(&regex->tokens);
    switch (token.size == 1 ? token.data[0] : 0) {
    case 'P':
        return parse_named(regex, sequence);
    case ':':
    case '>':
        return parse_plain_group(regex, sequence, sequence->verbose);
    case '#':
        return parse_comment(regex);
    case '=':
    case '!':
        return parse_look_ahead(regex, sequence);
    case '<':
        return parse_look_behind(regex, sequence);
    case '(':
        return parse_condition(regex, sequence);
    default:
        return parse_flags(regex, sequence, token);
    }
}

static void skip_line(struct tokens *tokens)
{
    while (!tokens_end(tokens) && !token_is(tokens_get(tokens), '\n'))
        continue;
}

static bool parse_item(struct regex *regex, struct sequence *sequence)
{
    struct str token = tokens_get(&regex->tokens);
    if (sequence->verbose && token_in(token, " \t\n\r\v\f"))
        return true;
    if (sequence->verbose && token_is(token, '#')) {
        skip_line(&regex->tokens);
        return true;
    }
    switch (token.data[0]) {
    case '\\':
        return parse_escape(regex, sequence, token);
    case '[':
        return tokens_skip_set(&regex->tokens) && sequence_push_character(sequence);
    case '*':
    case '+':
    case '?':
    case '{':
        return parse_repeat(regex, sequence, token.data[0]);
    case '(':
        return parse_group(regex, sequence);
    case '^':
    case '$':
        return sequence_push(sequence, ITEM_POSITION, (struct width){0, 0});
    default:
        return sequence_push_character(sequence);
    }
}

/* Rule: re._parser._parse. */
static bool parse_sequence(struct regex *regex, bool verbose, bool first, struct width *ret_width)
{
    struct sequence sequence = {.verbose = verbose, .first = first};
    if (++regex->depth > REGEX_MAX_DEPTH)
        return raise_error(regex, SIDETOK_E_RECURSION);
    while (!tokens_end(&regex->tokens) && !token_is(regex->tokens.next, '|') &&
           !token_is(regex->tokens.next, ')'))
        if (!parse_item(regex, &sequence))
            return false;
    regex->depth--;
    *ret_width = width_add(sequence.before, sequence.last);
    return true;
}

/* Rule: re._parser._parse_sub. */
static bool parse_branches(struct regex *regex, bool verbose, bool is_top, struct width *ret_width)
{
    if (!parse_sequence(regex, verbose, is_top, ret_width))
        return false;
    while (tokens_match(&regex->tokens, '|')) {
        struct width width;
        if (is_top)
            verbose = regex->flags & FLAG_X;
        if (!parse_sequence(regex, verbose, false, &width))
            return false;
        *ret_width = width_either(*ret_width, width);
    }
    return true;
}

/* The checks after the parser's pass, in order: flags, parentheses, conditions, the compiler's. */
static bool check_whole(struct regex *regex)
{
    if (regex->flags & FLAG_A && regex->flags & FLAG_U)
        return raise_value(regex, STR("ASCII and UNICODE flags are incompatible"));
    return tokens_end(&regex->tokens) && !regex->tokens.is_cut && regex->last_condition < regex->n_groups &&
           !(regex->flags & FLAG_T && regex->has_repeat) && !regex->has_bad_lookbehind;
}

enum sidetok_error tool_schema_regex(struct call *call, struct str pattern, bool *ret_valid,
                                     struct str *ret_raised)
{
    struct regex regex = {.call = call, .n_groups = 1};
    struct width width;
    tokens_start(&regex.tokens, pattern);
    *ret_valid = parse_branches(&regex, false, true, &width) && check_whole(&regex);
    *ret_raised = regex.raised_message;
    switch (regex.raised) {
    case SIDETOK_OK:
        return SIDETOK_OK;
    case SIDETOK_E_OVERFLOW:
        return failure_set(call, SIDETOK_E_OVERFLOW, "the repetition number is too large");
    case SIDETOK_E_RECURSION:
        return failure_set(call, SIDETOK_E_RECURSION,
                           "maximum recursion depth exceeded while calling a Python object");
    default:
        return failure_no_memory(call);
    }
}
