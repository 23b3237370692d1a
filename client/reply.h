#ifndef SIDETOK_CLIENT_REPLY_H
#define SIDETOK_CLIENT_REPLY_H

#include "nng_compat.h"
#include "proto/message.h"
#include "sidetok.h"

/** What sidetok.h calls a reply: a message and views into it, or an error of the client's own. */
struct sidetok_reply {
    nng_msg *message;  /* NULL: an error of the client's own */
    uint32_t *settled; /* the ids that do not lie in the message as uint32_t must; NULL: none */
    struct message_reply fields;
};

/** Reads a message; takes it over. What can't be read becomes SIDETOK_E_BAD_REPLY. */
void reply_read(struct sidetok_reply *reply, nng_msg *message);

/** An error that the client found. */
void reply_set_error(struct sidetok_reply *reply, enum sidetok_error error);

/** Frees the message, unless it was taken. */
void reply_done(struct sidetok_reply *reply);

#endif
