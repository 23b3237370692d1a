#include "health.h"
#include "options.h"

#include <grp.h>
#include <pwd.h>
#include <stddef.h>

bool option_number(struct str text, unsigned base, uint64_t *ret)
{
    uint64_t value = 0;
    if (text.size == 0)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned digit = (unsigned)((unsigned char)text.data[i] - '0');
        if (digit >= base || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

bool option_size(struct str text, uint64_t *ret_size)
{
    static const char units[] = "KMG";
    uint64_t factor = 1, value;
    if (text.size == 0)
        return false;
    const char *unit = memchr(units, text.data[text.size - 1], 3);
    if (unit) {
        factor = UINT64_C(1) << (10 * (unit - units + 1));
        text.size--;
    }
    return option_number(text, 10, &value) && !__builtin_mul_overflow(value, factor, ret_size);
}

void option_tokenizer(struct str item, struct str *ret_name, struct str *ret_path)
{
    const char *equals = memchr(item.data, '=', item.size);
    size_t n = equals ? (size_t)(equals - item.data) : item.size;
    *ret_name = (struct str){item.data, n};
    *ret_path = equals ? str_from_offset(item, n + 1) : (struct str){"", 0};
}

/* sun_path holds 107 bytes and its NUL; an abstract name spends the NUL in front. */
const char *option_url_fault(struct str url)
{
    enum { SUN_PATH_BYTES = 107 };
    bool ipc = str_starts_with(url, STR("ipc://")), abstract = str_starts_with(url, STR("abstract://"));
    bool tcp = str_starts_with(url, STR("tcp://"));
    if (!ipc && !abstract && !tcp)
        return "'%.*s' is no URL to listen on: ipc:///path, abstract://name or tcp://host:port";
    struct str host, port;
    struct str rest = str_from_offset(url, strlen(ipc ? "ipc://" : abstract ? "abstract://" : "tcp://"));
    if (rest.size == 0)
        return "'%.*s' names no address";
    if (tcp)
        return health_url(url, &host, &port) ? NULL : "'%.*s' names no host and port: tcp://host:port";
    return rest.size > SUN_PATH_BYTES
               ? "the path of '%.*s' is longer than the 107 bytes that a Unix socket's name may have"
               : NULL;
}

enum sidetok_error option_owner(struct call *call, struct str text, bool is_group, uint64_t *ret_id)
{
    enum { LARGEST = UINT32_MAX - 1 }; /* the one above means "none" to the system */
    const char *name = call_terminated(call, text);
    if (!name)
        return SIDETOK_E_NO_MEMORY;
    if (option_number(text, 10, ret_id))
        return *ret_id <= LARGEST ? SIDETOK_OK : SIDETOK_E_INVALID_ARGUMENT;
    const struct group *group = is_group ? getgrnam(name) : NULL;
    const struct passwd *user = is_group ? NULL : getpwnam(name);
    *ret_id = group ? group->gr_gid : user ? user->pw_uid : 0;
    return group || user ? SIDETOK_OK : SIDETOK_E_INVALID_ARGUMENT;
}
