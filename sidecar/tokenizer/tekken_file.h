#ifndef SIDETOK_TOKENIZER_TEKKEN_FILE_H
#define SIDETOK_TOKENIZER_TEKKEN_FILE_H

#include "tekken.h"

/** A Tekken file while it is read. Memory: the call's, but for what goes into tekken->head.home. */
struct tekken_file {
    struct call *call;
    struct tekken *tekken;
    struct str name;             /* str(Path(path)) */
    const struct json *document; /* without the vocabulary where token_bytes is set */
    struct str *token_bytes; /* the vocabulary's Base64 texts, by rank; NULL where the document has them */
    size_t n_vocab;          /* len(vocab) */
    const struct json *config, *vocab, *pattern, *specials, *vocab_size, *num_special_tokens;
};

/** The special tokens, fillers included, into tekken. Rule: Tekkenizer.__init__, up to the vocabulary. */
enum sidetok_error tekken_read_specials(struct tekken_file *file);

/** The ranks of the special tokens, and what the reference finds wrong with them at the very end. */
enum sidetok_error tekken_read_special_ranks(struct tekken_file *file);

/** The vocabulary, cut to its size, into tekken->ranks. Rule: _reload_mergeable_ranks. */
enum sidetok_error tekken_read_vocab(struct tekken_file *file);

#endif
