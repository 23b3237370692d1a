#include "buf.h"
#include "json.h"

/* The shortest decimal that reads back as the same double, and of those the closest: what Python prints.
 * Method: Schubfach (R. Giulietti, "The Schubfach way to render doubles"): one multiplication by a tabled
 * power of ten for the double and for both ends of its rounding interval, then a choice among four
 * candidates. 40 ns where snprintf() and strtod() in turn take 2 us: a request may consist of floats alone.
 */

struct power {
    uint64_t high, low;
};

enum { POWER_MIN = -292 };
static const struct power powers[] = {
#include "float_repr.inc"
};

/* digits * 10^exponent; digits has no trailing zero unless it is 0. */
struct decimal {
    uint64_t digits;
    int exponent;
};

/* The double is significand * 2^exponent. lower_is_closer: a power of two, whose lower neighbour is half as
 * far. */
struct binary {
    uint64_t significand;
    int exponent;
    bool lower_is_closer;
};

static struct binary binary_from(double positive)
{
    uint64_t bits;
    memcpy(&bits, &positive, sizeof bits);
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    int biased = (int)(bits >> 52);
    if (biased == 0)
        return (struct binary){fraction, -1074, false};
    return (struct binary){fraction | UINT64_C(1) << 52, biased - 1075, fraction == 0 && biased > 1};
}

/* The upper 64 of 192 bits of power * factor; the last bit is set when anything below was: "round to odd". */
static uint64_t multiply_to_odd(struct power power, uint64_t factor)
{
    unsigned __int128 low = (unsigned __int128)power.low * factor;
    unsigned __int128 high = (unsigned __int128)power.high * factor + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

static struct decimal strip_zeros(uint64_t digits, int exponent)
{
    while (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    return (struct decimal){digits, exponent};
}

/* In quarters of the last digit: lower .. upper reads back as the number at value. */
static struct decimal choose(uint64_t lower, uint64_t value, uint64_t upper, int exponent)
{
    uint64_t digits = value / 4, tens = digits / 10;
    bool tens_fit = lower <= 40 * tens, next_tens_fit = 40 * tens + 40 <= upper;
    if (digits >= 10 && tens_fit != next_tens_fit)
        return strip_zeros(tens + next_tens_fit, exponent + 1);
    bool digits_fit = lower <= 4 * digits, next_digits_fit = 4 * digits + 4 <= upper;
    if (digits_fit != next_digits_fit)
        return strip_zeros(digits + next_digits_fit, exponent);
    uint64_t middle = 4 * digits + 2;
    bool up = value > middle || (value == middle && digits % 2 == 1);
    return strip_zeros(digits + up, exponent);
}

static struct decimal shortest(double positive)
{
    struct binary b = binary_from(positive);
    /* floor(log10(2^exponent)), or of 3/4 of it; floor(log2(10^k)) */
    int k = (b.exponent * 1262611 - (b.lower_is_closer ? 524031 : 0)) >> 22;
    int shift = b.exponent + ((-k * 1741647) >> 19) + 1;
    struct power power = powers[-k - POWER_MIN];
    uint64_t quarters = 4 * b.significand;
    bool open =
        b.significand % 2 == 1; /* reading rounds half to even: an odd one does not get its interval's ends */
    uint64_t lower = multiply_to_odd(power, (quarters - 2 + b.lower_is_closer) << shift) + open;
    uint64_t upper = multiply_to_odd(power, (quarters + 2) << shift) - open;
    return choose(lower, multiply_to_odd(power, quarters << shift), upper, k);
}

/* Text in the making, shorter than any limit here: 17 digits, a sign, a point, an exponent or 15 zeros. */
struct text {
    char data[48];
    size_t size;
};

static void put(struct text *text, const char *data, int size)
{
    memcpy(text->data + text->size, data, (size_t)size);
    text->size += (size_t)size;
}

static void put_exponent(struct text *text, int exponent)
{
    unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
    char digits[3] = {(char)('0' + size / 100), (char)('0' + size / 10 % 10), (char)('0' + size % 10)};
    put(text, exponent < 0 ? "e-" : "e+", 2);
    put(text, size < 100 ? digits + 1 : digits, size < 100 ? 2 : 3);
}

/* The point stands after so many of the digits, with zeros where there are none. */
static void put_fixed(struct text *text, const char *digits, int n, int point)
{
    static const char zeros[] = "0000000000000000";
    int before = point < 0 ? 0 : point < n ? point : n;
    put(text, digits, before);
    put(text, zeros, point > 0 ? point - before : 1);
    put(text, ".", 1);
    put(text, zeros, point < 0 ? -point : 0);
    put(text, digits + before, n - before);
    put(text, zeros, point < n ? 0 : 1);
}

/* Rule: CPython Python/pystrtod.c format_float_short() with code 'r': exponents below -4 and from 16 on. */
static void write_decimal(struct buf *out, struct decimal decimal)
{
    char digits[24];
    int n = 0;
    for (uint64_t rest = decimal.digits; rest; rest /= 10)
        digits[sizeof digits - (size_t)++n] = (char)('0' + rest % 10);
    const char *first = digits + sizeof digits - n;
    int point = n + decimal.exponent; /* digits before the decimal point */
    struct text text = {.size = 0};
    if (point > -4 && point <= 16) {
        put_fixed(&text, first, n, point);
    } else {
        put(&text, first, 1);
        put(&text, ".", n > 1);
        put(&text, first + 1, n - 1);
        put_exponent(&text, point - 1);
    }
    buf_append(out, (struct str){text.data, text.size});
}

void json_write_float(struct buf *out, double number)
{
    if (number != number) {
        buf_append(out, STR("nan"));
        return;
    }
    if (__builtin_signbit(number))
        buf_append_char(out, '-');
    number = __builtin_fabs(number);
    if (__builtin_isinf(number))
        buf_append(out, STR("inf"));
    else if (number == 0)
        buf_append(out, STR("0.0"));
    else
        write_decimal(out, shortest(number));
}
