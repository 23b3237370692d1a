#include "audio_url.h"

#include "address.h"
#include "data_url.h"
#include "file.h"
#include "utf8.h"

#include <arpa/inet.h>

/* A URL as urllib.parse.urlparse() sees it: no leading control characters or spaces, no tab, CR or LF
 * anywhere. */
static struct str url_clean(struct call *call, struct str url)
{
    size_t begin = 0, n = 0;
    while (begin < url.size && (unsigned char)url.data[begin] <= ' ')
        begin++;
    char *out = call_alloc(call, url.size - begin + 1);
    if (!out)
        return (struct str){NULL, 0};
    for (size_t i = begin; i < url.size; i++)
        if (url.data[i] != '\t' && url.data[i] != '\r' && url.data[i] != '\n')
            out[n++] = url.data[i];
    return (struct str){out, n};
}

static char url_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool url_is_letter(char c)
{
    return url_lower(c) >= 'a' && url_lower(c) <= 'z';
}

/* The part before the first colon where it can be a scheme; else empty. Moves url past it. */
static struct str url_scheme(struct str *url)
{
    const char *colon = memchr(url->data, ':', url->size);
    struct str scheme = {url->data, colon ? (size_t)(colon - url->data) : 0};
    if (scheme.size == 0 || !url_is_letter(scheme.data[0]))
        return STR("");
    for (size_t i = 0; i < scheme.size; i++) {
        char c = scheme.data[i];
        if (!url_is_letter(c) && !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '.')
            return STR("");
    }
    *url = str_from_offset(*url, scheme.size + 1);
    return scheme;
}

static bool url_scheme_is(struct str scheme, struct str word)
{
    if (scheme.size != word.size)
        return false;
    for (size_t i = 0; i < word.size; i++)
        if (url_lower(scheme.data[i]) != word.data[i])
            return false;
    return true;
}

/* What stands between "//" and the next of "/?#"; empty without "//". */
static struct str url_netloc(struct str url)
{
    size_t n = 2;
    if (!str_starts_with(url, STR("//")))
        return STR("");
    while (n < url.size && url.data[n] != '/' && url.data[n] != '?' && url.data[n] != '#')
        n++;
    return (struct str){url.data + 2, n - 2};
}

/* "v1.x": one or more hexadecimal digits between "v" and ".", then anything. */
static bool url_is_future_address(struct str host)
{
    size_t at = 1;
    while (at < host.size && host.data[at] && strchr("0123456789abcdefABCDEF", host.data[at]))
        at++;
    return at > 1 && at + 1 < host.size && host.data[at] == '.';
}

/* Rule: urllib.parse._check_bracketed_host; ipaddress: a scope is not empty and has no "%" in it. */
static enum sidetok_error url_check_host(struct call *call, struct str host)
{
    char text[64] = "";
    struct in_addr four;
    if (str_starts_with(host, STR("v")))
        return url_is_future_address(host)
                   ? SIDETOK_OK
                   : failure_set_str(call, SIDETOK_E_VALUE, STR("IPvFuture address is invalid"));
    const char *percent = memchr(host.data, '%', host.size);
    struct str address = {host.data, percent ? (size_t)(percent - host.data) : host.size};
    struct str scope = percent ? str_from_offset(host, address.size + 1) : STR("-");
    if (address_is_ipv6(address) && scope.size > 0 && !memchr(scope.data, '%', scope.size))
        return SIDETOK_OK;
    if (address.size < sizeof text && !memchr(address.data, '\0', address.size))
        memcpy(text, address.data, address.size);
    if (inet_pton(AF_INET, text, &four) == 1 && !percent)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("An IPv4 address cannot be in brackets"));
    return data_url_fail_repr(call, SIDETOK_E_VALUE, STR(""), host,
                              STR(" does not appear to be an IPv4 or IPv6 address"));
}

/* Characters that NFKC of Unicode 14.0 makes one of "/?#@:" of, or several characters with one. */
static bool url_hides_delimiter(uint32_t c)
{
    static const uint16_t hiding[] = {0x2047, 0x2048, 0x2049, 0x2100, 0x2101, 0x2105, 0x2106,
                                      0x2a74, 0xfe13, 0xfe16, 0xfe55, 0xfe56, 0xfe5f, 0xfe6b,
                                      0xff03, 0xff0f, 0xff1a, 0xff1f, 0xff20};
    for (size_t i = 0; i < sizeof hiding / sizeof hiding[0]; i++)
        if (c == hiding[i])
            return true;
    return false;
}

/* Rule: urllib.parse._checknetloc. */
static enum sidetok_error url_check_characters(struct call *call, struct str netloc)
{
    uint32_t c;
    for (size_t at = 0; at < netloc.size;) {
        at += utf8_read(netloc, at, &c);
        if (url_hides_delimiter(c))
            return failure_set_text(call, SIDETOK_E_VALUE, STR("netloc '"), netloc,
                                    STR("' contains invalid characters under NFKC normalization"));
    }
    return SIDETOK_OK;
}

