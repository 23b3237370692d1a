#include "audio_url.h"

#include "data_url.h"
#include "file.h"

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

/* "v1.x": one or more hexadecimal digits between "v" and ".", then one or more unreserved characters. */
static bool url_is_future_address(struct str host)
{
    size_t at = 1;
    while (at < host.size && strchr("0123456789abcdefABCDEF", host.data[at]))
        at++;
    if (at == 1 || at + 1 >= host.size || host.data[at++] != '.')
        return false;
    for (; at < host.size; at++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:",
                    host.data[at]))
            return false;
    return true;
}

/* Rule: urllib.parse._check_bracketed_host. */
static enum sidetok_error url_check_host(struct call *call, struct str host)
{
    char text[64] = "";
    struct in6_addr six;
    struct in_addr four;
    if (str_starts_with(host, STR("v")))
        return url_is_future_address(host)
                   ? SIDETOK_OK
                   : failure_set_str(call, SIDETOK_E_VALUE, STR("IPvFuture address is invalid"));
    const char *percent = memchr(host.data, '%', host.size);
    size_t size = percent ? (size_t)(percent - host.data) : host.size;
    if (size < sizeof text)
        memcpy(text, host.data, size);
    if (inet_pton(AF_INET6, text, &six) == 1)
        return SIDETOK_OK;
    if (inet_pton(AF_INET, text, &four) == 1 && !percent)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("An IPv4 address cannot be in brackets"));
    return data_url_fail_repr(call, SIDETOK_E_VALUE, STR(""), host,
                              STR(" does not appear to be an IPv4 or IPv6 address"));
}

/* Rule: urllib.parse.urlsplit, the checks on brackets. */
static enum sidetok_error url_check_netloc(struct call *call, struct str netloc)
{
    const char *open = memchr(netloc.data, '[', netloc.size), *close = memchr(netloc.data, ']', netloc.size);
    if (!open && !close)
        return SIDETOK_OK;
    if (!open || !close)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("Invalid IPv6 URL"));
    struct str host = str_from_offset(netloc, (size_t)(open - netloc.data) + 1);
    const char *end = memchr(host.data, ']', host.size);
    return url_check_host(call, (struct str){host.data, end ? (size_t)(end - host.data) : host.size});
}

/* A host with an empty label in its middle, or one of more than 63 bytes, fails while the socket is made. */
static bool url_has_bad_label(struct str netloc)
{
    size_t label = 0;
    const char *at = memchr(netloc.data, '@', netloc.size);
    struct str host = at ? str_from_offset(netloc, (size_t)(at - netloc.data) + 1) : netloc;
    if (host.size == 0 || host.data[0] == '.' || host.data[0] == '*')
        return false;
    for (size_t i = 0; i < host.size && host.data[i] != ':'; i++) {
        if (host.data[i] == '.' && label == 0)
            return true;
        label = host.data[i] == '.' ? 0 : label + 1;
        if (label > 63)
            return true;
    }
    return false;
}

/* Nothing is downloaded here: to the caller it is a download that failed. Rule: Audio.from_url. */
static enum sidetok_error url_refuse_download(struct call *call, struct str url, struct str netloc)
{
    bool bad = url_has_bad_label(netloc);
    return failure_set_text(call, SIDETOK_E_VALUE,
                            bad ? STR("Failed to create Audio instance from URL: ")
                                : STR("Failed to download audio from URL: "),
                            url, bad ? STR(" .") : STR(""));
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
    if (kind == PATH_MISSING || kind == PATH_NO_DIRECTORY)
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
        return failure_set_str(call, SIDETOK_E_LIBSNDFILE,
                               STR("Error opening <_io.BytesIO object at 0x0>: Format not recognised."));
    case PATH_MISSING:
    case PATH_OTHER:
        break;
    }
    return data_url_fail_repr(call, SIDETOK_E_NOT_SUPPORTED,
                              STR("files are not opened here: send the sound "), path, STR(" as base64"));
}

enum sidetok_error audio_url_check(struct call *call, struct str url)
{
    if (str_starts_with(url, STR("data:")))
        return SIDETOK_OK;
    struct str rest = url_clean(call, url);
    if (!rest.data)
        return SIDETOK_E_NO_MEMORY;
    struct str scheme = url_scheme(&rest), netloc = url_netloc(rest);
    TRY(url_check_netloc(call, netloc));
    if (url_scheme_is(scheme, STR("http")) || url_scheme_is(scheme, STR("https")))
        return url_refuse_download(call, url, netloc);
    if (url_scheme_is(scheme, STR("data")))
        return SIDETOK_OK;
    if (url_scheme_is(scheme, STR("file")))
        return url_refuse_file(call, url);
    struct str path = file_path_normalize(call, url);
    if (!path.data)
        return SIDETOK_E_NO_MEMORY;
    enum path_kind kind = data_url_path_kind(call, path);
    bool is_there = kind != PATH_MISSING && kind != PATH_TOO_LONG && kind != PATH_NO_DIRECTORY;
    return is_there ? url_refuse_file(call, url) : SIDETOK_OK;
}
