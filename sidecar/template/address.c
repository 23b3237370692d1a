#include "address.h"

#include "buf.h"
#include "python_repr.h"
#include "python_text.h"
#include "utf8.h"

#include <arpa/inet.h>

struct address {
    struct call *call;
    struct str url;              /* without white space before it */
    struct str scheme;           /* empty: none */
    bool has_no_slashes;         /* urllib3 puts "//" before it */
    struct str auth, host, port; /* as written; the port without its zeros */
    struct str name;             /* the host as it is looked up */
    struct buf message;          /* of the verdict */
    enum address_verdict verdict;
};

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_control(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool equal_lower(struct str text, struct str word)
{
    size_t i = 0;
    if (text.size != word.size)
        return false;
    while (i < text.size && lower(text.data[i]) == word.data[i])
        i++;
    return i == text.size;
}

/* "%" and two hexadecimal digits. */
static bool is_escape(struct str text, size_t at)
{
    return at + 2 < text.size && text.data[at] == '%' && is_hex(text.data[at + 1]) &&
           is_hex(text.data[at + 2]);
}

static unsigned char read_escape(struct str text, size_t at)
{
    unsigned value = 0;
    for (size_t i = at + 1; i <= at + 2; i++) {
        char c = lower(text.data[i]);
        value = value * 16 + (unsigned)(is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return (unsigned char)value;
}

static bool is_unreserved(char c)
{
    return is_letter(c) || is_digit(c) || is_one_of(c, "._-~");
}

/* The verdict, with before, repr(text) and after for its message. */
static void decide(struct address *address, enum address_verdict verdict, const char *before, struct str text,
                   const char *after)
{
    address->verdict = verdict;
    buf_append(&address->message, str_from(before));
    python_repr_str(&address->message, text);
    buf_append(&address->message, str_from(after));
}

/* Rule: parse_url: a text without a scheme is an authority from its start; a scheme has no point in it. */
static struct str split_scheme(struct address *address)
{
    struct str url = address->url;
    size_t n = 0, end = 0;
    while (n < url.size &&
           (is_letter(url.data[n]) || (n > 0 && (is_digit(url.data[n]) || is_one_of(url.data[n], "+-")))))
        n++;
    address->has_no_slashes = n == 0 || n == url.size || url.data[n] != ':';
    struct str rest = address->has_no_slashes ? url : str_from_offset(url, n + 1);
    if (!address->has_no_slashes)
        address->scheme = (struct str){url.data, n};
    if (!address->has_no_slashes && !str_starts_with(rest, STR("//")))
        return STR("");
    rest = address->has_no_slashes ? rest : str_from_offset(rest, 2);
    while (end < rest.size && !is_one_of(rest.data[end], "\\/?#"))
        end++;
    return (struct str){rest.data, end};
}

bool address_is_ipv6(struct str host)
{
    char text[64];
    struct in6_addr six;
    if (host.size >= sizeof text || memchr(host.data, '\0', host.size))
        return false;
    memcpy(text, host.data, host.size);
    text[host.size] = '\0';
    return inet_pton(AF_INET6, text, &six) == 1;
}

/* One to most digits, or hexadecimal ones, from at on. */
static size_t span_digits(struct str text, size_t at, bool (*is_kind)(char), size_t most)
{
    size_t n = 0;
    while (n < most && at + n < text.size && is_kind(text.data[at + n]))
        n++;
    return n;
}

/* Four numbers of up to three digits, of any value: urllib3's pattern. 0: there are none at at. */
static size_t span_ipv4(struct str text, size_t at)
{
    size_t begin = at;
    for (int i = 0; i < 4; i++) {
        size_t n = span_digits(text, at, is_digit, 3);
        if (n == 0 || (i < 3 && (at + n >= text.size || text.data[at + n] != '.')))
            return 0;
        at += n + (i < 3);
    }
    return at - begin;
}

/* Rule: urllib3's _IPV6_PAT: eight groups, or up to seven around one "::"; the last two may be an IPv4
 * address. */
static bool is_ipv6_pattern(struct str host)
{
    int n_groups = 0, n_gaps = 0;
    size_t at = 0;
    while (at < host.size) {
        size_t ipv4 = span_ipv4(host, at), hex = span_digits(host, at, is_hex, 4);
        if (str_starts_with(str_from_offset(host, at), STR("::")) && ++n_gaps == 1) {
            at += 2;
            continue;
        }
        if (ipv4 && at + ipv4 == host.size)
            return n_gaps ? n_groups + 2 <= 7 : n_groups + 2 == 8;
        if (hex == 0)
            return false;
        n_groups++;
        at += hex;
        if (at == host.size)
            break;
        if (host.data[at] != ':' || at + 1 == host.size)
            return false;
        at += host.data[at + 1] != ':';
    }
    return n_gaps ? n_gaps == 1 && n_groups <= 7 : n_groups == 8;
}

/* "%25" or "%", then one or more unreserved characters or escapes. */
static bool is_zone(struct str zone)
{
    size_t at = str_starts_with(zone, STR("%25")) && zone.size > 3 ? 3 : 1;
    if (at >= zone.size)
        return false;
    while (at < zone.size && (is_unreserved(zone.data[at]) || is_escape(zone, at)))
        at += zone.data[at] == '%' ? 3 : 1;
    return at == zone.size;
}

/* How many bytes of text are an address in brackets; 0: none. */
static size_t span_brackets(struct str text)
{
    const char *close = memchr(text.data, ']', text.size);
    if (text.size == 0 || text.data[0] != '[' || !close)
        return 0;
    struct str inner = {text.data + 1, (size_t)(close - text.data) - 1};
    const char *percent = memchr(inner.data, '%', inner.size);
    struct str host = {inner.data, percent ? (size_t)(percent - inner.data) : inner.size};
    bool fits = is_ipv6_pattern(host) && (!percent || is_zone(str_from_offset(inner, host.size)));
    return fits ? inner.size + 2 : 0;
}

static size_t span_name(struct str text)
{
    size_t at = 0;
    while (at < text.size && !is_one_of(text.data[at], "[]:") &&
           (text.data[at] != '%' || is_escape(text, at)))
        at++;
    return at;
}

/* A colon and digits, of which those after leading zeros are at most five. */
static bool split_port(struct address *address, struct str text)
{
    size_t at = 1;
    if (text.size == 0)
        return true;
    if (text.data[0] != ':' || span_digits(text, 1, is_digit, text.size) + 1 != text.size)
        return false;
    while (at + 1 < text.size && text.data[at] == '0')
        at++;
    address->port = str_from_offset(text, at);
    return address->port.size <= 5;
}

static void refuse_control(struct address *address, struct str text)
{
    size_t at = 0;
    while (at < text.size && !is_control(text.data[at]))
        at++;
    if (at == text.size)
        return;
    decide(address, ADDRESS_INVALID_URL, "Failed to parse: Host ", text, " contains invalid character ");
    python_repr_str(&address->message, (struct str){text.data + at, 1});
}

/* Rule: parse_url up to the port. */
static void split_authority(struct address *address, struct str authority)
{
    size_t at = authority.size;
    while (at > 0 && authority.data[at - 1] != '@')
        at--;
    struct str text = str_from_offset(authority, at);
    size_t n = text.size && text.data[0] == '[' ? span_brackets(text) : span_name(text);
    address->auth = (struct str){authority.data, at ? at - 1 : 0};
    address->host = (struct str){text.data, n};
    if (!split_port(address, str_from_offset(text, n))) {
        refuse_control(address, text);
        if (!address->verdict)
            decide(address, ADDRESS_INVALID_URL, "Failed to parse: ", text, " is not a valid host or port");
        return;
    }
    unsigned port = 0;
    for (size_t i = 0; i < address->port.size; i++)
        port = port * 10 + (unsigned)(address->port.data[i] - '0');
    if (port <= 65535)
        return;
    address->verdict = ADDRESS_INVALID_URL;
    buf_append(&address->message,
               address->has_no_slashes ? STR("Failed to parse: //") : STR("Failed to parse: "));
    buf_append(&address->message, address->url);
}

/* Rule: urllib3's _IPV4_RE: one to four numbers, decimal or hexadecimal. */
static bool is_ipv4_pattern(struct str host)
{
    size_t at = 0;
    for (int n = 1; n <= 4; n++) {
        bool is_hexadecimal = at + 2 < host.size && host.data[at] == '0' && lower(host.data[at + 1]) == 'x' &&
                              is_hex(host.data[at + 2]);
        at += is_hexadecimal ? 2 : 0;
        size_t span = span_digits(host, at, is_hexadecimal ? is_hex : is_digit, host.size);
        at += span;
        if (span == 0 || at == host.size)
            return span > 0;
        if (host.data[at++] != '.')
            return false;
    }
    return false;
}

/* Rule: _normalize_host of a name: escapes of unreserved characters are undone, the others in capitals. */
static void normalize_name(struct address *address)
{
    struct str host = address->host;
    struct buf out;
    buf_init(&out, address->call);
    for (size_t at = 0; at < host.size; at++) {
        if (host.data[at] != '%') {
            buf_append_char(&out, lower(host.data[at]));
            continue;
        }
        unsigned char c = read_escape(host, at);
        if (c < ' ' || c == 0x7f) {
            decide(address, ADDRESS_INVALID_URL, "Failed to parse: Host ", host,
                   " contains invalid percent-encoded control character ");
            python_repr_str(&address->message, (struct str){host.data + at, 3});
            return;
        }
        if (is_unreserved((char)c))
            buf_append_char(&out, lower((char)c));
        else
            buf_printf(&out, "%%%02X", c);
        at += 2;
    }
    address->name = buf_str(&out);
    if (out.out_of_memory)
        address->message.out_of_memory = true;
}

static bool is_web(const struct address *address)
{
    return equal_lower(address->scheme, STR("http")) || equal_lower(address->scheme, STR("https"));
}

/* Rule: _normalize_host. */
static void check_host(struct address *address)
{
    refuse_control(address, address->host);
    address->name = address->host;
    bool is_name = address->host.size > 0 && address->host.data[0] != '[' && !is_ipv4_pattern(address->host);
    if (!address->verdict && is_name && (address->scheme.size == 0 || is_web(address)))
        normalize_name(address);
}

/* Whether IDNA has a say in the name, whose tables are not here. */
static bool is_international(const struct address *address)
{
    for (size_t i = 0; i < address->name.size; i++)
        if ((unsigned char)address->name.data[i] >= 0x80)
            return true;
    return false;
}

/* Rule: prepare_url after parse_url. */
static void check_parts(struct address *address)
{
    if (address->scheme.size == 0) {
        decide(address, ADDRESS_MISSING_SCHEMA, "Invalid URL ", address->url,
               ": No scheme supplied. Perhaps you meant https://");
        buf_append(&address->message, address->url);
        buf_append_char(&address->message, '?');
    } else if (address->host.size == 0) {
        decide(address, ADDRESS_INVALID_URL, "Invalid URL ", address->url, ": No host supplied");
    } else if (address->name.size > 0 && is_one_of(address->name.data[0], "*.")) {
        address->verdict = ADDRESS_INVALID_URL;
        buf_append(&address->message, STR("URL has an invalid label."));
    }
}

/* Escapes are undone only where all are whole: else urllib3 escapes the percent signs themselves. */
static struct str unquote(struct address *address, struct str text)
{
    struct buf bytes, out;
    bool all = true;
    buf_init(&bytes, address->call);
    buf_init(&out, address->call);
    for (size_t at = 0; at < address->auth.size; at++)
        all = all && (address->auth.data[at] != '%' || is_escape(address->auth, at));
    for (size_t at = 0; at < text.size; at++) {
        bool is_escaped = all && text.data[at] == '%';
        buf_append_char(&bytes, is_escaped ? (char)read_escape(text, at) : text.data[at]);
        at += is_escaped ? 2 : 0;
    }
    utf8_append_replaced(&out, buf_str(&bytes));
    address->message.out_of_memory |= bytes.out_of_memory || out.out_of_memory;
    return buf_str(&out);
}

/* Rule: _basic_auth_str: a name or password goes into a header as Latin-1. */
static void check_latin(struct address *address, struct str text)
{
    uint32_t first = 0, c;
    size_t begin = 0, n = 0, position = 0;
    for (size_t at = 0; at < text.size; position++) {
        at += utf8_read(text, at, &c);
        if (c <= 0xff && n > 0)
            break;
        if (c > 0xff && n++ == 0) {
            begin = position;
            first = c;
        }
    }
    if (n == 0)
        return;
    address->verdict = ADDRESS_BROKEN;
    buf_append(&address->message, STR("'latin-1' codec can't encode character"));
    if (n == 1)
        buf_printf(&address->message,
                   first > 0xffff ? " '\\U%08x' in position %zu" : " '\\u%04x' in position %zu", first,
                   begin);
    else
        buf_printf(&address->message, "s in position %zu-%zu", begin, begin + n - 1);
    buf_append(&address->message, STR(": ordinal not in range(256)"));
}

/* Rule: get_auth_from_url: only a name with a password is one. */
static void check_auth(struct address *address)
{
    const char *colon = memchr(address->auth.data, ':', address->auth.size);
    if (!colon)
        return;
    size_t n = (size_t)(colon - address->auth.data);
    check_latin(address, unquote(address, (struct str){address->auth.data, n}));
    if (!address->verdict)
        check_latin(address, unquote(address, str_from_offset(address->auth, n + 1)));
}

/* Rule: the codec "idna" on the way to the socket: no label but the last is empty, none has over 63 bytes. */
static void check_labels(struct address *address)
{
    struct str name = address->name;
    for (size_t at = 0, label = 0; at <= name.size; at++) {
        for (label = at; at < name.size && name.data[at] != '.';)
            at++;
        if (at - label <= 63 && (at > label || at == name.size))
            continue;
        address->verdict = ADDRESS_BROKEN;
        buf_append(&address->message, STR("Failed to parse: '"));
        buf_append(&address->message, name);
        buf_append(&address->message, STR("', label empty or too long"));
        return;
    }
}

/* Rule: the cookies of a request ask urlsplit() for the address, which looks into the brackets. */
static void check_brackets(struct address *address)
{
    struct str host = {address->host.data + 1, address->host.size - 2};
    if (memchr(host.data, '%', host.size) || address_is_ipv6(host))
        return;
    char *text = call_alloc(address->call, host.size + 1);
    for (size_t i = 0; text && i < host.size; i++)
        text[i] = lower(host.data[i]);
    address->message.out_of_memory |= !text;
    decide(address, ADDRESS_BROKEN, "", (struct str){text, text ? host.size : 0},
           " does not appear to be an IPv4 or IPv6 address");
}

static void check_web(struct address *address)
{
    if (address->host.data[0] == '[')
        check_brackets(address);
    if (!address->verdict)
        check_auth(address);
    if (!address->verdict && address->host.data[0] != '[')
        check_labels(address);
}

enum sidetok_error address_check(struct call *call, struct str url, enum address_verdict *ret_verdict,
                                 struct str *ret_message)
{
    struct address address = {.call = call, .url = python_lstrip(url)};
    *ret_verdict = ADDRESS_FETCHED;
    *ret_message = STR("");
    if (address.url.size < 4 || !equal_lower((struct str){address.url.data, 4}, STR("http")))
        return SIDETOK_OK;
    buf_init(&address.message, call);
    split_authority(&address, split_scheme(&address));
    if (!address.verdict)
        check_host(&address);
    bool is_known = !address.verdict && !is_international(&address);
    if (is_known)
        check_parts(&address);
    if (is_known && !address.verdict && is_web(&address))
        check_web(&address);
    *ret_verdict = address.verdict;
    return buf_finish(&address.message, ret_message);
}