/* Rule: urllib.parse.urlsplit, the checks on brackets. */
static enum sidetok_error url_check_netloc(struct call *call, struct str netloc)
{
    const char *open = memchr(netloc.data, '[', netloc.size), *close = memchr(netloc.data, ']', netloc.size);
    if (!open && !close)
        return url_check_characters(call, netloc);
    if (!open || !close)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("Invalid IPv6 URL"));
    struct str host = str_from_offset(netloc, (size_t)(open - netloc.data) + 1);
    const char *end = memchr(host.data, ']', host.size);
    TRY(url_check_host(call, (struct str){host.data, end ? (size_t)(end - host.data) : host.size}));
    return url_check_characters(call, netloc);
}

/* Nothing is downloaded here: to the caller it is a download that failed. Rule: Audio.from_url. */
static enum sidetok_error url_refuse_download(struct call *call, struct str url)
{
    enum address_verdict verdict;
    struct str message;
    TRY(address_check(call, url, &verdict, &message));
    bool is_of_requests = verdict != ADDRESS_BROKEN;
    return failure_set_text(call, SIDETOK_E_VALUE,
                            is_of_requests ? STR("Failed to download audio from URL: ")
                                           : STR("Failed to create Audio instance from URL: "),
                            url, is_of_requests ? STR("") : STR(" ."));
}

/* Rule: Audio.from_file, without reading: a directory, an empty file and a missing one need no reading. */
static enum sidetok_error url_refuse_file(struct call *call, struct str path)
{
    if (str_starts_with(path, STR("file://")))
        path = str_from_offset(path, sizeof "file://" - 1);
    if (path.size == 0)
        return data_url_fail_repr(call, SIDETOK_E_FILE_NOT_FOUND,
                                  STR("[Errno 2] No such file or directory: "), path, STR(""));
    /* Path.exists() asks for it, open() for the path itself */
    struct str normalized = file_path_normalize(call, path);
    if (!normalized.data)
        return SIDETOK_E_NO_MEMORY;
    enum path_kind kind = data_url_path_kind(call, normalized);
    if (kind == PATH_MISSING || kind == PATH_NO_DIRECTORY || kind == PATH_LOOP)
        return data_url_fail_repr(call, SIDETOK_E_FILE_NOT_FOUND, STR("file="), path, STR(" does not exist"));
    switch (kind == PATH_TOO_LONG ? kind : data_url_path_kind(call, path)) {
    case PATH_TOO_LONG:
        return data_url_fail_repr(call, SIDETOK_E_OS, STR("[Errno 36] File name too long: "),
                                  kind == PATH_TOO_LONG ? normalized : path, STR(""));
    case PATH_NO_DIRECTORY:
        return data_url_fail_repr(call, SIDETOK_E_NOT_A_DIRECTORY, STR("[Errno 20] Not a directory: "), path,
                                  STR(""));
    case PATH_DIRECTORY:
        return data_url_fail_repr(call, SIDETOK_E_IS_A_DIRECTORY, STR("[Errno 21] Is a directory: "), path,
                                  STR(""));
    case PATH_EMPTY:
    case PATH_NULL_DEVICE:
        return failure_set_str(call, SIDETOK_E_LIBSNDFILE,
                               STR("Error opening <_io.BytesIO object at 0x0>: Format not recognised."));
    case PATH_MISSING:
    case PATH_LOOP:
    case PATH_DEVICE:
    case PATH_OTHER:
        break;
    }
    return data_url_fail_repr(call, SIDETOK_E_NOT_SUPPORTED,
                              STR("files are not opened here: send the sound "), path, STR(" as base64"));
}

/* A data URL without "//", which needs no closer look, long as it is. */
static bool url_is_plain_data(struct str url)
{
    return str_starts_with(url, STR("data:")) && url.size > 5 && url.data[5] &&
           !strchr("/\t\r\n", url.data[5]);
}

enum sidetok_error audio_url_check(struct call *call, struct str url)
{
    if (url_is_plain_data(url))
        return SIDETOK_OK;
    struct str rest = url_clean(call, url);
    if (!rest.data)
        return SIDETOK_E_NO_MEMORY;
    struct str scheme = url_scheme(&rest), netloc = url_netloc(rest);
    TRY(url_check_netloc(call, netloc));
    if (url_scheme_is(scheme, STR("http")) || url_scheme_is(scheme, STR("https")))
        return url_refuse_download(call, url);
    if (url_scheme_is(scheme, STR("data")))
        return SIDETOK_OK;
    if (url_scheme_is(scheme, STR("file")))
        return url_refuse_file(call, url);
    struct str path = file_path_normalize(call, url);
    if (!path.data)
        return SIDETOK_E_NO_MEMORY;
    enum path_kind kind = data_url_path_kind(call, path);
    return kind >= PATH_DIRECTORY ? url_refuse_file(call, url) : SIDETOK_OK;
}
