#ifndef SIDETOK_TEMPLATE_ADDRESS_H
#define SIDETOK_TEMPLATE_ADDRESS_H

#include "call.h"
#include "str.h"

/** What becomes of an http address before anything is asked of the network. */
enum address_verdict {
    ADDRESS_FETCHED,        /* the network decides; or nobody here, see below */
    ADDRESS_MISSING_SCHEMA, /* requests' exceptions of these names */
    ADDRESS_INVALID_URL,
    ADDRESS_BROKEN, /* an exception of urllib3 or of Python that requests passes on */
};

/**
 * Looks at an address that begins with "http", in any case, as requests.get() does; of any other it says
 * ADDRESS_FETCHED. ret_message, a text of the call's or of url, is empty for ADDRESS_FETCHED. Nothing is
 * fetched. Of a host that is not ASCII, which IDNA may refuse, and of schemes that only begin with "http" it
 * says ADDRESS_FETCHED, too. Rule: requests 2.34 PreparedRequest.prepare_url, prepare_auth; urllib3 2.8
 * parse_url; the codec "idna", which socket names pass.
 */
enum sidetok_error address_check(struct call *call, struct str url, enum address_verdict *ret_verdict,
                                 struct str *ret_message);

/** Whether host is an IPv6 address without a scope, as Python's ipaddress reads one. */
bool address_is_ipv6(struct str host);

#endif
