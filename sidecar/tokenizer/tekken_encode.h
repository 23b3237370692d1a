#ifndef SIDETOK_TOKENIZER_TEKKEN_ENCODE_H
#define SIDETOK_TOKENIZER_TEKKEN_ENCODE_H

#include "tekken.h"

/* The encoding half of tekken_ops; the contracts are those of tokenizer.h. */
enum sidetok_error tekken_encoder_open(struct call *call, const struct tokenizer *tokenizer,
                                       size_t cache_bytes, struct encoder **ret);
void tekken_encoder_close(struct encoder *encoder);
enum sidetok_error tekken_encode(struct call *call, struct encoder *encoder, struct str text,
                                 struct ids *ids);
enum sidetok_error tekken_check(struct call *call, struct encoder *encoder, struct str text);

#endif
