"""What the reference's tests import from a module that its source archive lacks."""

from mistral_common.tokens.tokenizers.base import SpecialTokenPolicy


def decode_keep(tokenizer, tokenized):
    """The text of the tokens, special ones included."""
    return tokenizer.decode(tokenized.tokens, special_token_policy=SpecialTokenPolicy.KEEP)
